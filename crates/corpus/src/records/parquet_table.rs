//! Parquet tables with columns in any order, such as the hub's datasets have.

use std::path::Path;

use arrow::datatypes::DataType;
use serde_json::Value;

use super::table::{Columns, Format, Row, Table};
use crate::error::{CorpusError, Location, Result};
use crate::label::Label;
use crate::parquet_file::{ParquetFile, is_text};

pub(super) const PARQUET: Format = Format { extensions: &["parquet"], read };

fn read(path: &Path, columns: &Columns) -> Result<Table> {
    let named = [columns.text.as_deref(), Some(columns.label.as_str()), columns.score.as_deref()];
    let wanted: Vec<&str> = named.into_iter().flatten().chain(["text", "sentence"]).collect();
    let file = ParquetFile::read(path, &wanted)?;
    let found = columns.find(path, file.column_names())?;
    let chunks = file.strings(&found.text)?;
    let texts = file.not_null(&found.text, chunks.iter().flatten())?;
    let labels = match &found.label {
        Some(label) => labels(&file, label)?,
        None => vec![None; texts.len()],
    };
    let scores: Vec<Option<f32>> = match &found.score {
        Some(score) => file.floats(score)?.iter().flatten().collect(),
        None => vec![None; texts.len()],
    };
    let rows = (1..).zip(texts).zip(labels).zip(scores).map(|(((row, text), label), score)| {
        if score.is_some_and(|score| !score.is_finite()) {
            return Err(file.wrong_value(
                row,
                format!("column {} is not a finite number", columns.score.as_deref().unwrap_or("score")),
            ));
        }
        Ok(Row { location: Location::Row(row), text: text.to_owned(), label, score })
    });
    let rows = rows.collect::<Result<_>>()?;
    Ok(Table { rows, label_names: found.label.and_then(|label| hub_label_names(&file, &label)) })
}

fn labels(file: &ParquetFile, column: &str) -> Result<Vec<Option<Label>>> {
    let found = file.type_of(column)?;
    if is_text(&found) {
        let labels = file.strings(column)?;
        return Ok(labels.iter().flatten().map(|label| label.and_then(Label::parse)).collect());
    }
    if found.is_integer() || found == DataType::Null {
        let labels = if found == DataType::Null { Vec::new() } else { file.integers(column)? };
        return Ok(labels.iter().flatten().map(|label| label.and_then(Label::number)).collect());
    }
    Err(CorpusError::ColumnType {
        file: file.path().to_owned(),
        column: column.to_owned(),
        expected: "integers or text (numbers with a fraction are scores)",
        found: found.to_string(),
    })
}

/// The names that the `datasets` library keeps with a `ClassLabel` column, in the metadata of the file's schema.
fn hub_label_names(file: &ParquetFile, column: &str) -> Option<Vec<String>> {
    let info: Value = serde_json::from_str(file.metadata("huggingface")?).ok()?;
    let names = info.pointer("/info/features")?.get(column)?.get("names")?.as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, LargeStringArray, RecordBatch};

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
        assert_eq!(summary("a.parquet", &bytes, &Columns::default()).unwrap(), ["a|1|-", "b|-|-"]);
        let (_folder, path) = file("a.parquet", &bytes);
        let names = super::read(&path, &Columns::default()).unwrap().label_names.unwrap();
        assert_eq!(names, ["negative", "positive"]);
        for_each_damaged(&bytes, |path| {
            let _ = super::read(path, &Columns::default());
        });
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column_and_row() {
        let error = |columns| summary("a.parquet", &bytes(columns, &[]), &Columns::default()).unwrap_err();
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.0]));
        let pair = || texts(vec![Some("a"), Some("b")]);
        assert_eq!(error(vec![("text", pair())]), "a.parquet has no column label, only text");
        assert_eq!(
            error(vec![("text", pair()), ("label", numbers.clone())]),
            "a.parquet, column label: expected integers or text (numbers with a fraction are scores), found Float64"
        );
        assert_eq!(
            error(vec![("text", numbers), ("label", pair())]),
            "a.parquet, column text: expected text, found Float64"
        );
        assert_eq!(
            error(vec![("text", texts(vec![Some("a"), None])), ("label", pair())]),
            "a.parquet, row 2: column text is null; expected a value"
        );
    }
}
