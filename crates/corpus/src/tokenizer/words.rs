//! What the library makes of each word, asked once.
//!
//! With BERT's rules a text is the sum of its parts between spaces: cleaning, lower case, accents, Chinese characters,
//! punctuation and word pieces look at no character beyond a space. So the library is asked for every distinct part, and a
//! text is put together from the answers, some ten times faster than it takes a text apart.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper};

/// The ids of parts of texts, as the library gives them.
#[derive(Default)]
pub(super) struct Words {
    places: HashMap<Box<str>, Range<usize>>,
    ids: Vec<u32>,
}

/// Parts that are remembered at most; beyond, all are forgotten.
const MOST: usize = 1 << 20;

/// Whether a text is the sum of its parts for this tokenizer.
pub(super) fn sum_up(tokenizer: &tokenizers::Tokenizer) -> bool {
    let added = tokenizer.get_added_tokens_decoder();
    let mut added = added.values();
    matches!(tokenizer.get_normalizer(), Some(NormalizerWrapper::BertNormalizer(_)))
        && matches!(tokenizer.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)))
        && matches!(tokenizer.get_model(), ModelWrapper::WordPiece(_))
        && added.all(|token| {
            let looks_around = token.single_word || token.lstrip || token.rstrip;
            !looks_around && !token.content.contains(char::is_whitespace)
        })
}

/// The parts of a text.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|part| !part.is_empty())
}

impl Words {
    /// Asks `encode` for all parts of `texts` that are not known yet.
    pub(super) fn learn<E>(
        &mut self,
        texts: &[&str],
        encode: impl FnOnce(Vec<&str>) -> Result<Vec<tokenizers::Encoding>, E>,
    ) -> Result<(), E> {
        if self.places.len() > MOST {
            *self = Self::default();
        }
        let parts = texts.iter().flat_map(|text| parts(text)).filter(|part| !self.places.contains_key(*part));
        let unknown: Vec<&str> = parts.collect::<HashSet<_>>().into_iter().collect();
        for (part, encoding) in unknown.iter().zip(encode(unknown.clone())?) {
            let begin = self.ids.len();
            self.ids.extend_from_slice(encoding.get_ids());
            self.places.insert((*part).into(), begin..self.ids.len());
        }
        Ok(())
    }

    /// The ids of a text all of whose parts are known.
    pub(super) fn spell(&self, text: &str, ids: &mut Vec<u32>) {
        ids.clear();
        for place in parts(text).filter_map(|part| self.places.get(part)) {
            ids.extend_from_slice(&self.ids[place.clone()]);
        }
    }
}
