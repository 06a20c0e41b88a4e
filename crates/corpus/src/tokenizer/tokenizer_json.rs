//! `tokenizer.json`, parsed: its vocabulary of tens of thousands of tokens straight to a table of ids, all else as JSON.

use std::collections::{BTreeMap, HashMap};

use ahash::{AHashMap, RandomState};
use checkpoint::{parse_json, parse_json_as, parse_json_object};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The file.
pub(super) struct TokenizerJson {
    /// As it is.
    pub(super) bytes: Vec<u8>,
    /// Parsed, without `model.vocab` where that is in `vocabulary`.
    pub(super) json: Map<String, Value>,
    /// `model.vocab`, where it is an object and each of its values an id.
    pub(super) vocabulary: Option<AHashMap<String, u32>>,
}

/// The entries of an object, in their text.
type Entries = BTreeMap<String, Box<RawValue>>;

impl TokenizerJson {
    /// # Errors
    /// Says what is wrong: where it is no JSON object, and where something else lies there.
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let Ok(entries) = parse_json_as::<Entries>(&bytes) else {
            let json = parse_json_object(&bytes)?;
            return Ok(Self { bytes, json, vocabulary: None });
        };
        let (mut json, mut vocabulary) = (Map::new(), None);
        for (key, text) in entries {
            let value =
                if key == "model" { model(&text, &mut vocabulary)? } else { parse_json(text.get().as_bytes())? };
            json.insert(key, value);
        }
        Ok(Self { bytes, json, vocabulary })
    }
}

/// What `model` says beside a vocabulary.
fn model(text: &RawValue, vocabulary: &mut Option<AHashMap<String, u32>>) -> Result<Value, String> {
    let text = text.get().as_bytes();
    let Ok(entries) = parse_json_as::<Entries>(text) else { return parse_json(text) };
    let mut rest = Map::new();
    for (key, text) in entries {
        let text = text.get().as_bytes();
        if key == "vocab"
            && let Ok(ids) = parse_json_as::<HashMap<String, u32, RandomState>>(text)
        {
            *vocabulary = Some(ids.into());
        } else {
            rest.insert(key, parse_json(text)?);
        }
    }
    Ok(rest.into())
}
