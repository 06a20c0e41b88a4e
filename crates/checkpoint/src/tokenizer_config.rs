//! `tokenizer_config.json`: the length to which Transformers truncates texts, `model_max_length`.
//!
//! It is what `truncation=True` means, and special tokens are counted. Files that know no length hold a number far beyond
//! any model; such a number is read as none.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::CheckpointError;
use crate::folder::ModelFolder;

/// The name of the file in a model folder.
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

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
