//! Parquet tables with columns in any order, such as the hub's datasets have.

use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{Array, StringArray};
use serde_json::Value;

use super::beginning::{Beginning, N_ROWS};
use super::file_name::FileName;
use super::format::{Format, NullText, Opened, RowSink, Rows};
use super::options::ReadOptions;
use super::table::{Columns, FoundColumns, Row, name_of_label, parse_score};
use crate::error::{CorpusError, Location, Result};
use crate::label::SourceNames;
use crate::parquet_file::{Batch, ParquetFile};
use crate::raw::{LABEL_ORDER, WITHOUT_MEANING};

pub(super) const PARQUET: Format = Format { extensions: &["parquet"], open, begin };

/// A Parquet table, opened.
#[derive(Debug)]
struct ParquetTable {
    file: ParquetFile,
    columns: FoundColumns,
    /// The names that the file has for the labels, which are then indices.
    index_names: Option<SourceNames>,
}

fn open(path: &Path, columns: &Columns, _: &ReadOptions) -> Result<Opened> {
    let file = open_file(path)?;
    let keeps_all = columns.keep_all;
    let mut columns = columns.find(path, file.column_names())?;
    let mut said = Vec::new();
    if keeps_all {
        let without: Vec<String> = columns.kept.extract_if(.., |name| !file.has_text_form(name)).collect();
        if !without.is_empty() {
            said.push(format!("without {}, whose values have no form as text", without.join(", ")));
        }
    }
    let label = columns.label.as_deref();
    let index_names = label.filter(|label| file.is_integer(label));
    let index_names = index_names.and_then(|label| class_label(&file, label).or_else(|| own_names(&file)));
    let label_names = match (&index_names, label) {
        (Some(names), _) => Some(names.clone()),
        (None, Some(label)) => categories(&file, label)?,
        (None, None) => None,
    };
    let kept = columns.kept.clone();
    Ok(Opened { rows: Box::new(ParquetTable { file, columns, index_names }), kept, label_names, said })
}

fn open_file(path: &Path) -> Result<ParquetFile> {
    if FileName::of(path).compression.is_some() {
        let problem = "Parquet files are compressed inside; unpack it with gunzip or unzstd".to_owned();
        return Err(CorpusError::Damaged { file: path.to_owned(), format: "Parquet", problem });
    }
    ParquetFile::open(path)
}

fn begin(path: &Path, _: &ReadOptions) -> Result<Beginning> {
    let file = open_file(path)?;
    let names = file.column_names().to_vec();
    let with_text: Vec<&str> = names.iter().map(String::as_str).filter(|name| file.has_text_form(name)).collect();
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    file.for_each_batch(&with_text, &mut |batch| {
        let columns =
            names.iter().map(|name| with_text.contains(&name.as_str()).then(|| batch.any_as_text(name).ok()).flatten());
        // A value that is no text after all, such as bytes of an image, is nothing to find columns by.
        let columns: Vec<Option<StringArray>> = columns.collect();
        for row in 0..batch.len().min(N_ROWS - rows.len()) {
            let value = |column: &Option<StringArray>| {
                let column = column.as_ref()?;
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            rows.push(columns.iter().map(value).collect());
        }
        Ok(if rows.len() < N_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(Beginning { names, has_header: true, rows })
}

impl Rows for ParquetTable {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let FoundColumns { text, label, score, kept } = &self.columns;
        let others = [label, score].into_iter().flatten().chain(kept);
        let wanted: Vec<&str> = [text].into_iter().chain(others).map(String::as_str).collect();
        self.file.for_each_batch(&wanted, &mut |batch| {
            let texts = batch.strings(text)?;
            let labels = label.as_ref().map(|column| batch.values_as_text(column)).transpose()?;
            let scores = match score {
                Some(column) => scores(&self.file, &batch, column)?,
                None => vec![None; batch.len()],
            };
            let kept: Vec<StringArray> = kept.iter().map(|column| batch.any_as_text(column)).collect::<Result<_>>()?;
            let value = |column: &StringArray, row: usize| column.is_valid(row).then(|| column.value(row).to_owned());
            for (row, (number, score)) in (batch.first_row()..).zip(scores).enumerate() {
                let location = Location::Row(number);
                let kept = kept.iter().map(|column| value(column, row)).collect();
                let Some(text_of_row) = value(&texts, row) else {
                    if sink.add_without_text(NullText { location, kept }, text)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    continue;
                };
                let label = labels.as_ref().and_then(|labels| value(labels, row));
                let row = Row {
                    location,
                    text: text_of_row,
                    label: match &self.index_names {
                        Some(names) => name_of_label(sink.path(), location, label, names)?,
                        None => label,
                    },
                    score,
                    node: None,
                    kept,
                    source: None,
                };
                if sink.add(row).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// The scores of a column of numbers, or of text that reads as numbers.
fn scores(file: &ParquetFile, batch: &Batch, column: &str) -> Result<Vec<Option<f32>>> {
    let not_finite =
        |row, value: &str| file.wrong_value(row, format!("column {column} is `{value}`; expected a finite number"));
    let rows = batch.first_row()..;
    if file.type_of(column)?.is_numeric() {
        let present = |score: Option<f32>| score.filter(|score| !score.is_nan());
        let scores = batch.floats(column)?;
        let checked = scores.iter().zip(rows).map(|(score, row)| match present(score) {
            Some(score) if score.is_infinite() => Err(not_finite(row, &score.to_string())),
            score => Ok(score),
        });
        return checked.collect();
    }
    let texts = batch.values_as_text(column)?;
    let parsed =
        |(text, row): (Option<&str>, u64)| text.map_or(Ok(None), |text| parse_score(text, || not_finite(row, text)));
    texts.iter().zip(rows).map(parsed).collect()
}

/// The categories of a column of which the file says that they are ordered.
fn categories(file: &ParquetFile, column: &str) -> Result<Option<SourceNames>> {
    if !file.has_ordered_categories(column) {
        return Ok(None);
    }
    let mut names: Vec<String> = Vec::new();
    file.for_each_batch(&[column], &mut |batch| {
        for category in batch.categories(column)? {
            if !names.contains(&category) {
                names.push(category);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((!names.is_empty()).then_some(SourceNames { names, ordered: true }))
}

/// The names that the `datasets` library keeps with a `ClassLabel` column, in the metadata of the file's schema.
fn class_label(file: &ParquetFile, column: &str) -> Option<SourceNames> {
    let info: Value = serde_json::from_str(file.metadata("huggingface")?).ok()?;
    let names = info.pointer("/info/features")?.get(column)?.get("names")?.as_array()?;
    let names = names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    Some(SourceNames { names, ordered: false })
}

/// The names of a raw file, which this project wrote.
fn own_names(file: &ParquetFile) -> Option<SourceNames> {
    let names: Vec<String> = serde_json::from_str(file.metadata("label_names")?).ok()?;
    let ordered = file.metadata(LABEL_ORDER) != Some(WITHOUT_MEANING);
    Some(SourceNames { names, ordered }).filter(|source| !source.names.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array,
        LargeStringArray, RecordBatch, StringArray, UInt64Array,
    };

    use super::super::tests::{file, summary};
    use super::*;
    use crate::parquet_file::mutation::for_each_damaged;
    use crate::parquet_file::write;

    fn bytes(columns: Vec<(&str, ArrayRef)>, metadata: &[(&str, String)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, &RecordBatch::try_from_iter(columns).unwrap(), metadata).unwrap();
        bytes
    }

    fn texts(values: Vec<Option<&str>>) -> ArrayRef {
        Arc::new(LargeStringArray::from(values))
    }

    #[test]
    fn a_file_of_the_hub_is_read_with_its_label_names() {
        let labels: ArrayRef = Arc::new(Int64Array::from(vec![1, -1]));
        let features =
            r#"{"info": {"features": {"label": {"names": ["negative", "positive"], "_type": "ClassLabel"}}}}"#;
        let columns = vec![("idx", labels.clone()), ("sentence", texts(vec![Some("a"), Some("b")])), ("label", labels)];
        let bytes = bytes(columns, &[("huggingface", features.to_owned())]);
        assert_eq!(summary("a.parquet", &bytes, &Columns::default()).unwrap(), ["a|positive|-", "b|-|-"]);
        let (_folder, path) = file("a.parquet", &bytes);
        let source = super::open(&path, &Columns::default(), &ReadOptions::default()).unwrap().label_names.unwrap();
        assert_eq!((source.names, source.ordered), (vec!["negative".to_owned(), "positive".to_owned()], false));
        for_each_damaged(&bytes, |path| {
            let table = super::super::TableFile::open(path, &Columns::default(), &ReadOptions::default());
            let _ = table.and_then(|table| table.rows());
        });
    }

    #[test]
    fn labels_are_read_from_columns_of_any_type() {
        let read = |labels: ArrayRef| {
            let texts = texts(vec![Some("a"), Some("b"), Some("c")]);
            let rows = summary("a.parquet", &bytes(vec![("text", texts), ("label", labels)], &[]), &Columns::default());
            rows.unwrap().join(" ")
        };
        assert_eq!(read(Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))), "a|true|- b|false|- c|-|-");
        assert_eq!(read(Arc::new(Float32Array::from(vec![1.0, 0.1, f32::NAN]))), "a|1.0|- b|0.1|- c|NaN|-");
        assert_eq!(read(Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1]))), format!("a|{}|- b|0|- c|1|-", u64::MAX));
        let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![30, 20]));
        assert_eq!(read(Arc::new(DictionaryArray::new(keys.clone(), numbers))), "a|20|- b|-|- c|30|-");
        let words: ArrayRef = Arc::new(StringArray::from(vec!["good", "bad"]));
        assert_eq!(read(Arc::new(DictionaryArray::new(keys, words))), "a|bad|- b|-|- c|good|-");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column_and_row() {
        let error = |columns| summary("a.parquet", &bytes(columns, &[]), &Columns::default()).unwrap_err();
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.0]));
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![1, 2]));
        let pair = || texts(vec![Some("a"), Some("b")]);
        assert_eq!(error(vec![("text", pair())]), "a.parquet has no column label, only text");
        assert_eq!(
            error(vec![("text", pair()), ("label", dates)]),
            "a.parquet, column label: expected numbers, booleans or text, found Date32"
        );
        assert_eq!(
            error(vec![("text", numbers), ("label", pair())]),
            "a.parquet, column text: expected text, found Float64"
        );
    }
}
