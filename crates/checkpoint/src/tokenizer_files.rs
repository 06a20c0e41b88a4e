//! Tokenizer files: which files of a model folder make its tokenizer.
//!
//! `added_tokens.json` is one of older checkpoints. Where other files say all that it says it is none of them, so that it changes
//! neither what is copied nor whether a result is up to date.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::json_text::parse_json;
use crate::shards::WEIGHTS_INDEX;

/// The file with rules, vocabulary and added tokens.
pub const TOKENIZER_JSON: &str = "tokenizer.json";
/// The file with the vocabulary alone.
pub const VOCAB_TXT: &str = "vocab.txt";
/// The file with what the rules leave open: flags, special tokens and added tokens.
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// The file with the special tokens of older checkpoints.
pub const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
/// The file with the added tokens of older checkpoints.
pub const ADDED_TOKENS: &str = "added_tokens.json";

/// The files that may make a tokenizer, `tokenizer.json` (or else `vocab.txt`) being the one that is needed.
pub const TOKENIZER_FILES: [&str; 5] = [TOKENIZER_JSON, TOKENIZER_CONFIG, VOCAB_TXT, SPECIAL_TOKENS_MAP, ADDED_TOKENS];

/// The small files of a model folder, all but its weights: the config, the index of several files of weights, the tokenizer's.
pub const CONFIG_AND_TOKENIZER_FILES: [&str; 7] =
    ["config.json", WEIGHTS_INDEX, TOKENIZER_JSON, TOKENIZER_CONFIG, VOCAB_TXT, SPECIAL_TOKENS_MAP, ADDED_TOKENS];

/// The files that make the tokenizer of a folder: their names and paths.
pub fn tokenizer_files(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let files = TOKENIZER_FILES.into_iter().map(|name| (name, folder.join(name)));
    files.filter(|(name, path)| path.is_file() && (*name != ADDED_TOKENS || adds_tokens(folder))).collect()
}

/// Whether `added_tokens.json` has tokens that no other file has. One that cannot be read is left to who reads it.
fn adds_tokens(folder: &Path) -> bool {
    let read = |name: &str| parse_json(&fs::read(folder.join(name)).ok()?).ok();
    if read(TOKENIZER_CONFIG).is_some_and(|config| config.get("added_tokens_decoder").is_some()) {
        return false;
    }
    let Some(Value::Object(added)) = read(ADDED_TOKENS) else { return true };
    let json = read("tokenizer.json").unwrap_or_default();
    let others = json.get("added_tokens").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    added.iter().any(|(token, id)| {
        !others
            .iter()
            .any(|other| other.get("content").and_then(Value::as_str) == Some(token) && other.get("id") == Some(id))
    })
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of the test's own")]
mod tests {
    use super::*;

    #[test]
    fn added_tokens_count_where_no_other_file_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
        let names = || tokenizer_files(folder.path()).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        write("vocab.txt", "[PAD]\n");
        assert_eq!(names(), ["vocab.txt"]);
        write(ADDED_TOKENS, r#"{"[NEW]": 7}"#);
        assert_eq!(names(), ["vocab.txt", ADDED_TOKENS]);
        write("tokenizer.json", r#"{"added_tokens": [{"id": 8, "content": "[NEW]"}]}"#);
        assert!(names().contains(&ADDED_TOKENS));
        write("tokenizer.json", r#"{"added_tokens": [{"id": 7, "content": "[NEW]"}]}"#);
        assert_eq!(names(), ["tokenizer.json", "vocab.txt"]);
        write(ADDED_TOKENS, "{");
        assert!(names().contains(&ADDED_TOKENS));
        write(TOKENIZER_CONFIG, r#"{"added_tokens_decoder": {}}"#);
        assert_eq!(names(), ["tokenizer.json", TOKENIZER_CONFIG, "vocab.txt"]);
    }
}
