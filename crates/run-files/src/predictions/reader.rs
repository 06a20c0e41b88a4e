//! The reader of `predictions.parquet`: strict, so that whoever uses the rows need not check them again.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::columns::{LABEL_NAMES, TEXT_COLUMNS, class_columns, score_columns};
use super::record::{Outcomes, Predictions, TextColumns};
use crate::error::RunFileError;

impl Predictions {
    /// Reads the file.
    ///
    /// # Errors
    /// Names the file, and the column or metadata that is missing or not as the columns are described.
    pub fn read(path: &Path) -> Result<Self, RunFileError> {
        Ok(read(path)?.0)
    }

    /// The same with the columns of text beside the predictions.
    ///
    /// # Errors
    /// As [`Predictions::read`].
    pub fn read_with_text(path: &Path) -> Result<(Self, TextColumns), RunFileError> {
        read(path)
    }
}

fn read(path: &Path) -> Result<(Predictions, TextColumns), RunFileError> {
    let damaged = |problem: String| RunFileError::damaged(path, format!("not the predictions of bert-eval: {problem}"));
    let file = File::open(path).map_err(|source| RunFileError::Read { file: path.to_owned(), source })?;
    // Decoders of binary formats may panic on a damaged file.
    let batch = catch_unwind(AssertUnwindSafe(|| read_batch(file)))
        .map_err(|_| damaged("the Parquet decoder failed".to_owned()))?
        .map_err(|error| damaged(error.to_string()))?;
    parse(&batch).map_err(damaged)
}

/// The whole table. A split is held in memory by its evaluation, too.
fn read_batch(file: File) -> Result<RecordBatch, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let schema = Arc::clone(builder.schema()); // the reader's own schema is without metadata
    let batches = builder.build()?.collect::<Result<Vec<RecordBatch>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

fn parse(batch: &RecordBatch) -> Result<(Predictions, TextColumns), String> {
    let schema = batch.schema();
    let names = schema.metadata().get(LABEL_NAMES).ok_or("its metadata has no label_names")?;
    let label_names: Vec<String> =
        serde_json::from_str(names).map_err(|error| format!("its metadata label_names is `{names}`: {error}"))?;
    let is_regression = schema.field_with_name("label").is_ok_and(|label| *label.data_type() == DataType::Float32);
    let columns = if is_regression { score_columns() } else { class_columns() };
    for expected in &columns {
        let name = expected.name();
        let found = schema.field_with_name(name).map_err(|_| format!("it has no column {name}"))?;
        if found.data_type() != expected.data_type() {
            let (found, expected) = (found.data_type(), expected.data_type());
            return Err(format!("column {name}: expected {expected}, found {found}"));
        }
    }
    let outcomes = if is_regression {
        Outcomes::Scores {
            labels: nullable::<Float32Type>(batch, "label"),
            predictions: not_null::<Float32Type>(batch, "prediction")?,
        }
    } else {
        let n_classes = label_names.len();
        Outcomes::Classes {
            labels: nullable::<Int32Type>(batch, "label"),
            predictions: not_null::<Int32Type>(batch, "prediction")?,
            probabilities: lists::<Float64Type>(batch, "probabilities", n_classes)?,
            logits: lists::<Float32Type>(batch, "logits", n_classes)?,
        }
    };
    if let Outcomes::Classes { labels, predictions, .. } = &outcomes {
        let named = |class: &i32| usize::try_from(*class).is_ok_and(|class| class < label_names.len());
        if let Some(class) = labels.iter().flatten().chain(predictions).find(|class| !named(class)) {
            return Err(format!("class {class} has no name; expected a class below {}", label_names.len()));
        }
    }
    let (ids, sentence_ids) = (not_null::<Int64Type>(batch, "id")?, not_null::<Int64Type>(batch, "sentence_id")?);
    let texts = text_columns(batch)?;
    Ok((Predictions { label_names, ids, sentence_ids, outcomes }, texts))
}

/// The columns of text that the metadata names.
fn text_columns(batch: &RecordBatch) -> Result<TextColumns, String> {
    let schema = batch.schema();
    let Some(names) = schema.metadata().get(TEXT_COLUMNS) else { return Ok(TextColumns::default()) };
    let names: Vec<String> =
        serde_json::from_str(names).map_err(|error| format!("its metadata {TEXT_COLUMNS} is `{names}`: {error}"))?;
    let values = names.iter().map(|name| match batch.column_by_name(name).and_then(|column| column.as_string_opt()) {
        Some(column) => Ok(string_values(column)),
        None => Err(format!("it has no column {name} of text")),
    });
    Ok(TextColumns { values: values.collect::<Result<_, _>>()?, names })
}

fn string_values(column: &StringArray) -> Vec<Option<String>> {
    column.iter().map(|value| value.map(str::to_owned)).collect()
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

/// The numbers of a list column, row after row; each row has one for each class.
fn lists<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str, n_classes: usize) -> Result<Vec<T::Native>, String> {
    let lists: &ListArray = column(batch, name).as_list();
    if let Some(row) = (0..lists.len()).find(|&row| lists.is_null(row) || lists.value(row).len() != n_classes) {
        return Err(format!("column {name}, row {row}: expected {n_classes} numbers, one for each class"));
    }
    let (first, last) = (lists.value_offsets()[0] as usize, lists.value_offsets()[lists.len()] as usize);
    let values = lists.values().slice(first, last - first);
    match values.null_count() {
        0 => Ok(values.as_primitive::<T>().values().to_vec()),
        n => Err(format!("column {name}: {n} numbers are null")),
    }
}
