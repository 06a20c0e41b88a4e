//! Encodings: the token ids of many texts, packed one after the other.

/// The tokens of many texts, flat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encodings {
    /// All tokens, text after text: `[CLS] … [SEP]`.
    pub input_ids: Vec<i32>,
    /// Where each text starts in `input_ids`, and the end of the last: (n_texts + 1).
    pub offsets: Vec<usize>,
    /// Texts that were truncated.
    pub n_truncated: usize,
    /// Words and punctuation marks, as the tokenizer splits them.
    pub n_words: usize,
    /// Those of them that became the unknown token.
    pub n_unknown_words: usize,
}

impl Encodings {
    /// Adds the texts of another one after its own.
    pub(super) fn append(&mut self, other: &Self) {
        let begin = self.input_ids.len();
        self.input_ids.extend_from_slice(&other.input_ids);
        self.offsets.extend(other.offsets.iter().skip(1).map(|offset| begin + offset));
        self.n_truncated += other.n_truncated;
        self.n_words += other.n_words;
        self.n_unknown_words += other.n_unknown_words;
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens of text `i`, which is below [`Encodings::len`].
    pub fn input_ids(&self, i: usize) -> &[i32] {
        &self.input_ids[self.offsets[i]..self.offsets[i + 1]]
    }
}
