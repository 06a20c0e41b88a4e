//! From texts to the ids of word pieces, exactly as the checkpoint's own tokenizer does it.
//!
//! A folder's `tokenizer.json` is used, else its `vocab.txt` with `tokenizer_config.json`. Padding and truncation that
//! such a file may ask for are put aside: nothing is padded, and a text is cut on the right to `max_length` with its
//! special tokens counted. The cut is made here, because the library's own stops early and cannot say whether a text
//! was cut.

mod vocabulary;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokenizers::{Model, ModelWrapper};

use words::Words;

use crate::error::{CorpusError, Result};

/// Texts that are encoded at a time; the library's encodings are far larger than the ids they hold.
const CHUNK: usize = 4096;
/// What continues a word in the vocabularies of BERT.
const CONTINUATION: &str = "##";

/// A tokenizer and the length it cuts to.
pub struct Tokenizer {
    file: PathBuf,
    inner: tokenizers::Tokenizer,
    max_length: usize,
    vocab_size: usize,
    unknown_id: Option<u32>,
    first_id: u32,
    last_id: u32,
    continues_word: Vec<bool>,
    /// What is known of words, where a text is the sum of its own.
    words: Option<Mutex<Words>>,
}

/// The tokens of many texts, flat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encodings {
    /// All tokens, text after text: `[CLS] … [SEP]`.
    pub input_ids: Vec<i32>,
    /// Where each text begins in `input_ids`, and the end of the last: (n_texts + 1).
    pub offsets: Vec<usize>,
    /// Texts that were cut.
    pub n_truncated: usize,
    /// Words and punctuation marks, as the tokenizer splits them.
    pub n_words: usize,
    /// Those of them that the vocabulary cannot spell.
    pub n_unknown_words: usize,
}

impl Encodings {
    /// How many texts there are.
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

impl Tokenizer {
    /// The file of a model folder that defines its tokenizer: `tokenizer.json`, else `vocab.txt`.
    pub fn defining_file(model_folder: &Path) -> Option<PathBuf> {
        ["tokenizer.json", "vocab.txt"].map(|name| model_folder.join(name)).into_iter().find(|file| file.is_file())
    }

    /// Opens the tokenizer of a model folder, to cut texts to `max_length` tokens.
    ///
    /// # Errors
    /// Fails when there is none, it cannot be read, it does not frame a text with two special tokens, or `max_length`
    /// leaves no room between them.
    pub fn open(model_folder: &Path, max_length: usize) -> Result<Self> {
        let fail = |file: &Path, problem: String| CorpusError::Tokenizer { file: file.to_owned(), problem };
        let Some(file) = Self::defining_file(model_folder) else {
            let problem = "there is neither tokenizer.json nor vocab.txt in the folder".to_owned();
            return Err(fail(model_folder, problem));
        };
        let inner = if file.ends_with("vocab.txt") { vocabulary::open(&file)? } else { open_json(&file)? };
        if max_length < 3 {
            return Err(fail(
                &file,
                format!("a maximal length of {max_length} has no room for [CLS], a token and [SEP]"),
            ));
        }
        Self::new(file, inner, max_length)
    }

    fn new(file: PathBuf, mut inner: tokenizers::Tokenizer, max_length: usize) -> Result<Self> {
        let fail = |problem: String| CorpusError::Tokenizer { file: file.clone(), problem };
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| fail(error.to_string()))?;
        let frame = inner.encode_fast("", true).map_err(|error| fail(error.to_string()))?;
        let &[first_id, last_id] = frame.get_ids() else {
            let n = frame.get_ids().len();
            return Err(fail(format!(
                "it adds {n} special tokens to a text; expected [CLS] before and [SEP] after it"
            )));
        };
        let vocabulary = inner.get_vocab(true);
        let vocab_size = vocabulary.values().max().map_or(0, |&id| id as usize + 1);
        if i32::try_from(vocab_size).is_err() || vocab_size > vocabulary.len().saturating_mul(64) {
            return Err(fail(format!("its largest id, {}, is beyond any vocabulary", vocab_size.saturating_sub(1))));
        }
        let mut continues_word = vec![false; vocab_size];
        for (_, id) in vocabulary.iter().filter(|(token, _)| token.starts_with(CONTINUATION)) {
            continues_word[*id as usize] = true;
        }
        let unknown = match inner.get_model() {
            ModelWrapper::WordPiece(model) => Some(model.unk_token.clone()),
            ModelWrapper::WordLevel(model) => Some(model.unk_token.clone()),
            ModelWrapper::BPE(model) => model.get_unk_token().clone(),
            ModelWrapper::Unigram(_) => None,
        };
        let unknown_id = unknown.and_then(|unknown| inner.token_to_id(&unknown));
        if let ModelWrapper::WordPiece(model) = inner.get_model()
            && model.token_to_id(&model.unk_token).is_none()
        {
            return Err(fail(format!("the unknown token {} is not in the vocabulary", model.unk_token)));
        }
        let words = words::sum_up(&inner).then(Mutex::default);
        Ok(Self { inner, max_length, vocab_size, unknown_id, first_id, last_id, continues_word, words, file })
    }

    /// The file that defines this tokenizer.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// One more than the largest id: what the embedding must at least have.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The id that stands for words the vocabulary cannot spell.
    pub fn unknown_id(&self) -> Option<u32> {
        self.unknown_id
    }

    /// The length that texts are cut to, special tokens counted.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Encodes texts on all cores; the order and the result do not depend on how many there are.
    ///
    /// # Errors
    /// Fails when the tokenizer's own rules fail on a text.
    pub fn encode<S: AsRef<str>>(&self, texts: &[S]) -> Result<Encodings> {
        let mut encodings = Encodings { offsets: vec![0], ..Encodings::default() };
        for chunk in texts.chunks(CHUNK) {
            let inputs: Vec<&str> = chunk.iter().map(AsRef::as_ref).collect();
            match &self.words {
                Some(words) => {
                    // A panic in between leaves at most words that are asked for again.
                    let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                    self.sum_up(&mut words, &inputs, &mut encodings)?;
                }
                None => {
                    let encoded = guarded(&self.file, || self.inner.encode_batch_fast(inputs, false))?;
                    encoded.iter().for_each(|encoding| self.append(encoding.get_ids(), &mut encodings));
                }
            }
        }
        Ok(encodings)
    }

    fn sum_up(&self, words: &mut Words, texts: &[&str], encodings: &mut Encodings) -> Result<()> {
        words.learn(texts, |unknown| guarded(&self.file, || self.inner.encode_batch_fast(unknown, false)))?;
        let mut ids = Vec::new();
        for text in texts {
            words.spell(text, &mut ids);
            self.append(&ids, encodings);
        }
        Ok(())
    }

    /// Appends a text: its ids without the frame.
    fn append(&self, body: &[u32], encodings: &mut Encodings) {
        let kept = body.len().min(self.max_length - 2);
        encodings.n_truncated += usize::from(kept < body.len());
        let body = &body[..kept];
        encodings.n_words += body.iter().filter(|&&id| !self.continues_word[id as usize]).count();
        encodings.n_unknown_words += body.iter().filter(|&&id| Some(id) == self.unknown_id).count();
        encodings.input_ids.push(self.first_id as i32);
        encodings.input_ids.extend(body.iter().map(|&id| id as i32));
        encodings.input_ids.push(self.last_id as i32);
        encodings.offsets.push(encodings.input_ids.len());
    }
}

fn open_json(file: &Path) -> Result<tokenizers::Tokenizer> {
    let bytes = std::fs::read(file).map_err(|source| CorpusError::Read { file: file.to_owned(), source })?;
    guarded(file, || tokenizers::Tokenizer::from_bytes(&bytes))
}

/// Runs the library so that even its panic on a crafted file is only an error about it.
fn guarded<T>(file: &Path, run: impl FnOnce() -> tokenizers::Result<T>) -> Result<T> {
    let fail = |problem: String| CorpusError::Tokenizer { file: file.to_owned(), problem };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| fail(error.to_string())),
        Err(_) => Err(fail("the library gave up on it; the file is damaged".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nit\nwork\n##s\n.\nIt\ncafe\ncafé\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            OpenOptions::new().create_new(true).write(true).open(path).unwrap().write_all(content.as_bytes()).unwrap();
        }
        folder
    }

    fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<i32> {
        tokenizer.encode(&[text]).unwrap().input_ids
    }

    #[test]
    fn a_vocabulary_is_a_tokenizer() {
        let folder = folder(&[("vocab.txt", VOCABULARY)]);
        let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
        assert_eq!((tokenizer.vocab_size(), tokenizer.unknown_id()), (12, Some(1)));
        assert_eq!(ids(&tokenizer, "It works."), [2, 5, 6, 7, 8, 3]);
        assert_eq!(ids(&tokenizer, "Café xyzzy [SEP]"), [2, 10, 1, 3, 3]);
        assert_eq!(ids(&tokenizer, ""), [2, 3]);
    }

    /// Texts with everything that a part might be thought to look beyond: accents in two code points, a final sigma, tabs,
    /// Chinese characters, special tokens, words without a spelling, spaces in a row.
    #[test]
    fn a_text_is_the_sum_of_its_parts() {
        let folder = folder(&[("vocab.txt", VOCABULARY)]);
        let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
        assert!(tokenizer.words.is_some());
        let pieces = [
            "it",
            "works.",
            " ",
            "cafe\u{301}",
            "\u{301}it",
            "ΟΔΟΣ",
            "\tit",
            "中it",
            "[SEP]",
            "it[MASK].",
            "\u{a0}",
            "…",
        ];
        let mut texts = vec![String::new()];
        for length in 1..4 {
            for first in 0..pieces.len() {
                let place = |at: usize| pieces[(first * 7 + at * at * 5 + at * length) % pieces.len()];
                texts.push((0..length + 2).map(place).collect::<Vec<_>>().join(" "));
            }
        }
        let ours = tokenizer.encode(&texts).unwrap();
        for (i, text) in texts.iter().enumerate() {
            let whole = tokenizer.inner.encode_fast(text.as_str(), true).unwrap();
            let whole: Vec<i32> = whole.get_ids().iter().map(|&id| id as i32).collect();
            assert_eq!(ours.input_ids(i), whole, "{text:?}");
        }
    }

    #[test]
    fn the_configuration_beside_the_vocabulary_counts() {
        let folder = folder(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"do_lower_case": false}"#)]);
        let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
        assert_eq!(ids(&tokenizer, "It it café"), [2, 9, 5, 11, 3]);
    }

    #[test]
    fn texts_are_cut_on_the_right_and_counted() {
        let folder = folder(&[("vocab.txt", VOCABULARY)]);
        let tokenizer = Tokenizer::open(folder.path(), 5).unwrap();
        let encodings = tokenizer.encode(&["it works . it", "it works", "xyzzy . it"]).unwrap();
        assert_eq!(encodings.input_ids, [2, 5, 6, 7, 3, 2, 5, 6, 7, 3, 2, 1, 8, 5, 3]);
        assert_eq!(encodings.offsets, [0, 5, 10, 15]);
        assert_eq!((encodings.n_truncated, encodings.n_words, encodings.n_unknown_words), (1, 7, 1));
        assert_eq!(encodings.input_ids(2), [2, 1, 8, 5, 3]);
    }

    #[test]
    fn tokenizer_json_comes_first_and_its_padding_is_put_aside() {
        let json = r###"{"version": "1.0", "added_tokens": [], "decoder": null,
            "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
            "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
                        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                           "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": {"[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "it": 5}}}"###;
        let with_json = folder(&[("tokenizer.json", json), ("vocab.txt", VOCABULARY)]);
        let tokenizer = Tokenizer::open(with_json.path(), 512).unwrap();
        assert_eq!(ids(&tokenizer, "It it it works"), [2, 5, 5, 5, 1, 3]);
        assert_eq!(tokenizer.vocab_size(), 6);

        let bare = json.replace(r#"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#, "null");
        let error = Tokenizer::open(folder(&[("tokenizer.json", &bare)]).path(), 512).err().unwrap().to_string();
        assert!(error.ends_with("it adds 0 special tokens to a text; expected [CLS] before and [SEP] after it"));
    }

    #[test]
    fn what_cannot_be_a_tokenizer_is_refused() {
        let problem = |files: &[(&str, &str)], max_length| {
            let folder = folder(files);
            let error = Tokenizer::open(folder.path(), max_length).err().unwrap().to_string();
            error.replace(&folder.path().display().to_string(), "DIR")
        };
        assert_eq!(problem(&[], 8), "the tokenizer DIR: there is neither tokenizer.json nor vocab.txt in the folder");
        assert_eq!(
            problem(&[("vocab.txt", "it\n[CLS]\n[UNK]\n")], 8),
            "the tokenizer DIR/vocab.txt: the vocabulary has no [SEP]"
        );
        assert_eq!(
            problem(&[("vocab.txt", VOCABULARY)], 2),
            "the tokenizer DIR/vocab.txt: a maximal length of 2 has no room for [CLS], a token and [SEP]"
        );
        assert!(problem(&[("tokenizer.json", "{}")], 8).starts_with("the tokenizer DIR/tokenizer.json: "));
        assert!(
            problem(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", "[")], 8).contains("tokenizer_config.json")
        );
    }
}
