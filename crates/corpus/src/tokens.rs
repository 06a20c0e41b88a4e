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
//! After these come the columns that the user keeps, as text. File metadata: `dataset`, `task`, `label_names` (a JSON list),
//! `tokenizer_sha256`, `max_length`, `rows_truncated`; `kept_columns` (a JSON list) only where there are some. Equal rows give
//! equal bytes.

mod reader;
mod writer;

use std::io::Write;
use std::path::Path;

use crate::error::{Result, WriteError};
use crate::parquet_file::ParquetFile;
use crate::raw::{KEPT_COLUMNS, SAMPLE};
use crate::task::Task;

pub use writer::{RowLabel, TokenRow, TokensWriter};

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
    /// The columns that the user asked to keep.
    pub kept: Vec<String>,
}

impl TokensMetadata {
    /// Reads the metadata of a token file and none of its rows.
    ///
    /// # Errors
    /// Fails when the file cannot be read as Parquet, or a fact is missing or malformed.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&ParquetFile::open(path)?)
    }

    fn of(file: &ParquetFile) -> Result<Self> {
        Ok(Self {
            dataset: file.required_metadata("dataset")?.to_owned(),
            task: file.parsed_metadata("task", str::parse)?,
            label_names: file.parsed_metadata("label_names", |text| serde_json::from_str(text))?,
            tokenizer_sha256: file.required_metadata("tokenizer_sha256")?.to_owned(),
            max_length: file.parsed_metadata("max_length", str::parse)?,
            rows_truncated: file.parsed_metadata("rows_truncated", str::parse)?,
            kept: match file.metadata(KEPT_COLUMNS) {
                Some(_) => file.parsed_metadata(KEPT_COLUMNS, |text| serde_json::from_str(text))?,
                None => Vec::new(),
            },
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

    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does, or some rows that lie together hold more than 2³¹ tokens.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), WriteError> {
        let mut writer = TokensWriter::new(sink, self.metadata.clone())?;
        for row in 0..self.len() {
            let label = match &self.labels {
                Labels::Classes(classes) => RowLabel::Class(classes[row]),
                Labels::Scores(scores) => RowLabel::Score(scores[row]),
            };
            let (id, sentence_id) = (self.ids[row], self.sentence_ids[row]);
            writer.write(TokenRow { id, sentence_id, input_ids: self.input_ids(row), label, kept: Vec::new() })?;
        }
        writer.finish(self.metadata.rows_truncated)
    }
}

#[cfg(test)]
mod tests;
