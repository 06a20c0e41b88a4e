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
    /// Encodes those words of `texts` that the cache does not have yet with `encode`.
    pub(super) fn add_words_of<E>(
        &mut self,
        texts: &[&str],
        encode: impl FnOnce(Vec<&str>) -> Result<Vec<tokenizers::Encoding>, E>,
    ) -> Result<(), E> {
        if self.ranges.len() > MAX_WORDS {
            *self = Self::default();
        }
        let missing = texts.iter().flat_map(|text| words(text)).filter(|word| !self.ranges.contains_key(*word));
        let new_words: Vec<&str> = missing.collect::<HashSet<_, RandomState>>().into_iter().collect();
        for (word, encoding) in new_words.iter().zip(encode(new_words.clone())?) {
            let start = self.ids.len();
            self.ids.extend_from_slice(encoding.get_ids());
            self.ranges.insert((*word).into(), start..self.ids.len());
        }
        Ok(())
    }

    /// Replaces `ids` by those of a text all of whose words are in the cache.
    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        ids.clear();
        for range in words(text).filter_map(|word| self.ranges.get(word)) {
            ids.extend_from_slice(&self.ids[range.clone()]);
        }
    }
}
