//! Word cache: the token ids of every distinct word, encoded once by the library.
//!
//! With BERT's rules the encoding of a text is that of its space-separated words, one after the other: cleaning, lower
//! case, accents, Chinese characters, punctuation and word pieces look at no character beyond a space. So the library
//! encodes every distinct word once, and texts are put together from the results, some ten times faster than the library
//! takes them apart. Most of the time is looking words up, hence the quick hash (seeded anew in every process).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use ahash::RandomState;
use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper};

/// The ids of words, as the library encodes them.
#[derive(Default)]
pub(super) struct WordCache {
    /// Where the ids of each word are in `ids`.
    ranges: HashMap<Box<str>, Range<usize>, RandomState>,
    ids: Vec<u32>,
}

/// The number of words beyond which the cache is emptied.
const MAX_WORDS: usize = 1 << 20;
/// The number of ids beyond which it is: where a language writes no spaces, whole texts are words.
const MAX_IDS: usize = 1 << 24;

/// Whether this tokenizer encodes a text as its words, one after the other.
pub(super) fn encodes_word_by_word(tokenizer: &tokenizers::Tokenizer) -> bool {
    let added = tokenizer.get_added_tokens_decoder();
    let mut added = added.values();
    matches!(tokenizer.get_normalizer(), Some(NormalizerWrapper::BertNormalizer(_)))
        && matches!(tokenizer.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)))
        && matches!(tokenizer.get_model(), ModelWrapper::WordPiece(_))
        && added.all(|token| {
            let depends_on_neighbors = token.single_word || token.lstrip || token.rstrip;
            !depends_on_neighbors && !token.content.contains(char::is_whitespace)
        })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

impl WordCache {
    /// Those words of the texts that the cache does not have.
    pub(super) fn missing<'a>(&self, texts: impl Iterator<Item = &'a str>) -> HashSet<&'a str, RandomState> {
        texts.flat_map(words).filter(|word| !self.ranges.contains_key(*word)).collect()
    }

    /// Adds words with their encodings, which are those of all words that the texts of a chunk have and the cache lacks.
    pub(super) fn add(&mut self, new_words: &[&str], encodings: &[tokenizers::Encoding]) {
        for (word, encoding) in new_words.iter().zip(encodings) {
            let start = self.ids.len();
            self.ids.extend_from_slice(encoding.get_ids());
            self.ranges.insert((*word).into(), start..self.ids.len());
        }
    }

    /// Empties a cache that has grown beyond measure.
    pub(super) fn shrink(&mut self) {
        if self.ranges.len() > MAX_WORDS || self.ids.len() > MAX_IDS {
            *self = Self::default();
        }
    }

    /// Replaces `ids` by those of a text all of whose words are in the cache.
    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        ids.clear();
        for range in words(text).filter_map(|word| self.ranges.get(word)) {
            ids.extend_from_slice(&self.ids[range.clone()]);
        }
    }
}
