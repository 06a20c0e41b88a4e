//! Writing of token files row by row.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Int8Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::errors::ParquetError;
use serde_json::json;

use super::{ATTENTION_MASK, PAD_TOKEN_ID, PADDED_LENGTH, Padding, TOKEN_TYPE_IDS, TokensMetadata, WINDOW};
use crate::error::WriteError;
use crate::parquet_file::{ParquetWriter, ROW_GROUP_SIZE, WRITE_SIZE};
use crate::raw::KEPT_COLUMNS;
use crate::task::Task;
use crate::tokenizer::Overflow;

/// A row to be written.
#[derive(Debug, Clone)]
pub struct TokenRow<'a> {
    /// The row's id in the raw file.
    pub id: i64,
    /// As in the raw file.
    pub sentence_id: i64,
    /// Which window of its text it is, from 0; written only where long texts are read in windows.
    pub window: usize,
    /// Its tokens; at least one, and no more than rows are padded to.
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
    windows: Vec<i32>,
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
        let list = |name: &str, element: &FieldRef| Field::new(name, DataType::List(element.clone()), false);
        let mut fields =
            vec![Field::new("id", DataType::Int64, false), Field::new("sentence_id", DataType::Int64, false)];
        if has_windows(&metadata) {
            fields.push(Field::new(WINDOW, DataType::Int32, false));
        }
        fields.push(list("input_ids", &element));
        if metadata.padding.is_some() {
            fields.extend([ATTENTION_MASK, TOKEN_TYPE_IDS].map(|name| list(name, &flag())));
        }
        fields.push(target);
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
        self.pending.windows.push(i32::try_from(row.window).unwrap_or(i32::MAX));
        self.pending.input_ids.extend_from_slice(row.input_ids);
        self.pending.lengths.push(row.input_ids.len());
        self.pending.labels.push(row.label);
        self.pending.kept.push(row.kept);
        // Padding is as large as the longest row in every row.
        let n_together = if self.metadata.padding.is_some() { WRITE_SIZE } else { ROW_GROUP_SIZE };
        if self.pending.ids.len() == n_together {
            self.write_rows()?;
        }
        Ok(())
    }

    fn write_rows(&mut self) -> Result<(), WriteError> {
        let Pending { ids, sentence_ids, windows, input_ids, lengths, labels, kept } = mem::take(&mut self.pending);
        let n_tokens = match self.metadata.padding {
            Some(padding) => lengths.len().saturating_mul(padding.length),
            None => input_ids.len(),
        };
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
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(ids)), Arc::new(Int64Array::from(sentence_ids))];
        if has_windows(&self.metadata) {
            columns.push(Arc::new(Int32Array::from(windows)));
        }
        match self.metadata.padding {
            None => columns.push(list(&self.element, lengths, Arc::new(Int32Array::from(input_ids)))?),
            Some(padding) => columns.extend(padded(&self.element, &input_ids, &lengths, padding)?),
        }
        columns.push(targets);
        for index in 0..self.metadata.kept.len() {
            let values = kept.iter().map(|values| values.get(index).and_then(Option::as_deref));
            columns.push(Arc::new(StringArray::from_iter(values)));
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(ParquetError::from)?;
        self.writer.write(&batch)
    }

    /// Ends the file; `rows_truncated` replaces the number in the metadata.
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
        if let Some((name, value)) = metadata.overflow.fact() {
            pairs.push((name, value));
        }
        if let Some(Padding { length, pad_token_id }) = metadata.padding {
            pairs.extend([(PADDED_LENGTH, length.to_string()), (PAD_TOKEN_ID, pad_token_id.to_string())]);
        }
        if !metadata.kept.is_empty() {
            pairs.push((KEPT_COLUMNS, json!(metadata.kept).to_string()));
        }
        self.writer.finish(&pairs)
    }
}

fn has_windows(metadata: &TokensMetadata) -> bool {
    matches!(metadata.overflow, Overflow::Windows { .. })
}

/// The element of the columns that hold zeros and ones.
fn flag() -> FieldRef {
    Arc::new(Field::new("element", DataType::Int8, false))
}

fn list(element: &FieldRef, lengths: Vec<usize>, values: ArrayRef) -> Result<ArrayRef, WriteError> {
    let list = ListArray::try_new(element.clone(), OffsetBuffer::from_lengths(lengths), values, None);
    Ok(Arc::new(list.map_err(ParquetError::from)?))
}

/// `input_ids`, `attention_mask` and `token_type_ids` of rows with these lengths, each padded on the right.
fn padded(
    element: &FieldRef,
    input_ids: &[i32],
    lengths: &[usize],
    padding: Padding,
) -> Result<[ArrayRef; 3], WriteError> {
    let n_padded = lengths.len() * padding.length;
    let (mut ids, mut mask) = (Vec::with_capacity(n_padded), Vec::with_capacity(n_padded));
    let mut rest = input_ids;
    for (index, &length) in (1..).zip(lengths) {
        let (row, others) = rest.split_at(length);
        rest = others;
        ids.extend_from_slice(row);
        ids.resize(index * padding.length, padding.pad_token_id);
        mask.resize(mask.len() + length, 1);
        mask.resize(index * padding.length, 0);
    }
    let lengths = || vec![padding.length; lengths.len()];
    Ok([
        list(element, lengths(), Arc::new(Int32Array::from(ids)))?,
        list(&flag(), lengths(), Arc::new(Int8Array::from(mask)))?,
        list(&flag(), lengths(), Arc::new(Int8Array::from(vec![0; n_padded])))?,
    ])
}
