//! The writer of `predictions.parquet`. Equal predictions give equal bytes.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::columns::{LABEL_NAMES, class_columns, element, score_columns};
use super::record::{Outcomes, Predictions};

impl Predictions {
    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), ParquetError> {
        let schema = Arc::new(self.schema()?);
        let batch = RecordBatch::try_new(Arc::clone(&schema), self.columns()?)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(sink, schema, Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }

    pub(super) fn schema(&self) -> Result<Schema, ParquetError> {
        let columns = match self.outcomes {
            Outcomes::Classes { .. } => class_columns(),
            Outcomes::Scores { .. } => score_columns(),
        };
        let names = serde_json::to_string(&self.label_names).map_err(|error| ParquetError::External(error.into()))?;
        Ok(Schema::new_with_metadata(columns, [(LABEL_NAMES.to_owned(), names)]))
    }

    fn columns(&self) -> Result<Vec<ArrayRef>, ArrowError> {
        let ids = Arc::new(Int64Array::from(self.ids.clone()));
        let sentence_ids = Arc::new(Int64Array::from(self.sentence_ids.clone()));
        Ok(match &self.outcomes {
            Outcomes::Classes { labels, predictions, probabilities, logits } => vec![
                ids,
                sentence_ids,
                Arc::new(Int32Array::from(labels.clone())),
                Arc::new(Int32Array::from(predictions.clone())),
                self.lists(Arc::new(Float64Array::from(probabilities.clone())))?,
                self.lists(Arc::new(Float32Array::from(logits.clone())))?,
            ],
            Outcomes::Scores { labels, predictions } => vec![
                ids,
                sentence_ids,
                Arc::new(Float32Array::from(labels.clone())),
                Arc::new(Float32Array::from(predictions.clone())),
            ],
        })
    }

    /// Lists of one number for each class, from `values` row after row.
    fn lists(&self, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::from_lengths(self.ids.iter().map(|_| self.label_names.len()));
        Ok(Arc::new(ListArray::try_new(element(values.data_type()), offsets, values, None)?))
    }
}
