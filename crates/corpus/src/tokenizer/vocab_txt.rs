//! `vocab.txt`: a BERT tokenizer from the vocabulary alone, for checkpoints older than `tokenizer.json`.
//!
//! The rules are those of BERT; `tokenizer_config.json` beside the vocabulary may change them. Source: the converter
//! for `BertTokenizer` in Transformers' `convert_slow_tokenizer.py`.

use std::path::Path;

use serde_json::{Map, Value};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::error::{CorpusError, Result};

pub(super) fn open(file: &Path) -> Result<Tokenizer> {
    let fail = |problem: String| CorpusError::Tokenizer { file: file.to_owned(), problem };
    let config = config(&file.with_file_name("tokenizer_config.json"))?;
    let flag = |key: &str, default: bool| config.get(key).and_then(Value::as_bool).unwrap_or(default);
    let token = |key: &str, default: &str| special_token(config.get(key)).unwrap_or(default).to_owned();

    let bytes = std::fs::read(file).map_err(|source| CorpusError::Read { file: file.to_owned(), source })?;
    let vocabulary = WordPiece::read_bytes(&bytes).map_err(|error| fail(error.to_string()))?;
    let id = |token: &str| vocabulary.get(token).copied().ok_or_else(|| fail(format!("the vocabulary has no {token}")));
    let (unknown, cls, sep) = (token("unk_token", "[UNK]"), token("cls_token", "[CLS]"), token("sep_token", "[SEP]"));
    id(&unknown)?;
    let template = TemplateProcessing::builder()
        .try_single(format!("{cls} $A {sep}"))
        .map_err(&fail)?
        .special_tokens(vec![(cls.clone(), id(&cls)?), (sep.clone(), id(&sep)?)])
        .build()
        .map_err(|error| fail(error.to_string()))?;
    let special = [&unknown, &cls, &sep, &token("pad_token", "[PAD]"), &token("mask_token", "[MASK]")]
        .into_iter()
        .filter(|token| vocabulary.contains_key(token.as_str()))
        .map(|token| AddedToken::from(token.clone(), true))
        .collect::<Vec<_>>();

    let model = WordPiece::builder().vocab(vocabulary).unk_token(unknown).build();
    let mut tokenizer = Tokenizer::new(model.map_err(|error| fail(error.to_string()))?);
    let lowercase = flag("do_lower_case", true);
    let strip_accents = config.get("strip_accents").and_then(Value::as_bool);
    let normalizer = BertNormalizer::new(true, flag("tokenize_chinese_chars", true), strip_accents, lowercase);
    tokenizer.with_normalizer(Some(normalizer)).map_err(|error| fail(error.to_string()))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_post_processor(Some(template));
    tokenizer.add_special_tokens(special).map_err(|error| fail(error.to_string()))?;
    Ok(tokenizer)
}

fn config(file: &Path) -> Result<Map<String, Value>> {
    if !file.exists() {
        return Ok(Map::new());
    }
    let bytes = std::fs::read(file).map_err(|source| CorpusError::Read { file: file.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|error| CorpusError::Tokenizer {
        file: file.to_owned(),
        problem: format!("expected a JSON object: {error}"),
    })
}

/// A special token is written as text, or as an object with its `content`.
fn special_token(value: Option<&Value>) -> Option<&str> {
    value.and_then(|value| value.as_str().or_else(|| value.get("content")?.as_str()))
}
