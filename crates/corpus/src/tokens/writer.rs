//! Writing of token files row by row.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::errors::ParquetError;
use serde_json::json;

use super::TokensMetadata;
use crate::error::WriteError;
use crate::parquet_file::{ParquetWriter, ROW_GROUP_SIZE};
use crate::raw::KEPT_COLUMNS;
use crate::task::Task;

/// A row to be written.
#[derive(Debug, Clone)]
pub struct TokenRow<'a> {
    /// The row's id in the raw file.
    pub id: i64,
    /// As in the raw file.
    pub sentence_id: i64,
    /// Its tokens; at least one.
    pub input_ids: &'a [i32],
    /// Its target, of the kind that the task has.
    pub label: RowLabel,
    /// The values of the kept columns.
    pub kept: Vec<Option<String>>,
}

/// The target of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowLabel {
    /// The index of a label name.
    Class(Option<i32>),
    /// A number.
    Score(Option<f32>),
}

/// Writes a token file row by row; the file is whole when [`TokensWriter::finish`] was called.
pub struct TokensWriter<W: Write + Send> {
    writer: ParquetWriter<W>,
    schema: SchemaRef,
    element: FieldRef,
    metadata: TokensMetadata,
    pending: Pending,
}

/// The rows that are written next.
#[derive(Default)]
struct Pending {
    ids: Vec<i64>,
    sentence_ids: Vec<i64>,
    input_ids: Vec<i32>,
    lengths: Vec<usize>,
    labels: Vec<RowLabel>,
    kept: Vec<Vec<Option<String>>>,
}

impl<W: Write + Send> TokensWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn new(sink: W, metadata: TokensMetadata) -> Result<Self, WriteError> {
        let element = Arc::new(Field::new("element", DataType::Int32, false));
        let target = match metadata.task {
            Task::Regression => Field::new("score", DataType::Float32, true),
            _ => Field::new("label", DataType::Int32, true),
        };
        let mut fields = vec![
            Field::new("id", DataType::Int64, false),
            Field::new("sentence_id", DataType::Int64, false),
            Field::new("input_ids", DataType::List(element.clone()), false),
            target,
        ];
        fields.extend(metadata.kept.iter().map(|name| Field::new(name, DataType::Utf8, true)));
        let schema = Arc::new(Schema::new(fields));
        let writer = ParquetWriter::new(sink, schema.clone())?;
        Ok(Self { writer, schema, element, metadata, pending: Pending::default() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&mut self, row: TokenRow) -> Result<(), WriteError> {
        self.pending.ids.push(row.id);
        self.pending.sentence_ids.push(row.sentence_id);
        self.pending.input_ids.extend_from_slice(row.input_ids);
        self.pending.lengths.push(row.input_ids.len());
        self.pending.labels.push(row.label);
        self.pending.kept.push(row.kept);
        if self.pending.ids.len() == ROW_GROUP_SIZE {
            self.write_rows()?;
        }
        Ok(())
    }

    fn write_rows(&mut self) -> Result<(), WriteError> {
        let Pending { ids, sentence_ids, input_ids, lengths, labels, kept } = mem::take(&mut self.pending);
        let n_tokens = input_ids.len();
        if i32::try_from(n_tokens).is_err() {
            return Err(ParquetError::General(format!("{n_tokens} tokens are too many for one row group")).into());
        }
        let targets: ArrayRef = match self.metadata.task {
            Task::Regression => Arc::new(Float32Array::from_iter(labels.iter().map(|label| match label {
                RowLabel::Score(score) => *score,
                RowLabel::Class(_) => None,
            }))),
            _ => Arc::new(Int32Array::from_iter(labels.iter().map(|label| match label {
                RowLabel::Class(class) => *class,
                RowLabel::Score(_) => None,
            }))),
        };
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(self.element.clone(), offsets, Arc::new(Int32Array::from(input_ids)), None)
            .map_err(ParquetError::from)?;
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(ids)), Arc::new(Int64Array::from(sentence_ids)), Arc::new(lists), targets];
        for index in 0..self.metadata.kept.len() {
            let values = kept.iter().map(|values| values.get(index).and_then(Option::as_deref));
            columns.push(Arc::new(StringArray::from_iter(values)));
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(ParquetError::from)?;
        self.writer.write(&batch)
    }

    /// Ends the file; `rows_truncated` takes the place of the number in the metadata.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn finish(mut self, rows_truncated: usize) -> Result<(), WriteError> {
        self.write_rows()?;
        let metadata = &self.metadata;
        let mut pairs = vec![
            ("dataset", metadata.dataset.clone()),
            ("task", metadata.task.to_string()),
            ("label_names", json!(metadata.label_names).to_string()),
            ("tokenizer_sha256", metadata.tokenizer_sha256.clone()),
            ("max_length", metadata.max_length.to_string()),
            ("rows_truncated", rows_truncated.to_string()),
        ];
        if !metadata.kept.is_empty() {
            pairs.push((KEPT_COLUMNS, json!(metadata.kept).to_string()));
        }
        self.writer.finish(&pairs)
    }
}
