//! Encodings: the token ids of many texts, packed one after the other.

use std::ops::Range;

/// The tokens of many texts, flat. A text is one row, or a row for each of its windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encodings {
    /// All tokens, row after row: `[CLS] … [SEP]`.
    pub input_ids: Vec<i32>,
    /// Where each row starts in `input_ids`, and the end of the last: (n_rows + 1).
    pub offsets: Vec<usize>,
    /// Where the rows of each text start, and the end of the last: (n_texts + 1).
    pub window_offsets: Vec<usize>,
    /// The tokens of each text before it was cut, special ones counted: (n_texts).
    pub text_lengths: Vec<usize>,
    /// Texts that were truncated.
    pub n_truncated: usize,
    /// Words and punctuation marks that are left of the texts, as the tokenizer splits them.
    pub n_words: usize,
    /// Those of them that became the unknown token.
    pub n_unknown_words: usize,
}

impl Default for Encodings {
    /// Those of no texts.
    fn default() -> Self {
        Self {
            input_ids: Vec::new(),
            offsets: vec![0],
            window_offsets: vec![0],
            text_lengths: Vec::new(),
            n_truncated: 0,
            n_words: 0,
            n_unknown_words: 0,
        }
    }
}

impl Encodings {
    /// Adds the texts of another one after its own.
    pub(super) fn append(&mut self, other: &Self) {
        let (begin, row) = (self.input_ids.len(), self.len());
        self.input_ids.extend_from_slice(&other.input_ids);
        self.offsets.extend(other.offsets.iter().skip(1).map(|offset| begin + offset));
        self.window_offsets.extend(other.window_offsets.iter().skip(1).map(|offset| row + offset));
        self.text_lengths.extend_from_slice(&other.text_lengths);
        self.n_truncated += other.n_truncated;
        self.n_words += other.n_words;
        self.n_unknown_words += other.n_unknown_words;
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens of row `i`, which is below [`Encodings::len`].
    pub fn input_ids(&self, i: usize) -> &[i32] {
        &self.input_ids[self.offsets[i]..self.offsets[i + 1]]
    }

    /// The rows of text `i`, which is below the number of texts.
    pub fn windows(&self, i: usize) -> Range<usize> {
        self.window_offsets[i]..self.window_offsets[i + 1]
    }

    /// How many tokens of text `i`, which is below the number of texts, truncation cut off.
    pub fn n_lost(&self, i: usize) -> usize {
        let windows = self.windows(i);
        self.text_lengths[i].saturating_sub(self.offsets[windows.end] - self.offsets[windows.start])
    }

    /// All rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = &[i32]> {
        self.offsets.windows(2).map(|ends| &self.input_ids[ends[0]..ends[1]])
    }
}
