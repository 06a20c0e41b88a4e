//! The writer of `predictions.parquet`. Equal predictions give equal bytes.

use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::columns::{LABEL_NAMES, TEMPERATURE, TEXT_COLUMNS, class_columns, element, score_columns};
use super::record::{Outcomes, Predictions};

/// Rows of a row group, which are held in memory until it is written.
const ROW_GROUP_SIZE: usize = 1 << 16;

/// Writes the file some rows at a time; it is whole when [`PredictionsWriter::finish`] was called.
#[derive(Debug)]
pub struct PredictionsWriter<'a, W: Write + Send> {
    predictions: &'a Predictions,
    schema: SchemaRef,
    writer: ArrowWriter<W>,
}

impl<'a, W: Write + Send> PredictionsWriter<'a, W> {
    /// Begins the file of `predictions` with these columns of text beside; `temperature`: by which the logits were divided.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn new(
        sink: W,
        predictions: &'a Predictions,
        text_columns: &[String],
        temperature: Option<f64>,
    ) -> Result<Self, ParquetError> {
        let schema = Arc::new(schema(predictions, text_columns, temperature)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_SIZE))
            .set_key_value_metadata(Some(key_values(&schema)))
            .build();
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        Ok(Self { predictions, schema, writer })
    }

    /// Writes the next rows, with the values of the columns of text, by column, for these rows alone.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&mut self, rows: Range<usize>, text_columns: &[Vec<Option<String>>]) -> Result<(), ParquetError> {
        let mut columns = columns(self.predictions, rows)?;
        columns.extend(text_columns.iter().map(|values| Arc::new(StringArray::from_iter(values)) as ArrayRef));
        self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn finish(self) -> Result<(), ParquetError> {
        self.writer.close().map(|_| ())
    }
}

pub(super) fn schema(
    predictions: &Predictions,
    text_columns: &[String],
    temperature: Option<f64>,
) -> Result<Schema, ParquetError> {
    let mut columns = match predictions.outcomes {
        Outcomes::Classes { .. } => class_columns(),
        Outcomes::Scores { .. } => score_columns(),
    };
    columns.extend(text_columns.iter().map(|name| Field::new(name, DataType::Utf8, true)));
    let json = |names: &[String]| serde_json::to_string(names).map_err(|error| ParquetError::External(error.into()));
    let mut metadata = vec![(LABEL_NAMES.to_owned(), json(&predictions.label_names)?)];
    if !text_columns.is_empty() {
        metadata.push((TEXT_COLUMNS.to_owned(), json(text_columns)?));
    }
    metadata.extend(temperature.map(|temperature| (TEMPERATURE.to_owned(), temperature.to_string())));
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    Ok(Schema::new_with_metadata(columns, metadata))
}

/// The metadata of the schema for programs that do not read Arrow's schema, by their keys.
fn key_values(schema: &Schema) -> Vec<KeyValue> {
    let mut pairs: Vec<(&String, &String)> = schema.metadata().iter().collect();
    pairs.sort();
    pairs.into_iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect()
}

fn columns(predictions: &Predictions, rows: Range<usize>) -> Result<Vec<ArrayRef>, ArrowError> {
    let n_outputs = predictions.label_names.len();
    let numbers = rows.start * n_outputs..rows.end * n_outputs;
    // Lists of one number for each class, from values row after row.
    let lists = |values: ArrayRef| -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::from_lengths(rows.clone().map(|_| n_outputs));
        Ok(Arc::new(ListArray::try_new(element(values.data_type()), offsets, values, None)?))
    };
    let ids = Arc::new(Int64Array::from(predictions.ids[rows.clone()].to_vec()));
    let sentence_ids = Arc::new(Int64Array::from(predictions.sentence_ids[rows.clone()].to_vec()));
    Ok(match &predictions.outcomes {
        Outcomes::Classes { labels, predictions, probabilities, logits } => vec![
            ids,
            sentence_ids,
            Arc::new(Int32Array::from(labels[rows.clone()].to_vec())),
            Arc::new(Int32Array::from(predictions[rows.clone()].to_vec())),
            lists(Arc::new(Float64Array::from(probabilities[numbers.clone()].to_vec())))?,
            lists(Arc::new(Float32Array::from(logits[numbers].to_vec())))?,
        ],
        Outcomes::Scores { labels, predictions } => vec![
            ids,
            sentence_ids,
            Arc::new(Float32Array::from(labels[rows.clone()].to_vec())),
            Arc::new(Float32Array::from(predictions[rows].to_vec())),
        ],
    })
}
