//! Special and added tokens: which the files of a folder name, under which flags, and in which order they are added.
//!
//! Source: `from_pretrained` and the initializers of Transformers 5.23. Added tokens are those that `tokenizer_config.json` lists
//! (`added_tokens_decoder`); where it lists none, those of `added_tokens.json` and then of `tokenizer.json`, and
//! `special_tokens_map.json` has the last word on special tokens. They are added by the number that the list gives them, and then
//! the special tokens that are not among them.

use std::collections::BTreeMap;

use checkpoint::{ADDED_TOKENS, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, TOKENIZER_JSON};
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::class::Rules;
use super::files::TokenizerFiles;
use crate::error::Result;

/// The keys of the special tokens that every tokenizer may have, in the reference's order, and what BERT's are called by default.
pub(super) const NAMED: [(&str, Option<&str>); 7] = [
    ("bos_token", None),
    ("eos_token", None),
    ("unk_token", Some("[UNK]")),
    ("sep_token", Some("[SEP]")),
    ("pad_token", Some("[PAD]")),
    ("cls_token", Some("[CLS]")),
    ("mask_token", Some("[MASK]")),
];

/// The key of special tokens that have no key of their own, and what it was called before.
const EXTRA: &str = "extra_special_tokens";
const ADDITIONAL: &str = "additional_special_tokens";
/// The key of special tokens that a model of another kind has, by their names.
const OWN: &str = "model_specific_special_tokens";

/// The tokens of a folder beside its vocabulary.
pub(super) struct SpecialTokens {
    /// Special tokens by key.
    named: Vec<(String, AddedToken)>,
    /// Keys of those that no file names.
    by_default: Vec<&'static str>,
    /// All tokens to add, in their order.
    pub(super) to_add: Vec<AddedToken>,
}

impl SpecialTokens {
    /// Collects the tokens of a folder.
    ///
    /// # Errors
    /// Fails, naming file and key, where a token is written in a way that is not known.
    pub(super) fn collect(files: &TokenizerFiles, rules: Rules) -> Result<Self> {
        let settings = settings(files);
        let listed = listed(files, &settings)?;
        let find = |token: AddedToken| {
            let listed = listed.values().rev().find(|listed| listed.content == token.content);
            listed.cloned().unwrap_or(token)
        };
        let (mut named, mut by_default) = (Vec::new(), Vec::new());
        for (key, default) in NAMED {
            match (settings.get(key), default) {
                // One that is null is none, unlike one that no file names.
                (Some(Value::Null), Some(default)) if rules == Rules::Bert => refuse_null(files, key, default)?,
                (Some(Value::Null), _) => {}
                (Some(value), _) => named.push((key.to_owned(), find(special(files, key, value)?))),
                (None, Some(default)) if rules == Rules::Bert => {
                    by_default.push(key);
                    named.push((key.to_owned(), AddedToken::from(default, true)));
                }
                _ => {}
            }
        }
        let is_general = |key: &str| NAMED.iter().any(|(name, _)| *name == key);
        let is_own = |key: &str, value: &Value| {
            let is_token = value.is_string() || value.get("__type").is_some_and(|kind| kind == "AddedToken");
            key.ends_with("_token") && !is_general(key) && is_token
        };
        for (key, value) in settings.iter().filter(|(key, value)| is_own(key, value)) {
            named.push((key.clone(), special(files, key, value)?));
        }
        for (key, value) in own_tokens(files)? {
            named.push((key.clone(), special(files, key, value)?));
        }
        let mut extra = Vec::new();
        match extra_tokens(&settings) {
            (_, Value::Null) => {}
            (key, Value::Array(tokens)) => {
                for value in tokens {
                    extra.push(special(files, key, value)?);
                }
            }
            (_, Value::Object(tokens)) => {
                for (key, value) in tokens {
                    named.push((key.clone(), special(files, key, value)?));
                }
            }
            (key, other) => {
                let key = as_written(files, key);
                return Err(files.error(written_in(files, key), format!("{key} is {other}; expected a list of tokens")));
            }
        }
        let mut to_add: Vec<AddedToken> = listed.into_values().collect();
        for token in named.iter().map(|(_, token)| token).chain(&extra) {
            if !to_add.iter().any(|other| other.content == token.content) {
                to_add.push(token.clone());
            }
        }
        for token in &mut to_add {
            token.special |= named.iter().any(|(_, named)| named.content == token.content);
        }
        Ok(Self { named, by_default, to_add })
    }

    /// The special token with this key.
    pub(super) fn named(&self, key: &str) -> Option<&str> {
        self.named.iter().find(|(name, _)| name == key).map(|(_, token)| token.content.as_str())
    }

    /// Whether a token is there by default alone.
    pub(super) fn is_by_default(&self, content: &str) -> bool {
        self.by_default.iter().any(|key| self.named(key) == Some(content))
    }
}

/// `tokenizer_config.json`, and over it `special_tokens_map.json`. Extra tokens may have the key of older versions.
fn settings(files: &TokenizerFiles) -> Map<String, Value> {
    let mut settings = files.config.clone();
    if settings.get(EXTRA).is_none_or(is_empty)
        && let Some(tokens) = settings.remove(ADDITIONAL)
    {
        settings.insert(EXTRA.to_owned(), tokens);
    }
    for (key, value) in &files.special_tokens_map {
        let merged = match (key.as_str(), value, settings.get(key)) {
            (EXTRA, Value::Array(more), Some(Value::Array(tokens))) => {
                let more = more.iter().filter(|token| !tokens.contains(token));
                Value::Array(tokens.iter().chain(more).cloned().collect())
            }
            _ => value.clone(),
        };
        settings.insert(key.clone(), merged);
    }
    settings
}

/// Refuses a special token that is null, where texts get other ids than any model was trained with: Transformers 5.23 puts the ids 2
/// and 3 around them without `[CLS]` and `[SEP]`. `[MASK]` is in no text by itself, so there may be none.
fn refuse_null(files: &TokenizerFiles, key: &str, default: &str) -> Result<()> {
    if key == "mask_token" {
        return Ok(());
    }
    let problem = format!(
        "{key} is null, and a BERT needs one; name the token of the vocabulary, or leave the key out, which means {default}"
    );
    Err(files.error(written_in(files, key), problem))
}

/// The file that has the last word on a key.
fn written_in(files: &TokenizerFiles, key: &str) -> &'static str {
    if files.special_tokens_map.contains_key(key) { SPECIAL_TOKENS_MAP } else { TOKENIZER_CONFIG }
}

/// The special tokens of the model's own that `tokenizer_config.json` has under one key. It counts only where the file names none
/// of them besides: the reference writes each twice.
fn own_tokens(files: &TokenizerFiles) -> Result<impl Iterator<Item = (&String, &Value)>> {
    let is_named = |(key, value): (&String, &Value)| {
        key.ends_with("_token") && value.is_string() && NAMED.iter().all(|(name, _)| name != key)
    };
    let is_listed = files.config.get(EXTRA).and_then(Value::as_object).is_some_and(|tokens| !tokens.is_empty());
    let tokens = match files.config.get(OWN) {
        _ if is_listed || files.config.iter().any(is_named) => None,
        None | Some(Value::Null) => None,
        Some(Value::Object(tokens)) => Some(tokens),
        Some(other) => {
            return Err(
                files.error(TOKENIZER_CONFIG, format!("{OWN} is {other}; expected an object of tokens by name"))
            );
        }
    };
    Ok(tokens.into_iter().flatten())
}

/// Special tokens without a key of their own, and the key that lists them.
fn extra_tokens(settings: &Map<String, Value>) -> (&'static str, &Value) {
    let of = |key: &'static str| settings.get(key).map(|value| (key, value));
    of(EXTRA).or_else(|| of(ADDITIONAL)).unwrap_or((EXTRA, &Value::Null))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(tokens) => tokens.is_empty(),
        Value::Object(tokens) => tokens.is_empty(),
        other => other.is_null(),
    }
}

/// The added tokens that the files list, by their numbers.
fn listed(files: &TokenizerFiles, settings: &Map<String, Value>) -> Result<BTreeMap<u64, AddedToken>> {
    let mut listed = BTreeMap::new();
    match settings.get("added_tokens_decoder") {
        Some(Value::Object(tokens)) => {
            for (id, value) in tokens {
                let token = value.as_object().and_then(|fields| written(fields, false)).zip(id.parse().ok());
                let Some((token, id)) = token else {
                    let problem =
                        format!("added_tokens_decoder: \"{id}\" is {value}; expected a token with its content");
                    return Err(files.error(TOKENIZER_CONFIG, problem));
                };
                listed.insert(id, token);
            }
            return Ok(listed);
        }
        Some(other) => {
            let problem = format!("added_tokens_decoder is {other}; expected an object of tokens by id");
            return Err(files.error(TOKENIZER_CONFIG, problem));
        }
        None => {}
    }
    // Transformers compares with what the keys hold, so that one that is an object is none of the special tokens here.
    let is_special = |token: &str| {
        let named = NAMED.iter().filter_map(|(key, _)| settings.get(*key)?.as_str());
        let extra = settings.get(EXTRA).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        named.chain(extra).any(|special| special == token)
    };
    for (token, id) in &files.added_tokens {
        let Some(id) = id.as_u64() else {
            return Err(files.error(ADDED_TOKENS, format!("{token} is {id}; expected the id of the token")));
        };
        listed.insert(id, AddedToken::from(token.clone(), is_special(token)));
    }
    let in_json = files.json.as_ref().and_then(|file| file.json.get("added_tokens"));
    for value in in_json.and_then(Value::as_array).into_iter().flatten() {
        let token = value.as_object().and_then(|fields| written(fields, false));
        let Some((token, id)) = token.zip(value.get("id").and_then(Value::as_u64)) else {
            return Err(files.error(TOKENIZER_JSON, format!("added_tokens has {value}; expected a token with its id")));
        };
        listed.insert(id, token);
    }
    Ok(listed)
}

/// A special token: a text, or an object with its `content`.
fn special(files: &TokenizerFiles, key: &str, value: &Value) -> Result<AddedToken> {
    let token = match value {
        Value::String(content) => Some(AddedToken::from(content.clone(), true)),
        Value::Object(fields) => written(fields, true),
        _ => None,
    };
    token.ok_or_else(|| {
        let key = as_written(files, key);
        files.error(written_in(files, key), format!("{key} is {value}; expected a token"))
    })
}

/// The key of extra tokens as the files spell it, which may be that of older versions.
fn as_written<'a>(files: &TokenizerFiles, key: &'a str) -> &'a str {
    let has = |key: &str| {
        files.config.get(key).is_some_and(|value| !is_empty(value)) || files.special_tokens_map.contains_key(key)
    };
    if key == EXTRA && !has(EXTRA) && has(ADDITIONAL) { ADDITIONAL } else { key }
}

/// A token with its flags.
fn written(fields: &Map<String, Value>, special: bool) -> Option<AddedToken> {
    let flag = |key: &str| fields.get(key).and_then(Value::as_bool);
    let special = flag("special").unwrap_or(special);
    Some(AddedToken {
        content: fields.get("content")?.as_str()?.to_owned(),
        single_word: flag("single_word").unwrap_or(false),
        lstrip: flag("lstrip").unwrap_or(false),
        rstrip: flag("rstrip").unwrap_or(false),
        normalized: flag("normalized").unwrap_or(!special),
        special,
    })
}

/// The text of a token, which is that or an object with its `content`.
pub(super) fn content(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("content")?.as_str())
}
