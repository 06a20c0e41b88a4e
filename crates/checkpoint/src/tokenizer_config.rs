//! `tokenizer_config.json`: the length to which Transformers truncates texts, `model_max_length`.
//!
//! It is what `truncation=True` means, and special tokens are counted. Files that know no length hold a number far beyond
//! any model; such a number is read as none.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::CheckpointError;
use crate::folder::ModelFolder;
use crate::tokenizer_files::TOKENIZER_CONFIG;

const MODEL_MAX_LENGTH: &str = "model_max_length";

impl ModelFolder {
    /// The length in tokens to which Transformers truncates texts; `None` where the folder does not say, or where the
    /// model has fewer positions.
    ///
    /// # Errors
    /// Fails when `tokenizer_config.json` is there and cannot be read as a JSON object.
    pub fn model_max_length(&self) -> Result<Option<usize>, CheckpointError> {
        let config = read(&self.path.join(TOKENIZER_CONFIG))?;
        let length = config.get(MODEL_MAX_LENGTH).and_then(Value::as_u64).and_then(|length| length.try_into().ok());
        Ok(length.filter(|&length: &usize| length <= self.config.max_position_embeddings))
    }

    /// The folder's `tokenizer_config.json` with `max_length` as its `model_max_length`, all else kept; `None` where it has
    /// that already. A folder without the file gets one that says nothing else, since its absence means defaults.
    ///
    /// # Errors
    /// Fails when the file is there and cannot be read as a JSON object.
    pub fn tokenizer_config_with_max_length(&self, max_length: usize) -> Result<Option<Value>, CheckpointError> {
        let mut config = read(&self.path.join(TOKENIZER_CONFIG))?;
        let length = json!(max_length);
        if config.get(MODEL_MAX_LENGTH) == Some(&length) {
            return Ok(None);
        }
        config.insert(MODEL_MAX_LENGTH.to_owned(), length);
        Ok(Some(config.into()))
    }
}

/// An absent file is an empty object.
fn read(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    if !path.exists() {
        return Ok(Map::new());
    }
    let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|error| CheckpointError::Config {
        path: path.to_owned(),
        problem: format!("expected a JSON object: {error}"),
    })
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
        for none in [
            "{}",
            r#"{"model_max_length": 1000000000000000019884624838656}"#,
            r#"{"model_max_length": 512}"#,
            r#"{"model_max_length": null}"#,
        ] {
            assert_eq!(length(Some(none)), None, "{none}");
        }
        assert_eq!(length(None), None);
    }

    #[test]
    fn only_a_different_length_changes_the_file() {
        let changed = |config: Option<&str>| folder(config).1.tokenizer_config_with_max_length(12).unwrap();
        assert_eq!(changed(Some(r#"{"do_lower_case": true, "model_max_length": 12}"#)), None);
        let kept = json!({"do_lower_case": true, "model_max_length": 12});
        assert_eq!(changed(Some(r#"{"do_lower_case": true, "model_max_length": 512}"#)), Some(kept.clone()));
        assert_eq!(changed(Some(r#"{"do_lower_case": true}"#)), Some(kept));
        assert_eq!(changed(None), Some(json!({"model_max_length": 12})));
    }

    #[test]
    fn a_file_that_is_no_object_is_named() {
        let (_folder, model) = folder(Some("[1]"));
        let problem = model.model_max_length().unwrap_err().to_string();
        assert!(problem.contains("tokenizer_config.json: expected a JSON object: "), "{problem}");
        assert!(model.tokenizer_config_with_max_length(12).is_err());
    }
}
