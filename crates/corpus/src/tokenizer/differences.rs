//! Differences: where a tokenizer gives other ids than its vocabulary file would give alone.
//!
//! A `tokenizer.json` looks complete, and is passed over in part; added tokens come from several files. Whoever reads one file
//! only is told what else counts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokenizers::{AddedToken, ModelWrapper, Tokenizer};

use super::behavior::unwrapped;
use super::class::Rules;
use super::files::TokenizerFiles;
use super::special_tokens::{NAMED, SpecialTokens, content};
use super::tokenizer_json::TokenizerJson;

/// Tokens that are named; of more only the number is said.
const MAX_NAMED: usize = 5;

/// The differences, in words; none where the vocabulary file says it all.
pub(super) fn differences(
    files: &TokenizerFiles,
    rules: Rules,
    tokenizer: &Tokenizer,
    tokens: &SpecialTokens,
) -> Vec<String> {
    let rules = if rules == Rules::Bert { of_rules(files, tokenizer, tokens) } else { Vec::new() };
    let mut said = Vec::new();
    if !rules.is_empty() {
        said.push(format!(
            "of tokenizer.json only vocabulary and added tokens count, as in Transformers; the rules of BERT and \
             tokenizer_config.json say {}",
            rules.join(", ")
        ));
    }
    let found: BTreeMap<u32, AddedToken> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    let expected = expected(files, tokenizer);
    let other = found.iter().filter(|(id, token)| expected.get(id).is_none_or(|expected| !is_same(expected, token)));
    let other: Vec<&str> = other.map(|(_, token)| token.content.as_str()).collect();
    if !other.is_empty() {
        said.push(format!("added beside {}: {}", files.defining, names(&other)));
    }
    let gone = expected.iter().filter(|(id, _)| !found.contains_key(id)).map(|(_, token)| token.content.as_str());
    let gone: Vec<&str> = gone.collect();
    if !gone.is_empty() {
        said.push(format!("no added tokens by the other files, though {} has them: {}", files.defining, names(&gone)));
    }
    said
}

/// Rules of `tokenizer.json` that are passed over.
fn of_rules(files: &TokenizerFiles, tokenizer: &Tokenizer, tokens: &SpecialTokens) -> Vec<String> {
    let Some(TokenizerJson { json, .. }) = &files.json else { return Vec::new() };
    let as_json = |value: serde_json::Result<Value>| value.unwrap_or_default();
    let part = |key: &str| json.get(key).cloned().unwrap_or_default();
    let mut rules = Vec::new();

    let (ours, theirs) =
        (as_json(serde_json::to_value(tokenizer.get_normalizer())), unwrapped(part("normalizer"), "normalizers"));
    let kind = |value: &Value| value.get("type").and_then(Value::as_str).unwrap_or("none").to_owned();
    if kind(&theirs) == kind(&ours) {
        let flag = |value: &Value, key: &str| match value.get(key) {
            Some(Value::Bool(flag)) => *flag,
            _ => key == "strip_accents" && value.get("lowercase") == Some(&json!(true)),
        };
        for key in ["lowercase", "strip_accents", "handle_chinese_chars", "clean_text"] {
            let (ours, theirs) = (flag(&ours, key), flag(&theirs, key));
            if ours != theirs {
                rules.push(format!("{key} {ours} (there {theirs})"));
            }
        }
    } else {
        rules.push(format!("a normalizer of BERT (there {})", kind(&theirs)));
    }
    let words = kind(&unwrapped(part("pre_tokenizer"), "pretokenizers"));
    if words != "BertPreTokenizer" {
        rules.push(format!("words as BERT takes them apart (there {words})"));
    }

    let ModelWrapper::WordPiece(model) = tokenizer.get_model() else { return rules };
    let theirs = json.get("model");
    let ours = json!({
        "unk_token": model.unk_token, "continuing_subword_prefix": model.continuing_subword_prefix,
        "max_input_chars_per_word": model.max_input_chars_per_word
    });
    for key in ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"] {
        if let Some(theirs) = theirs.and_then(|it| it.get(key)).filter(|theirs| Some(*theirs) != ours.get(key)) {
            rules.push(format!("{key} {} (there {theirs})", ours[key]));
        }
    }
    let around = ["cls_token", "sep_token"].map(|key| tokens.named(key).unwrap_or_default().to_owned());
    if around_a_text(&part("post_processor")).is_none_or(|theirs| theirs != around) {
        rules.push(format!("{} and {} around a text", around[0], around[1]));
    }
    rules
}

/// The tokens before and after a text that a post-processor names, where it has one of each.
fn around_a_text(processor: &Value) -> Option<[String; 2]> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match processor.get("type")?.as_str()? {
        "BertProcessing" => Some([text(&processor["cls"][0])?, text(&processor["sep"][0])?]),
        "TemplateProcessing" => {
            let [cls, sequence, sep] = processor.get("single")?.as_array()?.as_slice() else { return None };
            sequence.get("Sequence")?;
            Some([text(&cls["SpecialToken"]["id"])?, text(&sep["SpecialToken"]["id"])?])
        }
        _ => None,
    }
}

/// The added tokens that the vocabulary file makes expect: those in `tokenizer.json`, or the special tokens in `vocab.txt`.
fn expected(files: &TokenizerFiles, tokenizer: &Tokenizer) -> BTreeMap<u32, AddedToken> {
    let with_id = |token: AddedToken| Some((tokenizer.token_to_id(&token.content)?, token));
    match &files.json {
        Some(TokenizerJson { json, .. }) => {
            let tokens = json.get("added_tokens").and_then(Value::as_array).into_iter().flatten();
            let token = |value: &Value| {
                let id = value.get("id")?.as_u64()?.try_into().ok()?;
                Some((id, serde_json::from_value(value.clone()).ok()?))
            };
            tokens.filter_map(token).collect()
        }
        None => {
            let in_vocabulary = |token: &AddedToken| {
                let id = tokenizer.token_to_id(&token.content);
                id.is_some_and(|id| (id as usize) < tokenizer.get_vocab_size(false))
            };
            let token = |(key, default): (&str, Option<&str>)| {
                let given = files.config.get(key).and_then(content);
                Some(AddedToken::from(given.or(default)?, true))
            };
            let named = NAMED.into_iter().filter(|(_, default)| default.is_some());
            named.filter_map(token).filter(in_vocabulary).filter_map(with_id).collect()
        }
    }
}

/// Whether two tokens are found in the same way; whether a token is special matters to the decoder alone.
fn is_same(one: &AddedToken, other: &AddedToken) -> bool {
    let found = |token: &AddedToken| (token.single_word, token.lstrip, token.rstrip, token.normalized);
    one.content == other.content && found(one) == found(other)
}

fn names(tokens: &[&str]) -> String {
    let named: Vec<String> = tokens.iter().take(MAX_NAMED).map(|token| format!("`{}`", token.escape_debug())).collect();
    let more = tokens.len() - named.len();
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}
