//! Behavior of a tokenizer: a SHA-256 of everything that changes the ids of a text, and of nothing else.
//!
//! It covers the model with its options and vocabulary, the normalizer, the pre-tokenizer, the added tokens with the
//! flags by which they are found, and the two special tokens around a text. Truncation, padding and the decoder are no
//! part of it, nor is the layout of a file. So `vocab.txt` with its configuration and a `tokenizer.json` that says the
//! same have one hash. The odd decision: rules that are written differently and cannot give different ids (an absent
//! `strip_accents` follows `lowercase`; the kinds of post-processors) are brought to one form first.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Raised when the form below changes, so that hashes of two forms are never taken for two tokenizers.
const FORM: u32 = 1;

/// The hash in hexadecimal; `None` where a part of the tokenizer has no JSON form.
///
/// `specials` are the ids before and after a text, which stand for the post-processor.
pub(super) fn sha256(tokenizer: &tokenizers::Tokenizer, specials: [u32; 2]) -> Option<String> {
    let added: BTreeMap<u32, Value> = tokenizer
        .get_added_tokens_decoder()
        .into_iter()
        // Whether a token is special matters to the decoder alone.
        .map(|(id, token)| {
            (id, json!([token.content, token.single_word, token.lstrip, token.rstrip, token.normalized]))
        })
        .collect();
    let parts = [
        ("model", serde_json::to_value(tokenizer.get_model()).ok()?),
        ("normalizer", normalizer(serde_json::to_value(tokenizer.get_normalizer()).ok()?)),
        ("pre_tokenizer", unwrapped(serde_json::to_value(tokenizer.get_pre_tokenizer()).ok()?, "pretokenizers")),
        ("added_tokens", json!(added.into_iter().collect::<Vec<_>>())),
        ("special_tokens", json!(specials)),
    ];
    // Only where it is so, which few tokenizers ask for.
    let splits_special = tokenizer.get_encode_special_tokens().then_some(("splits_special_tokens", Value::Bool(true)));
    let mut state = Sha256::new();
    state.update(format!("tokenizer behavior {FORM}\n"));
    for (name, value) in parts.iter().chain(&splits_special) {
        state.update(format!("{name} "));
        update(&mut state, value);
        state.update("\n");
    }
    Some(state.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compact JSON with the keys of every object in their order, whatever order the object has them in.
fn update(state: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            state.update("{");
            for (name, field) in fields {
                update_text(state, name);
                state.update(":");
                update(state, field);
                state.update(",");
            }
            state.update("}");
        }
        Value::Array(items) => {
            state.update("[");
            for item in items {
                update(state, item);
                state.update(",");
            }
            state.update("]");
        }
        Value::String(text) => update_text(state, text),
        other => state.update(other.to_string()),
    }
}

/// A text with its length before it, so that no two lists of texts look alike.
fn update_text(state: &mut Sha256, text: &str) {
    state.update(format!("{}\"", text.len()));
    state.update(text);
}

fn normalizer(value: Value) -> Value {
    let mut value = unwrapped(value, "normalizers");
    if value["type"] == "BertNormalizer" && value["strip_accents"].is_null() {
        value["strip_accents"] = value["lowercase"].clone();
    }
    value
}

/// A sequence of one step is that step, and one of none is nothing.
pub(super) fn unwrapped(mut value: Value, steps: &str) -> Value {
    if value["type"] != "Sequence" {
        return value;
    }
    match value[steps].as_array_mut() {
        Some(list) if list.len() < 2 => list.pop().unwrap_or_default(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Tokenizer;
    use crate::tokenizer::testing::{VOCABULARY, folder};

    const JSON: &str = r###"{"version": "1.0",
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [
            {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 1, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 3, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 4, "content": "[MASK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {VOCABULARY}}}"###;

    fn json() -> String {
        let entries = VOCABULARY.lines().enumerate().map(|(id, token)| format!("{}: {id}", json!(token)));
        JSON.replace("VOCABULARY", &entries.collect::<Vec<_>>().join(", "))
    }

    fn hash(files: &[(&str, &str)]) -> String {
        Tokenizer::open(folder(files).path(), 8).unwrap().behavior_sha256().unwrap()
    }

    /// When this fails, recorded hashes mean nothing any more: raise `FORM`.
    #[test]
    fn the_hash_of_this_form_is_known() {
        let expected = "afa7641c2761aa9bdce7d8f4bf476ce81dea339bfc5295bcb6968d75cb3b1987";
        assert_eq!(hash(&[("vocab.txt", VOCABULARY)]), expected);
    }

    #[test]
    fn one_tokenizer_in_two_forms_has_one_hash() {
        let vocabulary = hash(&[("vocab.txt", VOCABULARY)]);
        assert_eq!(hash(&[("tokenizer.json", &json())]), vocabulary);
        let config = r#"{"do_lower_case": true, "strip_accents": true, "model_max_length": 7}"#;
        assert_eq!(hash(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", config)]), vocabulary);
        let other_layout = serde_json::from_str::<Value>(&json()).unwrap();
        let mut other_layout = other_layout.as_object().unwrap().clone();
        other_layout.insert("truncation".to_owned(), Value::Null);
        other_layout.insert("padding".to_owned(), Value::Null);
        other_layout.insert("decoder".to_owned(), Value::Null);
        other_layout["normalizer"] = json!({"type": "Sequence", "normalizers": [other_layout["normalizer"]]});
        other_layout["added_tokens"][4]["special"] = json!(false);
        assert_eq!(hash(&[("tokenizer.json", &json!(other_layout).to_string())]), vocabulary);
    }

    #[test]
    fn whatever_changes_ids_changes_the_hash() {
        let whole = json();
        let changes = [
            ("\"it\": 5", "\"It\": 5, \"it\": 9"),
            (r#""lowercase": true"#, r#""lowercase": false"#),
            (r#""strip_accents": null"#, r#""strip_accents": false"#),
            (r#""clean_text": true"#, r#""clean_text": false"#),
            (r#""handle_chinese_chars": true"#, r#""handle_chinese_chars": false"#),
            (r#"{"type": "BertPreTokenizer"}"#, r#"{"type": "Whitespace"}"#),
            (r#""max_input_chars_per_word": 100"#, r#""max_input_chars_per_word": 99"#),
            (r###""continuing_subword_prefix": "##""###, r#""continuing_subword_prefix": "@@""#),
            (r#""unk_token": "[UNK]""#, r#""unk_token": "[MASK]""#),
            (r#""cls": ["[CLS]", 2]"#, r#""cls": ["[MASK]", 4]"#),
            (
                r#"{"id": 4, "content": "[MASK]", "single_word": false"#,
                r#"{"id": 4, "content": "[MASK]", "single_word": true"#,
            ),
            (r#""content": "[MASK]""#, r#""content": "work""#),
        ];
        // Of the class whose rules are all in the file.
        let config = r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#;
        let hash = |json: &str| hash(&[("tokenizer.json", json), ("tokenizer_config.json", config)]);
        let mut hashes = vec![hash(&whole)];
        for (from, to) in changes {
            let changed = whole.replacen(from, to, 1);
            assert_ne!(changed, whole, "{from} does not occur");
            let hash = hash(&changed);
            assert!(!hashes.contains(&hash), "{from} to {to} changes no hash");
            hashes.push(hash);
        }
    }
}
