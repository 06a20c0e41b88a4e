//! WordPiece tokenizer: texts to token ids, exactly as the checkpoint's own tokenizer does it.
//!
//! In: the tokenizer's files of a model folder, read by the rules of Transformers ([`loading`]). Out: `[CLS] ... [SEP]` for
//! each text. Padding and truncation that such a file configures are ignored, but for the side: nothing is padded, and a text of
//! more than `max_length` tokens, special ones counted, is truncated or read in windows, as [`Overflow`] says. That is done
//! here because the library's own truncation stops early and cannot say what was lost.

mod behavior;

mod truncation;
mod windows;
mod overflow;

mod files;
mod tokenizer_json;
mod class;
mod special_tokens;
mod differences;
mod loading;
mod post_processor;

mod encodings;
mod rows;
mod word_cache;
pub mod agreement;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use tokenizers::{Model, ModelWrapper};

use crate::catch_panic::catch_panic;
use crate::error::{CorpusError, Result};
use loading::{Loaded, MAX_GAPS, load};
use post_processor::EXPECTED;
pub(crate) use post_processor::N_SPECIAL;
use word_cache::WordCache;

pub use encodings::Encodings;
pub use loading::TokenizerFacts;
pub use overflow::Overflow;
pub use truncation::TruncationSide;

/// How the tokenizer's files of a folder are read; raised when the same files give other ids.
pub const TOKENIZER_RULES: u32 = 3;

/// Texts that are encoded at a time; the library's encodings are far larger than the ids they hold.
const CHUNK_SIZE: usize = 8192;
/// Texts that are put together by one thread at a time.
const PART_SIZE: usize = 512;
/// The prefix of a piece that continues a word in the vocabularies of BERT.
const CONTINUATION: &str = "##";
/// The special tokens and one of the text.
const MIN_LENGTH: usize = N_SPECIAL + 1;

/// A tokenizer, the length to which it brings texts, and how.
pub struct Tokenizer {
    file: PathBuf,
    inner: tokenizers::Tokenizer,
    max_length: usize,
    overflow: Overflow,
    vocab_size: usize,
    special_ids: SpecialIds,
    said: Vec<String>,
    continues_word: Vec<bool>,
    /// Present where the encoding of a text is that of its words, one after the other.
    word_cache: Option<RwLock<WordCache>>,
}

struct SpecialIds {
    cls: u32,
    sep: u32,
    pad: Option<u32>,
    unknown: Option<u32>,
}

impl Tokenizer {
    /// Opens the tokenizer of a model folder, to truncate texts to `max_length` tokens, on the side that the folder says.
    ///
    /// # Errors
    /// Fails when there is none, when it cannot be read, when it does not put one special token before and one after a
    /// text, or when `max_length` leaves no token between them.
    pub fn open(model_folder: &Path, max_length: usize) -> Result<Self> {
        let loaded = load(model_folder)?;
        if max_length < MIN_LENGTH {
            let problem = format!(
                "a maximum length of {max_length} leaves no token between [CLS] and [SEP]; expected at least {MIN_LENGTH}"
            );
            return Err(tokenizer_error(&loaded.file, problem));
        }
        Self::new(loaded, max_length)
    }

    /// What a folder says of its tokenizer beside the ids, without making one that could encode.
    ///
    /// # Errors
    /// Fails when there is none, or when it cannot be read.
    pub fn facts(model_folder: &Path) -> Result<TokenizerFacts> {
        load(model_folder).map(|loaded| loaded.facts)
    }

    /// Opens the tokenizer of a model folder to look at it, with no bound on the length of a text.
    pub(crate) fn open_whole(model_folder: &Path) -> Result<Self> {
        Self::open(model_folder, usize::MAX)
    }

    fn new(loaded: Loaded, max_length: usize) -> Result<Self> {
        let Loaded { file, mut inner, by_default, pad_id, facts } = loaded;
        let fail = |problem: String| tokenizer_error(&file, problem);
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| fail(error.to_string()))?;
        let (ids, vocabulary) = catch_panic(|| {
            let empty_text = inner.encode_fast("", true)?;
            Ok::<_, tokenizers::Error>((empty_text.get_ids().to_vec(), inner.get_vocab(true)))
        })
        .map_err(fail)?;
        let [cls_id, sep_id] = ids[..] else {
            let n = ids.len();
            let problem = format!("it adds {n} special tokens to a text; {EXPECTED}");
            return Err(fail(problem));
        };
        post_processor::check(&mut inner, [cls_id, sep_id]).map_err(fail)?;
        let n_ids = vocabulary.values().max().map_or(0, |&id| id as usize + 1);
        if let Some(id) = ids.iter().find(|&&id| id as usize >= n_ids) {
            return Err(fail(format!("it adds the token {id} to a text, which its vocabulary does not have")));
        }
        if i32::try_from(n_ids).is_err() || n_ids > vocabulary.len().saturating_mul(MAX_GAPS) {
            return Err(fail(format!("its largest id, {}, is beyond any vocabulary", n_ids.saturating_sub(1))));
        }
        let mut continues_word = vec![false; n_ids];
        for (_, id) in vocabulary.iter().filter(|(token, _)| token.starts_with(CONTINUATION)) {
            continues_word[*id as usize] = true;
        }
        if let ModelWrapper::WordPiece(model) = inner.get_model()
            && model.token_to_id(&model.unk_token).is_none()
        {
            return Err(fail(format!("the unknown token {} is not in the vocabulary", model.unk_token)));
        }
        let needed = vocabulary.iter().filter(|(token, _)| !by_default.contains(token)).map(|(_, &id)| id as usize + 1);
        let vocab_size = needed.max().unwrap_or_default();
        let unknown_id = unknown_token(&inner).and_then(|token| inner.token_to_id(&token));
        let word_cache = word_cache::encodes_word_by_word(&inner).then(RwLock::default);
        let special_ids = SpecialIds { cls: cls_id, sep: sep_id, pad: pad_id, unknown: unknown_id };
        let overflow = Overflow::Truncate(facts.truncation_side);
        Ok(Self {
            file,
            inner,
            max_length,
            overflow,
            vocab_size,
            special_ids,
            said: facts.said,
            continues_word,
            word_cache,
        })
    }

    /// The file that defines this tokenizer.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What a reader of that file alone would not expect: rules that other files change, tokens that they add.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// One more than the largest id that the folder names: how many rows the word embeddings must at least have. Special
    /// tokens that no file names and the vocabulary lacks have ids beyond.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// One more than the largest id that a text may get.
    pub fn n_ids(&self) -> usize {
        self.continues_word.len()
    }

    /// The token with this id, as the vocabulary spells it.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// How tokens are spelled; an id that the tokenizer does not have stands for itself.
    pub fn spelled(&self, ids: &[i32]) -> Vec<String> {
        let token = |&id: &i32| u32::try_from(id).ok().and_then(|id| self.token(id)).unwrap_or_else(|| id.to_string());
        ids.iter().map(token).collect()
    }

    /// The id of the unknown token.
    pub fn unknown_id(&self) -> Option<u32> {
        self.special_ids.unknown
    }

    /// The id of the padding token.
    pub fn pad_id(&self) -> Option<u32> {
        self.special_ids.pad
    }

    /// SHA-256 of what changes the ids of a text: vocabulary, normalization, added tokens and the like, not the layout of
    /// the files. `None` where a part of the tokenizer has no JSON form.
    pub fn behavior_sha256(&self) -> Option<String> {
        let specials = [self.special_ids.cls, self.special_ids.sep];
        catch_panic(|| Ok::<_, String>(behavior::sha256(&self.inner, specials))).ok().flatten()
    }

    /// The most tokens of a row, special ones counted.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Encodes texts on all cores; the order and the result do not depend on how many there are.
    ///
    /// # Errors
    /// Fails when the tokenizer's own rules fail on a text.
    pub fn encode<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Encodings> {
        let mut encodings = Encodings::default();
        for chunk in texts.chunks(CHUNK_SIZE) {
            let parts: Vec<Encodings> = match &self.word_cache {
                Some(cache) => {
                    self.learn_words(cache, chunk)?;
                    let cache = &*cache.read().unwrap_or_else(PoisonError::into_inner);
                    chunk.par_chunks(PART_SIZE).map(|part| self.join_words(cache, part)).collect()
                }
                None => {
                    let encoded = self.encode_batch(chunk.iter().map(AsRef::as_ref).collect())?;
                    let mut part = Encodings::default();
                    encoded.iter().for_each(|encoding| self.append(encoding.get_ids(), &mut part));
                    vec![part]
                }
            };
            parts.iter().for_each(|part| encodings.append(part));
        }
        Ok(encodings)
    }

    /// Encodes those words of the texts that the cache does not have yet.
    fn learn_words<S: AsRef<str> + Sync>(&self, cache: &RwLock<WordCache>, texts: &[S]) -> Result<()> {
        cache.write().unwrap_or_else(PoisonError::into_inner).shrink();
        let new_words: Vec<&str> = {
            let cache = &*cache.read().unwrap_or_else(PoisonError::into_inner);
            let parts = texts.par_chunks(PART_SIZE).map(|part| cache.missing(part.iter().map(AsRef::as_ref)));
            parts.reduce(HashSet::default, |mut all, part| {
                all.extend(part);
                all
            })
        }
        .into_iter()
        .collect();
        let encodings = self.encode_batch(new_words.clone())?;
        // A panic in between leaves at most words that are encoded again.
        let cache = &mut *cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.add(&new_words, &encodings);
        Ok(())
    }

    /// The encodings of texts all of whose words are in the cache.
    fn join_words<S: AsRef<str>>(&self, cache: &WordCache, texts: &[S]) -> Encodings {
        let mut encodings = Encodings::default();
        let mut ids = Vec::new();
        for text in texts {
            cache.encode(text.as_ref(), &mut ids);
            self.append(&ids, &mut encodings);
        }
        encodings
    }

    /// The library's encodings, without special tokens.
    fn encode_batch(&self, texts: Vec<&str>) -> Result<Vec<tokenizers::Encoding>> {
        catch_panic(|| self.inner.encode_batch_fast(texts, false))
            .map_err(|problem| tokenizer_error(&self.file, problem))
    }
}

fn unknown_token(tokenizer: &tokenizers::Tokenizer) -> Option<String> {
    match tokenizer.get_model() {
        ModelWrapper::WordPiece(model) => Some(model.unk_token.clone()),
        ModelWrapper::WordLevel(model) => Some(model.unk_token.clone()),
        ModelWrapper::BPE(model) => model.get_unk_token().clone(),
        ModelWrapper::Unigram(_) => None,
    }
}

fn tokenizer_error(file: &Path, problem: impl Into<String>) -> CorpusError {
    CorpusError::Tokenizer { file: file.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
