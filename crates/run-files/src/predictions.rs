//! Predictions, `predictions.parquet`: what the model says of each row of a split, in the order of the token file.
//!
//! | column | Arrow type | meaning |
//! |---|---|---|
//! | `id`, `sentence_id` | int64 | as in the token file |
//! | `label` | int32, nullable | the true class |
//! | `prediction` | int32 | the class of the largest probability, the first of equals |
//! | `probabilities` | list of float64 | one for each class; their sum is 1 |
//! | `logits` | list of float32 | what the probabilities are the softmax of |
//!
//! For regression `label` (nullable) and `prediction` are float32, and there are no other columns. Metadata:
//! `label_names`, a JSON list, by class index; one name for regression. Equal predictions give equal bytes.

mod reader;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field as Column, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::RunFileError;
use crate::schema::{Field, Table};

/// The key of the metadata that names the classes.
const LABEL_NAMES: &str = "label_names";

/// The predictions of one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The name of each class; of regression, of the score. Length `n_outputs`.
    pub label_names: Vec<String>,
    /// The rows' ids, `(n_rows)`.
    pub ids: Vec<i64>,
    /// The sentences that the rows are or belong to, `(n_rows)`.
    pub sentence_ids: Vec<i64>,
    /// What was predicted.
    pub outcomes: Outcomes,
}

/// What was predicted, beside the truth where it is known; `(n_rows)` each.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcomes {
    /// Of a classifier.
    Classes {
        /// The true class.
        labels: Vec<Option<i32>>,
        /// The predicted class.
        predictions: Vec<i32>,
        /// `(n_rows, n_outputs)`.
        probabilities: Vec<Vec<f64>>,
        /// Row after row, `(n_rows * n_outputs)`.
        logits: Vec<f32>,
    },
    /// Of a regression.
    Scores {
        /// The true score.
        labels: Vec<Option<f32>>,
        /// The predicted score.
        predictions: Vec<f32>,
    },
}

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

    /// Reads the file.
    ///
    /// # Errors
    /// Names the file, and the column or metadata that is missing or not as described above.
    pub fn read(path: &Path) -> Result<Self, RunFileError> {
        reader::read(path)
    }

    fn schema(&self) -> Result<Schema, ParquetError> {
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
                self.lists(Arc::new(Float64Array::from(probabilities.concat())))?,
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

fn class_columns() -> Vec<Column> {
    vec![
        Column::new("id", DataType::Int64, false),
        Column::new("sentence_id", DataType::Int64, false),
        Column::new("label", DataType::Int32, true),
        Column::new("prediction", DataType::Int32, false),
        Column::new("probabilities", DataType::List(element(&DataType::Float64)), false),
        Column::new("logits", DataType::List(element(&DataType::Float32)), false),
    ]
}

fn score_columns() -> Vec<Column> {
    vec![
        Column::new("id", DataType::Int64, false),
        Column::new("sentence_id", DataType::Int64, false),
        Column::new("label", DataType::Float32, true),
        Column::new("prediction", DataType::Float32, false),
    ]
}

fn element(data_type: &DataType) -> Arc<Column> {
    Arc::new(Column::new("element", data_type.clone(), false))
}

const ID: Field = Field { name: "id", type_name: "int64", meaning: "the row's id in the raw file" };
const SENTENCE_ID: Field = Field { name: "sentence_id", type_name: "int64", meaning: "as in the raw file" };

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "predictions.classes",
        fields: &[
            ID,
            SENTENCE_ID,
            Field { name: "label", type_name: "int32, nullable", meaning: "the true class" },
            Field { name: "prediction", type_name: "int32", meaning: "the class of the largest probability" },
            Field {
                name: "probabilities",
                type_name: "list of float64",
                meaning: "one for each class; their sum is 1",
            },
            Field { name: "logits", type_name: "list of float32", meaning: "the probabilities are their softmax" },
        ],
    },
    Table {
        name: "predictions.scores",
        fields: &[
            ID,
            SENTENCE_ID,
            Field { name: "label", type_name: "float32, nullable", meaning: "the true score" },
            Field { name: "prediction", type_name: "float32", meaning: "the predicted score" },
        ],
    },
];

#[cfg(test)]
mod tests;
