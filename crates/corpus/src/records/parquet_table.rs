//! Parquet tables with columns in any order, such as the hub's datasets have.

use std::path::Path;

use serde_json::Value;

use super::file_name::FileName;
use super::options::ReadOptions;
use super::table::{Columns, Format, Row, RowCollector, Table, parse_score};
use crate::error::{CorpusError, Location, Result};
use crate::label::SourceNames;
use crate::parquet_file::ParquetFile;
use crate::raw::{LABEL_ORDER, WITHOUT_MEANING};

pub(super) const PARQUET: Format = Format { extensions: &["parquet"], read };

fn read(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Table> {
    if FileName::of(path).compression.is_some() {
        let problem = "Parquet files are compressed inside; unpack it with gunzip or unzstd".to_owned();
        return Err(CorpusError::Damaged { file: path.to_owned(), format: "Parquet", problem });
    }
    let named = [columns.text.as_deref(), columns.label.as_deref(), columns.score.as_deref()];
    let wanted: Vec<&str> = named.into_iter().flatten().chain(["text", "sentence"]).collect();
    let file = ParquetFile::read(path, &wanted)?;
    let found = columns.find(path, file.column_names())?;
    let chunks = file.strings(&found.text)?;
    let texts: Vec<Option<&str>> = chunks.iter().flatten().collect();
    let labels = match &found.label {
        Some(label) => file.values_as_text(label)?,
        None => vec![None; texts.len()],
    };
    let scores = match &found.score {
        Some(score) => scores(&file, score)?,
        None => vec![None; texts.len()],
    };
    let mut rows = RowCollector::new(path, options);
    for (((row, text), label), score) in (1..).zip(texts).zip(labels).zip(scores) {
        let location = Location::Row(row);
        match text {
            Some(text) => rows.add(Row { location, text: text.to_owned(), label, score, node: None, kept: Vec::new() }),
            None => rows.add_without_text(location, &found.text)?,
        }
    }
    let table = rows.table(Vec::new())?;
    match found.label.as_deref() {
        Some(label) => with_source_names(&file, label, table),
        None => Ok(table),
    }
}

/// The scores of a column of numbers, or of text that reads as numbers.
fn scores(file: &ParquetFile, column: &str) -> Result<Vec<Option<f32>>> {
    let not_finite =
        |row, value: &str| file.wrong_value(row, format!("column {column} is `{value}`; expected a finite number"));
    if file.type_of(column)?.is_numeric() {
        let scores = file.floats(column)?;
        let present = |score: Option<f32>| score.filter(|score| !score.is_nan());
        let checked = scores.iter().flatten().zip(1..).map(|(score, row)| match present(score) {
            Some(score) if score.is_infinite() => Err(not_finite(row, &score.to_string())),
            score => Ok(score),
        });
        return checked.collect();
    }
    let texts = file.values_as_text(column)?.into_iter().zip(1..);
    texts.map(|(text, row)| text.map_or(Ok(None), |text| parse_score(&text, || not_finite(row, &text)))).collect()
}

/// Puts names in place of indices where the file has names for them.
fn with_source_names(file: &ParquetFile, label: &str, table: Table) -> Result<Table> {
    if file.is_integer(label)
        && let Some(names) = class_label(file, label).or_else(|| own_names(file))
    {
        return table.with_names(file.path(), names);
    }
    let label_names = file.ordered_categories(label)?.map(|names| SourceNames { names, ordered: true });
    Ok(Table { label_names, ..table })
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
        let source = super::read(&path, &Columns::default(), &ReadOptions::default()).unwrap().label_names.unwrap();
        assert_eq!((source.names, source.ordered), (vec!["negative".to_owned(), "positive".to_owned()], false));
        for_each_damaged(&bytes, |path| {
            let _ = super::read(path, &Columns::default(), &ReadOptions::default());
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
