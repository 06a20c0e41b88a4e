//! Token Parquet schema (`tokens/*.parquet`): what `sst-tokenize` writes and training reads, one row per text.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `id` | int64 | the row's id in the raw file |
//! | `sentence_id` | int64 | as in the raw file |
//! | `input_ids` | list of int32 | word pieces, with the special tokens, never padded |
//! | `label` | int32, nullable | index of a label name; or instead |
//! | `score` | float32, nullable | the number to predict |
//!
//! File metadata: `dataset`, `task`, `label_names` (a JSON list), `tokenizer_sha256`, `max_length`, `rows_truncated`. Equal rows
//! give equal bytes.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use parquet::errors::ParquetError;
use serde_json::json;

use crate::error::{CorpusError, Result, WriteError};
use crate::parquet_file::{self, ParquetFile};
use crate::raw::SAMPLE;
use crate::task::Task;

/// The metadata of a token file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensMetadata {
    /// The name of the dataset, as in the raw file.
    pub dataset: String,
    /// What the labels mean.
    pub task: Task,
    /// The names of the classes; empty for regression.
    pub label_names: Vec<String>,
    /// SHA-256 of the tokenizer's file.
    pub tokenizer_sha256: String,
    /// No row has more tokens, the special ones counted.
    pub max_length: usize,
    /// How many rows were truncated to that length.
    pub rows_truncated: usize,
}

impl TokensMetadata {
    /// Reads the metadata of a token file and none of its rows.
    ///
    /// # Errors
    /// Fails when the file cannot be read as Parquet, or a fact is missing or malformed.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&ParquetFile::read(path, &[])?)
    }

    fn of(file: &ParquetFile) -> Result<Self> {
        Ok(Self {
            dataset: file.required_metadata("dataset")?.to_owned(),
            task: file.parsed_metadata("task", str::parse)?,
            label_names: file.parsed_metadata("label_names", |text| serde_json::from_str(text))?,
            tokenizer_sha256: file.required_metadata("tokenizer_sha256")?.to_owned(),
            max_length: file.parsed_metadata("max_length", str::parse)?,
            rows_truncated: file.parsed_metadata("rows_truncated", str::parse)?,
        })
    }

    /// The remark that has to accompany every figure measured on these rows, if any.
    pub fn disclaimer(&self) -> Option<&'static str> {
        (self.dataset == SAMPLE).then_some("sample figures")
    }
}

/// The targets, one per row; `None` where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Indices of the label names.
    Classes(Vec<Option<i32>>),
    /// Numbers.
    Scores(Vec<Option<f32>>),
}

impl Labels {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Scores(scores) => scores.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the target of row `i`, which is below [`Labels::len`], is known.
    pub fn is_known(&self, i: usize) -> bool {
        match self {
            Self::Classes(classes) => classes[i].is_some(),
            Self::Scores(scores) => scores[i].is_some(),
        }
    }

    /// The number of rows of each of `n_classes` classes; none for scores.
    pub fn class_counts(&self, n_classes: usize) -> Vec<usize> {
        let Self::Classes(classes) = self else { return Vec::new() };
        let mut counts = vec![0; n_classes];
        for &class in classes.iter().flatten() {
            counts[class as usize] += 1;
        }
        counts
    }
}

/// A token file in memory, its ids flat: `input_ids` (n_tokens), `offsets` (n_rows + 1), all else (n_rows).
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSet {
    /// The file's metadata.
    pub metadata: TokensMetadata,
    /// The rows' ids in the raw file.
    pub ids: Vec<i64>,
    /// The sentences that the rows are or belong to.
    pub sentence_ids: Vec<i64>,
    /// All tokens, row after row; each at least 0.
    pub input_ids: Vec<i32>,
    /// Where each row starts in `input_ids`, and the end of the last; no row is empty.
    pub offsets: Vec<usize>,
    /// The targets.
    pub labels: Labels,
}

impl TokenSet {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The tokens of row `i`, which is below [`TokenSet::len`].
    pub fn input_ids(&self, i: usize) -> &[i32] {
        &self.input_ids[self.offsets[i]..self.offsets[i + 1]]
    }

    /// The rows whose target is known, in their order; the metadata stays that of the file.
    pub fn labeled(&self) -> Self {
        let rows: Vec<usize> = (0..self.len()).filter(|&row| self.labels.is_known(row)).collect();
        let mut offsets = vec![0];
        let mut input_ids = Vec::new();
        for &row in &rows {
            input_ids.extend_from_slice(self.input_ids(row));
            offsets.push(input_ids.len());
        }
        Self {
            metadata: self.metadata.clone(),
            ids: rows.iter().map(|&row| self.ids[row]).collect(),
            sentence_ids: rows.iter().map(|&row| self.sentence_ids[row]).collect(),
            labels: match &self.labels {
                Labels::Classes(classes) => Labels::Classes(rows.iter().map(|&row| classes[row]).collect()),
                Labels::Scores(scores) => Labels::Scores(rows.iter().map(|&row| scores[row]).collect()),
            },
            input_ids,
            offsets,
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// Fails when the file is not a token file in every respect: a missing column or fact, a wrong type, a null id, an
    /// empty or too long row, a negative token, a label without a name, a score that is not finite.
    pub fn read(path: &Path) -> Result<Self> {
        let file = ParquetFile::read(path, &["id", "sentence_id", "input_ids", "label", "score"])?;
        let metadata = TokensMetadata::of(&file)?;
        let ids = file.not_null("id", file.integers("id")?.iter().flatten())?;
        let sentence_ids = file.not_null("sentence_id", file.integers("sentence_id")?.iter().flatten())?;
        let (input_ids, offsets) = input_ids(&file, metadata.max_length)?;
        let labels = labels(&file, &metadata)?;
        if ids.is_empty() {
            return Err(CorpusError::Empty { file: path.to_owned() });
        }
        Ok(Self { metadata, ids, sentence_ids, input_ids, offsets, labels })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does, or the rows hold more than 2³¹ tokens.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), WriteError> {
        let element = Arc::new(Field::new("element", DataType::Int32, false));
        let offsets = self.offsets.iter().map(|&offset| i32::try_from(offset)).collect::<Result<Vec<i32>, _>>();
        let n_tokens = self.input_ids.len();
        let offsets =
            offsets.map_err(|_| ParquetError::General(format!("{n_tokens} tokens are too many for one file")))?;
        let (target, targets): (_, ArrayRef) = match &self.labels {
            Labels::Classes(labels) => {
                (Field::new("label", DataType::Int32, true), Arc::new(Int32Array::from(labels.clone())))
            }
            Labels::Scores(scores) => {
                (Field::new("score", DataType::Float32, true), Arc::new(Float32Array::from(scores.clone())))
            }
        };
        let fields = vec![
            Field::new("id", DataType::Int64, false),
            Field::new("sentence_id", DataType::Int64, false),
            Field::new("input_ids", DataType::List(element.clone()), false),
            target,
        ];
        let values = Arc::new(Int32Array::from(self.input_ids.clone()));
        let lists =
            ListArray::try_new(element, OffsetBuffer::new(offsets.into()), values, None).map_err(ParquetError::from)?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(self.ids.clone())),
            Arc::new(Int64Array::from(self.sentence_ids.clone())),
            Arc::new(lists),
            targets,
        ];
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(ParquetError::from)?;
        let metadata = [
            ("dataset", self.metadata.dataset.clone()),
            ("task", self.metadata.task.to_string()),
            ("label_names", json!(self.metadata.label_names).to_string()),
            ("tokenizer_sha256", self.metadata.tokenizer_sha256.clone()),
            ("max_length", self.metadata.max_length.to_string()),
            ("rows_truncated", self.metadata.rows_truncated.to_string()),
        ];
        parquet_file::write(sink, &batch, &metadata)
    }
}

/// All tokens of the file, and where each row starts.
fn input_ids(file: &ParquetFile, max_length: usize) -> Result<(Vec<i32>, Vec<usize>)> {
    let mut input_ids = Vec::new();
    let mut offsets = vec![0];
    for list in file.integer_lists("input_ids")?.iter().flat_map(|chunk| chunk.iter()) {
        let wrong = |problem: String| file.wrong_value(offsets.len() as u64, format!("column input_ids {problem}"));
        let list = list.ok_or_else(|| wrong("is null; expected tokens".to_owned()))?;
        let tokens = list.as_primitive::<Int32Type>();
        if tokens.null_count() > 0 || tokens.values().iter().any(|&token| token < 0) {
            return Err(wrong("has a null or negative token".to_owned()));
        }
        if tokens.is_empty() || tokens.len() > max_length {
            return Err(wrong(format!("has {} tokens; expected 1 to {max_length}", tokens.len())));
        }
        input_ids.extend_from_slice(tokens.values());
        offsets.push(input_ids.len());
    }
    Ok((input_ids, offsets))
}

fn labels(file: &ParquetFile, metadata: &TokensMetadata) -> Result<Labels> {
    if metadata.task == Task::Regression {
        let scores: Vec<Option<f32>> = file.floats("score")?.iter().flatten().collect();
        return match scores.iter().position(|score| score.is_some_and(|score| !score.is_finite())) {
            Some(row) => Err(file.wrong_value(row as u64 + 1, "column score is not a finite number".to_owned())),
            None => Ok(Labels::Scores(scores)),
        };
    }
    file.labels(metadata.label_names.len()).map(Labels::Classes)
}

#[cfg(test)]
mod tests;
