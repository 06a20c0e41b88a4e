//! Weights in several files: `model.safetensors.index.json` says in which file each tensor is.
//!
//! `{"metadata": {..}, "weight_map": {"bert.pooler.dense.bias": "model-00002-of-00002.safetensors", ..}}`. Where there is a
//! `model.safetensors`, too, it alone is read, as Transformers does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use serde_json::Value;

use crate::error::CheckpointError;
use crate::json_keys::{described, wrong};
use crate::json_text::parse_json;

/// The name of the one file of weights.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// The name of the index of several.
pub const WEIGHTS_INDEX: &str = "model.safetensors.index.json";

/// The file of each tensor.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) file_of: BTreeMap<String, String>,
}

impl Index {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// Fails when it cannot be read, or names a file that could not be a part of the folder.
    pub(crate) fn read(path: &Path) -> Result<Self, CheckpointError> {
        let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problem| CheckpointError::Config { path: path.to_owned(), problem })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let value = parse_json(text)?;
        let Value::Object(keys) = &value else {
            return Err(format!("it is {}; expected an object with a weight_map", described(&value)));
        };
        let map = keys.get("weight_map").ok_or("it has no weight_map; expected the file of each tensor")?;
        let expected = "an object with the file of each tensor";
        let map = map.as_object().ok_or_else(|| wrong("weight_map", map, expected))?;
        let mut file_of = BTreeMap::new();
        for (tensor, file) in map {
            let name =
                file.as_str().ok_or_else(|| wrong(&format!("weight_map of {tensor}"), file, "the name of a file"))?;
            // `./` names the folder itself.
            let name = name.trim_start_matches("./");
            if !is_shard(name) {
                return Err(format!(
                    "weight_map of {tensor} is {name:?}; expected a .safetensors file below the folder"
                ));
            }
            file_of.insert(tensor.clone(), name.to_owned());
        }
        if file_of.is_empty() {
            return Err("weight_map is empty; expected the file of each tensor".to_owned());
        }
        Ok(Self { file_of })
    }

    /// The names of the files, each once.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = self.file_of.values().cloned().collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The files of weights that the index at `path` names.
///
/// # Errors
/// Fails when it cannot be read, or names a file that could not be a part of the folder.
pub fn shards(path: &Path) -> Result<Vec<String>, CheckpointError> {
    Ok(Index::read(path)?.files())
}

/// Whether `name` is that of a safetensors file in the folder or below it.
fn is_shard(name: &str) -> bool {
    let path = Path::new(name);
    path.extension().is_some_and(|extension| extension == "safetensors")
        && path.components().all(|part| matches!(part, Component::Normal(_)))
        && !name.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Index::parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_files_are_named_once_each() {
        let text = br#"{"metadata": {"total_size": 8}, "weight_map": {"b": "2.safetensors", "a": "1.safetensors", "c": "2.safetensors"}}"#;
        assert_eq!(Index::parse(text).unwrap().files(), ["1.safetensors", "2.safetensors"]);
        assert_eq!(Index::parse(br#"{"weight_map": {"a": "x/1.safetensors"}}"#).unwrap().files(), ["x/1.safetensors"]);
        assert_eq!(Index::parse(br#"{"weight_map": {"a": "./1.safetensors"}}"#).unwrap().files(), ["1.safetensors"]);
    }

    #[test]
    fn what_is_no_index_is_refused_with_the_reason() {
        assert!(refusal("{").starts_with("not JSON"));
        assert_eq!(refusal("[]"), "it is a list; expected an object with a weight_map");
        assert_eq!(refusal("{}"), "it has no weight_map; expected the file of each tensor");
        assert_eq!(refusal(r#"{"weight_map": {}}"#), "weight_map is empty; expected the file of each tensor");
        assert_eq!(
            refusal(r#"{"weight_map": [1]}"#),
            "weight_map is a list; expected an object with the file of each tensor"
        );
        assert_eq!(refusal(r#"{"weight_map": {"a": 1}}"#), "weight_map of a is 1; expected the name of a file");
        for name in [
            "../1.safetensors",
            "/1.safetensors",
            "x/../../1.safetensors",
            "1.bin",
            ".safetensors",
            "",
            "a\\\\1.safetensors",
        ] {
            let refusal = refusal(&format!(r#"{{"weight_map": {{"a": "{name}"}}}}"#));
            assert!(refusal.ends_with("expected a .safetensors file below the folder"), "{name}: {refusal}");
        }
    }
}
