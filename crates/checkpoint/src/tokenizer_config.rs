//! `tokenizer_config.json`: the length to which Transformers truncates texts, `model_max_length`, and on which side.
//!
//! The length is what `truncation=True` means, and special tokens are counted. Files that know no length hold a number far
//! beyond any model; such a number is read as none. What Transformers has no key for, the middle that is cut out and windows,
//! is under a key of our own, which it passes over: `long_texts`.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::config::BertConfig;
use crate::error::CheckpointError;
use crate::folder::ModelFolder;
use crate::json_text::parse_json_object;
use crate::tokenizer_files::TOKENIZER_CONFIG;

const MODEL_MAX_LENGTH: &str = "model_max_length";
/// The same in files of old versions; read where the other is not there.
const MAX_LEN: &str = "max_len";
/// The side on which Transformers truncates texts, `right` or `left`.
const TRUNCATION_SIDE: &str = "truncation_side";
/// What becomes of texts that are too long, where it is nothing that Transformers does by itself: `truncation_side` or
/// `window_stride`.
const LONG_TEXTS: &str = "long_texts";

/// The key of special tokens without a key of their own, and what Transformers 4 calls it.
const EXTRA: &str = "extra_special_tokens";
const ADDITIONAL: &str = "additional_special_tokens";
/// Flags that are true where they are null, which neither version of Transformers takes.
const FLAGS: [&str; 2] = ["do_lower_case", "tokenize_chinese_chars"];
/// Paths of files on the machine where the tokenizer was saved.
const FILES: [&str; 2] = ["vocab_file", "tokenizer_file"];
/// The name of an argument, which Transformers takes for a method of the tokenizer.
const ADD_SPECIAL_TOKENS: &str = "add_special_tokens";
const TOKENIZER_CLASS: &str = "tokenizer_class";

/// What an export says of texts that are too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongTexts {
    /// The most tokens of a row, special ones counted.
    pub max_length: usize,
    /// `right` or `left`.
    pub truncation_side: String,
    /// What Transformers has no key for: `truncation_side` or `window_stride`.
    pub other: Option<(&'static str, Value)>,
}

impl ModelFolder {
    /// The length in tokens to which Transformers truncates texts; `None` where the folder does not say, or where the
    /// model has fewer positions.
    ///
    /// # Errors
    /// Fails when `tokenizer_config.json` is there and cannot be read as a JSON object.
    pub fn model_max_length(&self) -> Result<Option<usize>, CheckpointError> {
        model_max_length(&self.path, &self.config)
    }

    /// The folder's `tokenizer_config.json` as both versions of Transformers take it, with these facts of long texts where they are
    /// known, all else kept; `None` where it is that already. A folder without the file gets one that says nothing else, since
    /// its absence means defaults, truncation on the right among them.
    ///
    /// # Errors
    /// Fails when the file is there and cannot be read as a JSON object.
    pub fn exported_tokenizer_config(&self, facts: Option<&LongTexts>) -> Result<Option<Value>, CheckpointError> {
        let before = read(&self.path.join(TOKENIZER_CONFIG))?;
        let mut config = before.clone();
        bring_to_what_both_take(&mut config);
        if let Some(facts) = facts {
            // A side that tokenizer.json has for want of another would be taken there, too.
            let json = read(&self.path.join("tokenizer.json")).unwrap_or_default();
            let in_json = json.get("truncation").and_then(|truncation| truncation.get("direction"));
            if in_json.is_some_and(|direction| direction == "Left") {
                config.entry(TRUNCATION_SIDE).or_insert(Value::Null);
            }
            facts.write(&mut config);
        }
        Ok((config != before).then(|| config.into()))
    }
}

/// As [`ModelFolder::model_max_length`], of the folder of a tokenizer and the config of its model.
///
/// # Errors
/// As there.
pub fn model_max_length(folder: &Path, config: &BertConfig) -> Result<Option<usize>, CheckpointError> {
    let tokenizer_config = read(&folder.join(TOKENIZER_CONFIG))?;
    let keys = [MODEL_MAX_LENGTH, MAX_LEN];
    let given = keys.into_iter().find_map(|key| Some((key, tokenizer_config.get(key)?)));
    if let Some((key, value)) = given.filter(|(_, value)| !value.is_null() && value.as_f64().is_none_or(|n| n < 0.0)) {
        let problem = format!("{key} is {value}; expected a number of tokens");
        return Err(CheckpointError::Config { path: folder.join(TOKENIZER_CONFIG), problem });
    }
    let length = given.and_then(|(_, value)| value.as_u64()).and_then(|length| length.try_into().ok());
    Ok(length.filter(|&length: &usize| length <= config.max_position_embeddings))
}

impl LongTexts {
    fn write(&self, config: &mut Map<String, Value>) {
        config.insert(MODEL_MAX_LENGTH.to_owned(), json!(self.max_length));
        if config.contains_key(TRUNCATION_SIDE) || self.truncation_side != "right" {
            config.insert(TRUNCATION_SIDE.to_owned(), json!(self.truncation_side));
        }
        match &self.other {
            Some((name, value)) => _ = config.insert(LONG_TEXTS.to_owned(), json!({ *name: value })),
            None => _ = config.remove(LONG_TEXTS),
        }
    }
}

/// The keys of a folder's `tokenizer_config.json` that an export has otherwise, beside the facts of long texts.
///
/// # Errors
/// Fails when the file is there and cannot be read as a JSON object.
pub fn tokenizer_config_changes(model_folder: &Path) -> Result<Vec<&'static str>, CheckpointError> {
    read(&model_folder.join(TOKENIZER_CONFIG)).map(|mut config| bring_to_what_both_take(&mut config))
}

/// Brings a config to what Transformers 4 takes, too: it knows a list of extra tokens by the old key alone, to which the new version
/// listens as well, opens files at the paths that it finds, and knows the class of all rules in the file by its old name. Neither
/// takes flags that are null, or a key that is called as a method is. Returns the keys that changed.
fn bring_to_what_both_take(config: &mut Map<String, Value>) -> Vec<&'static str> {
    let mut changed = Vec::new();
    match config.get(EXTRA) {
        None | Some(Value::Object(_)) => {}
        Some(value) => {
            if let Some(tokens) = value.as_array().filter(|tokens| !tokens.is_empty()) {
                config.insert(ADDITIONAL.to_owned(), tokens.clone().into());
            }
            config.remove(EXTRA);
            changed.push(EXTRA);
        }
    }
    let is_null = |config: &Map<String, Value>, key: &str| config.get(key).is_some_and(Value::is_null);
    changed.extend(FLAGS.into_iter().filter(|&key| is_null(config, key) && config.remove(key).is_some()));
    changed.extend(FILES.into_iter().chain([ADD_SPECIAL_TOKENS]).filter(|&key| config.remove(key).is_some()));
    if config.get(TOKENIZER_CLASS).is_some_and(|class| class == "TokenizersBackend") {
        config.insert(TOKENIZER_CLASS.to_owned(), json!("PreTrainedTokenizerFast"));
        changed.push(TOKENIZER_CLASS);
    }
    changed
}

/// What a model folder says of texts that are too long where Transformers has no key for it: `truncation_side` or `window_stride`,
/// or nothing. The side of Transformers' own key is the tokenizer's.
///
/// # Errors
/// Fails when `tokenizer_config.json` is there and cannot be read as a JSON object.
pub fn long_texts(model_folder: &Path) -> Result<Map<String, Value>, CheckpointError> {
    let mut config = read(&model_folder.join(TOKENIZER_CONFIG))?;
    match config.remove(LONG_TEXTS) {
        Some(Value::Object(facts)) => Ok(facts),
        _ => Ok(Map::new()),
    }
}

/// An absent file is an empty object.
fn read(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    if !path.exists() {
        return Ok(Map::new());
    }
    let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
    parse_json_object(&text).map_err(|problem| CheckpointError::Config { path: path.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BertConfig;
    use std::fs::File;
    use std::io::Write;

    /// A model of 16 positions with this `tokenizer_config.json`, if any.
    fn folder(config: Option<&str>) -> (tempfile::TempDir, ModelFolder) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = config {
            File::create_new(folder.path().join(TOKENIZER_CONFIG)).unwrap().write_all(text.as_bytes()).unwrap();
        }
        let config: BertConfig = serde_json::from_value(json!({
            "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
            "intermediate_size": 24, "max_position_embeddings": 16
        }))
        .unwrap();
        let path = folder.path().to_owned();
        (folder, ModelFolder { path, config })
    }

    #[test]
    fn a_length_that_is_none_is_read_as_none() {
        let length = |config: Option<&str>| folder(config).1.model_max_length().unwrap();
        assert_eq!(length(Some(r#"{"model_max_length": 12}"#)), Some(12));
        assert_eq!(length(Some(r#"{"model_max_length": 16}"#)), Some(16));
        assert_eq!(length(Some(r#"{"max_len": 11}"#)), Some(11));
        assert_eq!(length(Some(r#"{"max_len": 11, "model_max_length": 12}"#)), Some(12));
        assert_eq!(length(Some(r#"{"max_len": 11, "model_max_length": null}"#)), None);
        for none in [
            "{}",
            r#"{"model_max_length": 1000000000000000019884624838656}"#,
            r#"{"model_max_length": 512}"#,
            r#"{"model_max_length": null}"#,
        ] {
            assert_eq!(length(Some(none)), None, "{none}");
        }
        assert_eq!(length(None), None);
        for (wrong, value) in [(r#"{"model_max_length": "8"}"#, "\"8\""), (r#"{"model_max_length": -1}"#, "-1")] {
            let told = folder(Some(wrong)).1.model_max_length().unwrap_err().to_string();
            assert!(told.ends_with(&format!("model_max_length is {value}; expected a number of tokens")), "{told}");
        }
    }

    #[test]
    fn only_a_different_length_changes_the_file() {
        let right = LongTexts { max_length: 12, truncation_side: "right".to_owned(), other: None };
        let changed = |config: Option<&str>| folder(config).1.exported_tokenizer_config(Some(&right)).unwrap();
        assert_eq!(changed(Some(r#"{"do_lower_case": true, "model_max_length": 12}"#)), None);
        let kept = json!({"do_lower_case": true, "model_max_length": 12});
        assert_eq!(changed(Some(r#"{"do_lower_case": true, "model_max_length": 512}"#)), Some(kept.clone()));
        assert_eq!(changed(Some(r#"{"do_lower_case": true}"#)), Some(kept));
        assert_eq!(changed(None), Some(json!({"model_max_length": 12})));
        let left = r#"{"model_max_length": 12, "truncation_side": "left", "long_texts": {"window_stride": 2}}"#;
        assert_eq!(changed(Some(left)), Some(json!({"model_max_length": 12, "truncation_side": "right"})));
        let (folder, model) = folder(None);
        let mut json = File::create_new(folder.path().join("tokenizer.json")).unwrap();
        json.write_all(br#"{"truncation": {"direction": "Left"}}"#).unwrap();
        let side = model.exported_tokenizer_config(Some(&right)).unwrap();
        assert_eq!(side, Some(json!({"model_max_length": 12, "truncation_side": "right"})));
    }

    #[test]
    fn an_export_says_what_both_versions_of_transformers_take() {
        let changed = |config: &str| folder(Some(config)).1.exported_tokenizer_config(None).unwrap();
        assert_eq!(changed(r#"{"do_lower_case": true, "additional_special_tokens": ["[X]"]}"#), None);
        assert_eq!(changed(r#"{"extra_special_tokens": {"image_token": "[X]"}}"#), None);
        let moved = changed(r#"{"extra_special_tokens": ["[X]"], "additional_special_tokens": ["[Y]"], "a": 1}"#);
        assert_eq!(moved, Some(json!({"additional_special_tokens": ["[X]"], "a": 1})));
        for none in ["null", "[]"] {
            let config = format!(r#"{{"extra_special_tokens": {none}, "additional_special_tokens": ["[Y]"]}}"#);
            assert_eq!(changed(&config), Some(json!({"additional_special_tokens": ["[Y]"]})));
        }
        let flags = r#"{"do_lower_case": null, "tokenize_chinese_chars": false, "strip_accents": null}"#;
        assert_eq!(changed(flags), Some(json!({"tokenize_chinese_chars": false, "strip_accents": null})));
        let files = r#"{"vocab_file": "/x/vocab.txt", "tokenizer_file": null, "a": 1}"#;
        assert_eq!(changed(files), Some(json!({"a": 1})));
        assert_eq!(tokenizer_config_changes(folder(Some(files)).0.path()).unwrap(), ["vocab_file", "tokenizer_file"]);
        let new = r#"{"tokenizer_class": "TokenizersBackend", "add_special_tokens": true}"#;
        assert_eq!(changed(new), Some(json!({"tokenizer_class": "PreTrainedTokenizerFast"})));
    }

    #[test]
    fn what_becomes_of_long_texts_is_read_back() {
        let read_back = |truncation_side: &str, other: Option<(&'static str, Value)>| {
            let facts = LongTexts { max_length: 12, truncation_side: truncation_side.to_owned(), other };
            let written = folder(Some(r#"{"a": 1}"#)).1.exported_tokenizer_config(Some(&facts)).unwrap().unwrap();
            let (written_folder, _) = folder(Some(&written.to_string()));
            let read = long_texts(written_folder.path()).unwrap();
            (written, Value::Object(read))
        };
        assert_eq!(read_back("right", None), (json!({"a": 1, "model_max_length": 12}), json!({})));
        let left = json!({"a": 1, "model_max_length": 12, "truncation_side": "left"});
        assert_eq!(read_back("left", None), (left, json!({})));
        let written = json!({"a": 1, "model_max_length": 12, "long_texts": {"window_stride": 3}});
        assert_eq!(read_back("right", Some(("window_stride", json!(3)))), (written, json!({"window_stride": 3})));
    }

    #[test]
    fn a_file_that_is_no_object_is_named() {
        let (_folder, model) = folder(Some("[1]"));
        let problem = model.model_max_length().unwrap_err().to_string();
        assert!(problem.contains("tokenizer_config.json: it is a list; expected an object"), "{problem}");
        assert!(long_texts(&model.path).is_err());
    }
}
