//! Tokenizer loading: from the files of a model folder to a tokenizer, by the rules of Transformers.
//!
//! With BERT's rules `tokenizer.json` gives its vocabulary and added tokens, and all else comes from `tokenizer_config.json` and
//! from defaults, as with `vocab.txt`; what it says otherwise is passed over, and said ([`differences`]). Source:
//! `BertTokenizer` and `TokenizersBackend` of Transformers 5.23.

use std::path::{Path, PathBuf};

use ahash::AHashMap;
use checkpoint::{TOKENIZER_CONFIG, TOKENIZER_JSON, VOCAB_TXT};
use serde_json::{Map, Value};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{ModelWrapper, Tokenizer};

use super::class::{self, Rules};
use super::differences::differences;
use super::files::{self, TokenizerFiles};
use super::special_tokens::SpecialTokens;
use super::tokenizer_json::TokenizerJson;
use super::truncation::TruncationSide;
use crate::catch_panic::catch_panic;
use crate::error::Result;

/// Ids a token of the vocabulary, at most: beyond it, a file is damaged.
pub(super) const MAX_GAPS: usize = 64;

/// Characters of a word that is taken apart, at most; Transformers' default is 100.
const MAX_WORD: usize = 1000;

/// What a folder says of its tokenizer beside the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerFacts {
    /// The side on which long texts are cut.
    pub truncation_side: TruncationSide,
    /// What a reader of the vocabulary file alone would not expect: rules that other files change, tokens that they add.
    pub said: Vec<String>,
}

/// A tokenizer and what the files say besides.
pub(super) struct Loaded {
    /// The file that defines it.
    pub(super) file: PathBuf,
    pub(super) inner: Tokenizer,
    /// Tokens that have an id only because every BERT tokenizer has them: the model may have no row for it.
    pub(super) by_default: Vec<String>,
    /// The id of `[PAD]`.
    pub(super) pad_id: Option<u32>,
    pub(super) facts: TokenizerFacts,
}

/// Loads the tokenizer of a model folder.
///
/// # Errors
/// Fails, naming file and key, on what cannot be read, is not supported, or contradicts itself.
pub(super) fn load(folder: &Path) -> Result<Loaded> {
    let mut files = TokenizerFiles::read(folder)?;
    let (rules, said) = class::rules(&files)?;
    refuse_versions(&files)?;
    let tokens = SpecialTokens::collect(&files, rules)?;
    let mut inner = match rules {
        Rules::Bert => bert(&mut files, &tokens)?,
        Rules::AsWritten => as_written(&files)?,
    };
    let model_size = inner.get_vocab_size(false);
    let add = catch_panic(|| inner.add_tokens(tokens.to_add.iter().cloned()));
    add.map_err(|problem| files.error(files.defining, problem))?;
    if rules == Rules::Bert {
        surround(&files, &mut inner, &tokens)?;
    }
    inner.set_encode_special_tokens(files.flag("split_special_tokens")?.unwrap_or(false));
    let is_added = |content: &str| inner.token_to_id(content).is_some_and(|id| id as usize >= model_size);
    let by_default = tokens.to_add.iter().map(|token| &token.content);
    let by_default = by_default.filter(|content| tokens.is_by_default(content) && is_added(content)).cloned().collect();
    let said = said.into_iter().chain(differences(&files, rules, &inner, &tokens)).collect();
    let pad_id = tokens.named("pad_token").and_then(|token| inner.token_to_id(token));
    let facts = TokenizerFacts { truncation_side: truncation_side(&files)?, said };
    Ok(Loaded { file: files.path(files.defining), inner, by_default, pad_id, facts })
}

/// Several versions of `tokenizer.json` for several versions of Transformers: which one is meant is not known here.
fn refuse_versions(files: &TokenizerFiles) -> Result<()> {
    match files.config.get("fast_tokenizer_files") {
        Some(Value::Array(names)) if names.len() > 1 => {
            let problem = "fast_tokenizer_files names several files; leave the one that is meant, as tokenizer.json";
            Err(files.error(TOKENIZER_CONFIG, problem))
        }
        _ => Ok(()),
    }
}

/// `tokenizer.json`, all of it.
fn as_written(files: &TokenizerFiles) -> Result<Tokenizer> {
    let bytes = files.json.as_ref().map_or(&[][..], |file| &file.bytes);
    let fail = |problem| files.error(TOKENIZER_JSON, problem);
    let tokenizer = catch_panic(|| Tokenizer::from_bytes(bytes)).map_err(fail)?;
    match tokenizer.get_model() {
        ModelWrapper::WordPiece(model) if model.max_input_chars_per_word > MAX_WORD => Err(fail(format!(
            "max_input_chars_per_word is {}, and a word takes time by the cube of its length; expected at most {MAX_WORD}",
            model.max_input_chars_per_word
        ))),
        _ => Ok(tokenizer),
    }
}

/// BERT's tokenizer over the vocabulary of the folder.
fn bert(files: &mut TokenizerFiles, tokens: &SpecialTokens) -> Result<Tokenizer> {
    let ids = files.json.as_mut().and_then(|file| file.vocabulary.take());
    let files = &*files;
    let vocabulary = match &files.json {
        Some(TokenizerJson { json, .. }) => vocabulary(files, json, ids)?,
        None => {
            let bytes = files::bytes(&files.path(VOCAB_TXT))?;
            WordPiece::read_bytes(&bytes).map_err(|error| files.error(VOCAB_TXT, error.to_string()))?
        }
    };
    let fail = |problem: String| files.error(files.defining, problem);
    let unknown = tokens.named("unk_token").unwrap_or_default();
    for token in [unknown].into_iter().chain(["cls_token", "sep_token"].into_iter().filter_map(|key| tokens.named(key)))
    {
        // One that a file names is added, with an id of its own.
        let is_there = vocabulary.contains_key(token) || (!tokens.is_by_default(token) && token != unknown);
        if !is_there {
            return Err(fail(format!("the vocabulary has no {token}")));
        }
    }
    let model = WordPiece::builder().vocab(vocabulary).unk_token(unknown.to_owned()).build();
    let mut tokenizer = Tokenizer::new(model.map_err(|error| fail(error.to_string()))?);
    let handle_chinese_chars = files.flag("tokenize_chinese_chars")?.unwrap_or(true);
    let lowercase = files.flag("do_lower_case")?.unwrap_or(true);
    let normalizer = BertNormalizer::new(true, handle_chinese_chars, files.flag("strip_accents")?, lowercase);
    tokenizer.with_normalizer(Some(normalizer)).map_err(|error| fail(error.to_string()))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    Ok(tokenizer)
}

/// The vocabulary in `tokenizer.json`, all of which is read by its own rules, too, so that damage is told.
fn vocabulary(
    files: &TokenizerFiles,
    json: &Map<String, Value>,
    ids: Option<AHashMap<String, u32>>,
) -> Result<AHashMap<String, u32>> {
    let fail = |problem: String| files.error(TOKENIZER_JSON, problem);
    let model =
        json.get("model").and_then(Value::as_object).ok_or_else(|| fail("it has no object `model`".to_owned()))?;
    if let Some(kind) = model.get("type").and_then(Value::as_str).filter(|kind| *kind != "WordPiece") {
        return Err(fail(format!(
            "its model is {kind}, but the folder's tokenizer is one of BERT, which is WordPiece; if tokenizer.json is right, \
             write \"tokenizer_class\": \"PreTrainedTokenizerFast\" into {TOKENIZER_CONFIG}"
        )));
    }
    let Some(vocabulary) = ids else {
        let is_id = |id: &Value| id.as_u64().is_some_and(|id| u32::try_from(id).is_ok());
        let wrong = model.get("vocab").and_then(Value::as_object).and_then(|ids| ids.iter().find(|(_, id)| !is_id(id)));
        return Err(fail(match wrong {
            Some((token, id)) => format!("vocab: \"{token}\" is {id}; expected an id"),
            None => "its model has no object `vocab`".to_owned(),
        }));
    };
    let largest = vocabulary.values().max().copied().unwrap_or_default();
    if largest as usize > vocabulary.len().saturating_mul(MAX_GAPS) {
        return Err(fail(format!("its largest id, {largest}, is beyond any vocabulary")));
    }
    let without = |object: &Map<String, Value>, key: &str, value: Value| -> Map<String, Value> {
        let rest = object.iter().filter(|(name, _)| *name != key && *name != "model");
        rest.map(|(name, value)| (name.clone(), value.clone())).chain([(key.to_owned(), value)]).collect()
    };
    let mut rest = without(json, "added_tokens", Value::Array(Vec::new()));
    rest.insert("model".to_owned(), without(model, "vocab", Value::Object(Map::new())).into());
    let rest = Value::Object(rest).to_string();
    let encode_nothing = || {
        let mut tokenizer = Tokenizer::from_bytes(rest.as_bytes())?;
        // To which length a text is padded has no say, and may be beyond all memory.
        tokenizer.with_padding(None).with_truncation(None)?;
        tokenizer.encode_fast("", true)
    };
    catch_panic(encode_nothing).map_err(fail)?;
    Ok(vocabulary)
}

/// Puts `[CLS]` before and `[SEP]` after a text.
fn surround(files: &TokenizerFiles, tokenizer: &mut Tokenizer, tokens: &SpecialTokens) -> Result<()> {
    let fail = |problem: String| files.error(files.defining, problem);
    let token = |key: &str| {
        let token = tokens.named(key).unwrap_or_default().to_owned();
        let id = tokenizer.token_to_id(&token).ok_or_else(|| fail(format!("the vocabulary has no {token}")))?;
        Ok((token, id))
    };
    let (cls, sep) = (token("cls_token")?, token("sep_token")?);
    tokenizer.with_post_processor(Some(BertProcessing::new(sep, cls)));
    Ok(())
}

fn truncation_side(files: &TokenizerFiles) -> Result<TruncationSide> {
    let in_json = || files.json.as_ref()?.json.get("truncation")?.get("direction");
    match files.config.get("truncation_side").filter(|side| !side.is_null()) {
        Some(side) => match side.as_str() {
            Some("right") => Ok(TruncationSide::Right),
            Some("left") => Ok(TruncationSide::Left),
            _ => {
                Err(files.error(TOKENIZER_CONFIG, format!("truncation_side is {side}; expected \"right\" or \"left\"")))
            }
        },
        None if in_json().and_then(Value::as_str) == Some("Left") => Ok(TruncationSide::Left),
        None => Ok(TruncationSide::Right),
    }
}
