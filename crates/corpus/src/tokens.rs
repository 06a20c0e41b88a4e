//! Token Parquet schema (`tokens/*.parquet`): what `sst-tokenize` writes and training reads, one row per text, or one per
//! window of a text.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `id` | int64 | the row's id in the raw file |
//! | `sentence_id` | int64 | as in the raw file |
//! | `window` | int32 | which window of its text the row is, from 0; only where long texts are read in windows |
//! | `input_ids` | list of int32 | word pieces, with the special tokens |
//! | `attention_mask` | list of int8 | 1 for each token, 0 for padding; only in padded files, as is |
//! | `token_type_ids` | list of int8 | zeros |
//! | `label` | int32, nullable | index of a label name; or instead |
//! | `score` | float32, nullable | the number to predict |
//!
//! After these come the columns that the user keeps, as text. File metadata: `dataset`, `task`, `label_names` (a JSON list),
//! `tokenizer_sha256`, `max_length`, `rows_truncated`; where they apply `truncation_side` or `window_stride`,
//! `padded_length` and `pad_token_id`, `kept_columns` (a JSON list). Equal rows give equal bytes.
//!
//! Padding is for others who read the files: it is taken off again when they are read here.

mod metadata;
mod reader;
mod writer;

use std::io::Write;
use std::ops::Range;

use crate::error::{Result, WriteError};
use crate::tokenizer::{N_SPECIAL, Overflow};

pub use metadata::{Padding, TokensMetadata};
pub use reader::TokensReader;
pub use writer::{RowLabel, TokenRow, TokensWriter};

/// The names of the facts and columns that only some files have.
pub(crate) const PADDED_LENGTH: &str = "padded_length";
pub(crate) const PAD_TOKEN_ID: &str = "pad_token_id";
pub(crate) const ATTENTION_MASK: &str = "attention_mask";
pub(crate) const TOKEN_TYPE_IDS: &str = "token_type_ids";
pub(crate) const WINDOW: &str = "window";

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

    /// Whether rows `i` and `j`, which are below [`Labels::len`], have the same target.
    fn is_equal(&self, i: usize, j: usize) -> bool {
        match self {
            Self::Classes(classes) => classes[i] == classes[j],
            Self::Scores(scores) => scores[i] == scores[j],
        }
    }

    /// The targets of these rows, each below [`Labels::len`].
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Scores(scores) => Self::Scores(rows.iter().map(|&row| scores[row]).collect()),
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
    /// Where the rows of each text start, and the end of the last: (n_texts + 1). A text is one row, or one for each of
    /// its windows, which have its id and target.
    pub window_offsets: Vec<usize>,
    /// The targets.
    pub labels: Labels,
}

impl TokenSet {
    /// Rows that are texts and sentences of their own, numbered from 0; none of them is empty.
    pub fn of_rows(metadata: TokensMetadata, rows: &[Vec<i32>], labels: Labels) -> Self {
        let ids: Vec<i64> = (0..rows.len() as i64).collect();
        let ends = rows.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        });
        let (offsets, window_offsets) = (std::iter::once(0).chain(ends).collect(), (0..=rows.len()).collect());
        Self { metadata, sentence_ids: ids.clone(), ids, input_ids: rows.concat(), offsets, window_offsets, labels }
    }

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

    /// The number of texts; without windows, that of the rows.
    pub fn n_texts(&self) -> usize {
        self.window_offsets.len().saturating_sub(1)
    }

    /// The first row of each text.
    pub fn first_rows(&self) -> &[usize] {
        &self.window_offsets[..self.n_texts()]
    }

    /// The rows of each text, in their order.
    fn texts(&self) -> impl Iterator<Item = Range<usize>> {
        self.window_offsets.windows(2).map(|ends| ends[0]..ends[1])
    }

    /// How many tokens of each text are read: the two special ones once, and once what its windows share.
    pub fn text_lengths(&self) -> impl Iterator<Item = usize> {
        let shared = match self.metadata.overflow {
            Overflow::Windows { stride } => stride + N_SPECIAL,
            Overflow::Truncate(_) => 0,
        };
        let read = |rows: &Range<usize>| self.offsets[rows.end] - self.offsets[rows.start];
        self.texts().map(move |rows| read(&rows).saturating_sub(shared * rows.len().saturating_sub(1)))
    }

    /// The texts whose target is known, in their order; the metadata stays that of the file.
    pub fn labeled(&self) -> Self {
        let (mut rows, mut offsets, mut window_offsets) = (Vec::new(), vec![0], vec![0]);
        let mut input_ids = Vec::new();
        for text in self.texts().filter(|text| self.labels.is_known(text.start)) {
            for row in text {
                input_ids.extend_from_slice(self.input_ids(row));
                offsets.push(input_ids.len());
                rows.push(row);
            }
            window_offsets.push(rows.len());
        }
        Self {
            metadata: self.metadata.clone(),
            ids: rows.iter().map(|&row| self.ids[row]).collect(),
            sentence_ids: rows.iter().map(|&row| self.sentence_ids[row]).collect(),
            labels: self.labels.of_rows(&rows),
            input_ids,
            offsets,
            window_offsets,
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Fails when the sink does, or some rows that lie together hold more than 2³¹ tokens.
    pub fn write(&self, sink: impl Write + Send) -> Result<(), WriteError> {
        let mut writer = TokensWriter::new(sink, self.metadata.clone())?;
        for (text, row) in self.texts().flat_map(|text| text.clone().map(move |row| (text.clone(), row))) {
            let label = match &self.labels {
                Labels::Classes(classes) => RowLabel::Class(classes[row]),
                Labels::Scores(scores) => RowLabel::Score(scores[row]),
            };
            writer.write(TokenRow {
                id: self.ids[row],
                sentence_id: self.sentence_ids[row],
                window: row - text.start,
                input_ids: self.input_ids(row),
                label,
                kept: Vec::new(),
            })?;
        }
        writer.finish(self.metadata.rows_truncated)
    }
}

#[cfg(test)]
mod tests;
