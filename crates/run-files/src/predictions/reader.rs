//! The reader of `predictions.parquet`: strict, so that whoever uses the rows need not check them again.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int32Type, Int64Type, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::columns::{LABEL_NAMES, TEXT_COLUMNS, class_columns, score_columns};
use super::record::{Outcomes, Predictions, TextColumns};
use crate::error::RunFileError;

impl Predictions {
    /// Reads the file, with the columns of text beside the predictions.
    ///
    /// # Errors
    /// Names the file, and the column or metadata that is missing or not as the columns are described.
    pub fn read(path: &Path) -> Result<(Self, TextColumns), RunFileError> {
        let damaged =
            |problem: String| RunFileError::damaged(path, format!("not the predictions of bert-eval: {problem}"));
        let file = File::open(path).map_err(|source| RunFileError::Read { file: path.to_owned(), source })?;
        // Decoders of binary formats may panic on a damaged file.
        catch_unwind(AssertUnwindSafe(|| read(file)))
            .map_err(|_| damaged("the Parquet decoder failed".to_owned()))?
            .map_err(damaged)
    }
}

/// The whole file, batch by batch: one array of all texts may be larger than its offsets reach.
fn read(file: File) -> Result<(Predictions, TextColumns), String> {
    let told = |error: &dyn std::error::Error| error.to_string();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| told(&error))?;
    let (mut predictions, mut texts) = without_rows(builder.schema())?;
    for batch in builder.build().map_err(|error| told(&error))? {
        let batch = batch.map_err(|error| told(&error))?;
        predictions.extend(&batch)?;
        for (name, values) in texts.names.iter().zip(&mut texts.values) {
            values.extend(string_values(batch[name.as_str()].as_string()));
        }
    }
    Ok((predictions, texts))
}

/// What a file of this schema holds, as yet without rows; its columns are those that are expected.
fn without_rows(schema: &Schema) -> Result<(Predictions, TextColumns), String> {
    let metadata = |name: &str| schema.metadata().get(name);
    let names_in = |name: &str, text: &str| -> Result<Vec<String>, String> {
        serde_json::from_str(text).map_err(|error| format!("its metadata {name} is `{text}`: {error}"))
    };
    let label_names = names_in(LABEL_NAMES, metadata(LABEL_NAMES).ok_or("its metadata has no label_names")?)?;
    let is_regression = schema.field_with_name("label").is_ok_and(|label| *label.data_type() == DataType::Float32);
    for expected in if is_regression { score_columns() } else { class_columns() } {
        let name = expected.name();
        let found = schema.field_with_name(name).map_err(|_| format!("it has no column {name}"))?;
        if found.data_type() != expected.data_type() {
            let (found, expected) = (found.data_type(), expected.data_type());
            return Err(format!("column {name}: expected {expected}, found {found}"));
        }
    }
    let names = metadata(TEXT_COLUMNS).map_or(Ok(Vec::new()), |names| names_in(TEXT_COLUMNS, names))?;
    let is_text = |name: &str| schema.field_with_name(name).is_ok_and(|field| *field.data_type() == DataType::Utf8);
    if let Some(name) = names.iter().find(|name| !is_text(name)) {
        return Err(format!("it has no column {name} of text"));
    }
    let outcomes = if is_regression {
        Outcomes::Scores { labels: Vec::new(), predictions: Vec::new() }
    } else {
        let (labels, predictions, probabilities, logits) = Default::default();
        Outcomes::Classes { labels, predictions, probabilities, logits }
    };
    let predictions = Predictions { label_names, ids: Vec::new(), sentence_ids: Vec::new(), outcomes };
    Ok((predictions, TextColumns { values: vec![Vec::new(); names.len()], names }))
}

impl Predictions {
    /// Adds the rows of a batch whose columns were checked.
    fn extend(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let (n_before, n_classes) = (self.len(), self.label_names.len());
        self.ids.extend(not_null::<Int64Type>(batch, "id")?);
        self.sentence_ids.extend(not_null::<Int64Type>(batch, "sentence_id")?);
        match &mut self.outcomes {
            Outcomes::Scores { labels, predictions } => {
                labels.extend(nullable::<Float32Type>(batch, "label"));
                predictions.extend(not_null::<Float32Type>(batch, "prediction")?);
            }
            Outcomes::Classes { labels, predictions, probabilities, logits } => {
                let (of_batch, predicted) =
                    (nullable::<Int32Type>(batch, "label"), not_null::<Int32Type>(batch, "prediction")?);
                let is_named = |class: &&i32| usize::try_from(**class).is_ok_and(|class| class < n_classes);
                if let Some(class) = of_batch.iter().flatten().chain(&predicted).find(|class| !is_named(class)) {
                    return Err(format!("class {class} has no name; expected a class below {n_classes}"));
                }
                labels.extend(of_batch);
                predictions.extend(predicted);
                probabilities.extend(lists::<Float64Type>(batch, "probabilities", n_classes, n_before)?);
                logits.extend(lists::<Float32Type>(batch, "logits", n_classes, n_before)?);
            }
        }
        Ok(())
    }
}

fn string_values(column: &StringArray) -> impl Iterator<Item = Option<String>> {
    column.iter().map(|value| value.map(str::to_owned))
}

/// A column whose type was checked.
fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a Arc<dyn Array> {
    &batch[name]
}

fn nullable<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str) -> Vec<Option<T::Native>> {
    column(batch, name).as_primitive::<T>().iter().collect()
}

fn not_null<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str) -> Result<Vec<T::Native>, String> {
    let array = column(batch, name).as_primitive::<T>();
    match array.null_count() {
        0 => Ok(array.values().to_vec()),
        n => Err(format!("column {name}: {n} rows are null")),
    }
}

/// The numbers of a list column, row after row; each row has one for each class. Before the batch are `n_before` rows.
fn lists<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
    n_classes: usize,
    n_before: usize,
) -> Result<Vec<T::Native>, String> {
    let lists: &ListArray = column(batch, name).as_list();
    if let Some(row) = (0..lists.len()).find(|&row| lists.is_null(row) || lists.value(row).len() != n_classes) {
        return Err(format!("column {name}, row {}: expected {n_classes} numbers, one for each class", n_before + row));
    }
    let (first, last) = (lists.value_offsets()[0] as usize, lists.value_offsets()[lists.len()] as usize);
    let values = lists.values().slice(first, last - first);
    match values.null_count() {
        0 => Ok(values.as_primitive::<T>().values().to_vec()),
        n => Err(format!("column {name}: {n} numbers are null")),
    }
}
