//! `predictions.parquet`: what the model says of each row of a split.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `id`, `sentence_id` | int64 | as in the token file |
//! | `label` | int32, nullable | the true class |
//! | `prediction` | int32 | the class of the largest probability |
//! | `probabilities` | list of float64 | one for each class, their sum is 1 |
//! | `logits` | list of float32 | what the probabilities are the softmax of |
//!
//! Metadata: `label_names` as JSON. For regression `label` and `prediction` are float32, and there are no probabilities.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema};
use bert::{argmax, probabilities};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use corpus::tokens::{Labels, TokenSet};

/// The predictions of one split, in its order.
#[derive(Debug)]
pub(crate) struct Predictions {
    pub(crate) label_names: Vec<String>,
    ids: Vec<i64>,
    sentence_ids: Vec<i64>,
    pub(crate) outcomes: Outcomes,
}

/// What was predicted, beside the truth where it is known.
#[derive(Debug)]
pub(crate) enum Outcomes {
    Classes { labels: Vec<Option<i32>>, predictions: Vec<i32>, probabilities: Vec<Vec<f64>>, logits: Vec<f32> },
    Scores { labels: Vec<Option<f32>>, predictions: Vec<f32> },
}

impl Predictions {
    /// From `logits`, one number for each row and output.
    pub(crate) fn new(tokens: &TokenSet, label_names: &[String], logits: &[f32]) -> Self {
        let n_outputs = label_names.len();
        let outcomes = match &tokens.labels {
            Labels::Classes(labels) => {
                let shares = probabilities(logits, n_outputs);
                Outcomes::Classes {
                    labels: labels.clone(),
                    predictions: logits.chunks(n_outputs).map(|row| argmax(row) as i32).collect(),
                    probabilities: shares.chunks(n_outputs).map(<[f64]>::to_vec).collect(),
                    logits: logits.to_vec(),
                }
            }
            Labels::Scores(scores) => Outcomes::Scores { labels: scores.clone(), predictions: logits.to_vec() },
        };
        Self {
            label_names: label_names.to_vec(),
            ids: tokens.ids.clone(),
            sentence_ids: tokens.sentence_ids.clone(),
            outcomes,
        }
    }

    /// Writes the file; equal predictions give equal bytes.
    pub(crate) fn write(&self, sink: impl Write + Send) -> anyhow::Result<()> {
        let mut columns: Vec<(Field, ArrayRef)> = vec![
            (Field::new("id", DataType::Int64, false), Arc::new(Int64Array::from(self.ids.clone()))),
            (Field::new("sentence_id", DataType::Int64, false), Arc::new(Int64Array::from(self.sentence_ids.clone()))),
        ];
        match &self.outcomes {
            Outcomes::Classes { labels, predictions, probabilities, logits } => {
                columns.push((Field::new("label", DataType::Int32, true), Arc::new(Int32Array::from(labels.clone()))));
                let predictions = Int32Array::from(predictions.clone());
                columns.push((Field::new("prediction", DataType::Int32, false), Arc::new(predictions)));
                let shares = Arc::new(Float64Array::from(probabilities.concat()));
                columns.push(self.list_column("probabilities", shares)?);
                columns.push(self.list_column("logits", Arc::new(Float32Array::from(logits.clone())))?);
            }
            Outcomes::Scores { labels, predictions } => {
                let labels = Float32Array::from(labels.clone());
                columns.push((Field::new("label", DataType::Float32, true), Arc::new(labels)));
                let predictions = Float32Array::from(predictions.clone());
                columns.push((Field::new("prediction", DataType::Float32, false), Arc::new(predictions)));
            }
        }
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let names = serde_json::to_string(&self.label_names)?;
        let schema = Arc::new(Schema::new_with_metadata(fields, [("label_names".to_owned(), names)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(sink, schema, Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }

    /// A column with one number for each class, row after row in `values`.
    fn list_column(&self, name: &str, values: ArrayRef) -> anyhow::Result<(Field, ArrayRef)> {
        let element = Arc::new(Field::new("element", values.data_type().clone(), false));
        let offsets = OffsetBuffer::from_lengths(self.ids.iter().map(|_| self.label_names.len()));
        let lists = ListArray::try_new(Arc::clone(&element), offsets, values, None)?;
        Ok((Field::new(name, DataType::List(element), false), Arc::new(lists)))
    }
}
