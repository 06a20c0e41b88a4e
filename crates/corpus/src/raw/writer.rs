//! Writing of raw files row by row.

use std::collections::HashMap;
use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::errors::ParquetError;
use serde_json::json;

use super::columns::KEPT_COLUMNS;
use super::{LABEL_ORDER, RawMetadata, Record, WITHOUT_MEANING};
use crate::error::WriteError;
use crate::parquet_file::{ParquetWriter, WRITE_SIZE};

/// Writes a raw file row by row; the file is whole when [`RawWriter::finish`] was called.
pub struct RawWriter<W: Write + Send> {
    writer: ParquetWriter<W>,
    schema: SchemaRef,
    metadata: RawMetadata,
    rows: Vec<Record>,
}

impl<W: Write + Send> RawWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn new(sink: W, metadata: RawMetadata) -> Result<Self, WriteError> {
        let mut fields = vec![
            Field::new("id", DataType::Int64, false),
            Field::new("sentence_id", DataType::Int64, false),
            Field::new("text", DataType::Utf8, false),
            Field::new("label", DataType::Int32, true),
            Field::new("score", DataType::Float32, true),
            Field::new("is_root", DataType::Boolean, false),
            Field::new("depth", DataType::Int32, false),
            Field::new("source_file", DataType::Utf8, true),
            Field::new("source_line", DataType::Int64, true),
        ];
        fields.extend(metadata.kept.iter().map(|name| Field::new(name, DataType::Utf8, true)));
        // Of Arrow's schema, too: pyarrow and polars hand on what stands there when they write a part of the rows.
        let of_schema: HashMap<String, String> =
            pairs(&metadata).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(of_schema));
        Ok(Self { writer: ParquetWriter::new(sink, schema.clone())?, schema, metadata, rows: Vec::new() })
    }

    /// Writes a row; `kept` has a value for each of the metadata's kept columns.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&mut self, record: Record) -> Result<(), WriteError> {
        self.rows.push(record);
        if self.rows.len() == WRITE_SIZE {
            self.write_rows()?;
        }
        Ok(())
    }

    fn write_rows(&mut self) -> Result<(), WriteError> {
        let rows = mem::take(&mut self.rows);
        let sources = || rows.iter().map(|row| row.source.as_ref());
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.id))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.sentence_id))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.text))),
            Arc::new(Int32Array::from_iter(rows.iter().map(|r| r.label))),
            Arc::new(Float32Array::from_iter(rows.iter().map(|r| r.score))),
            Arc::new(BooleanArray::from_iter(rows.iter().map(|r| Some(r.is_root)))),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| r.depth))),
            Arc::new(StringArray::from_iter(sources().map(|source| source.map(|source| source.file.as_ref())))),
            Arc::new(Int64Array::from_iter(sources().map(|source| source.map(|source| source.line)))),
        ];
        for index in 0..self.metadata.kept.len() {
            let values = rows.iter().map(|row| row.kept.get(index).and_then(Option::as_deref));
            columns.push(Arc::new(StringArray::from_iter(values)));
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(ParquetError::from)?;
        self.writer.write(&batch)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.write_rows()?;
        self.writer.finish(&pairs(&self.metadata))
    }
}

fn pairs(metadata: &RawMetadata) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("label_names", json!(metadata.label_names).to_string()),
        ("dataset", metadata.dataset.clone()),
        ("source", metadata.source.clone()),
        ("licence", metadata.license.clone()),
    ];
    if !metadata.ordered {
        pairs.push((LABEL_ORDER, WITHOUT_MEANING.to_owned()));
    }
    if !metadata.kept.is_empty() {
        pairs.push((KEPT_COLUMNS, json!(metadata.kept).to_string()));
    }
    pairs
}
