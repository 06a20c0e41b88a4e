//! Tokenizer files: what a model folder says of its tokenizer, each file read once, and errors that name file and key.

use std::path::{Path, PathBuf};

use checkpoint::{
    ADDED_TOKENS, SPECIAL_TOKENS_MAP, StandIn, TOKENIZER_CONFIG, TOKENIZER_JSON, VOCAB_TXT, parse_json_object,
};
use serde_json::{Map, Value};

use super::tokenizer_json::TokenizerJson;
use crate::error::{CorpusError, Result};

/// What the files of a folder say.
pub(super) struct TokenizerFiles {
    folder: PathBuf,
    /// The file that defines the tokenizer.
    pub(super) defining: &'static str,
    /// `tokenizer.json`.
    pub(super) json: Option<TokenizerJson>,
    /// `tokenizer_config.json`; empty where it is absent, as the two below.
    pub(super) config: Map<String, Value>,
    pub(super) special_tokens_map: Map<String, Value>,
    pub(super) added_tokens: Map<String, Value>,
}

impl TokenizerFiles {
    /// Reads the files of a folder. Those of older checkpoints have no say where `tokenizer_config.json` lists the added tokens.
    ///
    /// # Errors
    /// Fails where neither `tokenizer.json` nor `vocab.txt` is there, and where a file is not the JSON object that it should be.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let Some(defining) = [TOKENIZER_JSON, VOCAB_TXT].into_iter().find(|name| folder.join(name).is_file()) else {
            let problem = "there is neither tokenizer.json nor vocab.txt in the folder".to_owned();
            return Err(CorpusError::Tokenizer { file: folder.to_owned(), problem });
        };
        let config = object(&folder.join(TOKENIZER_CONFIG))?;
        let lists_added = config.contains_key("added_tokens_decoder");
        let older = |name: &str| if lists_added { Ok(Map::new()) } else { object(&folder.join(name)) };
        let json = match defining {
            TOKENIZER_JSON => {
                let file = folder.join(TOKENIZER_JSON);
                Some(TokenizerJson::parse(bytes(&file)?).map_err(|problem| CorpusError::Tokenizer { file, problem })?)
            }
            _ => None,
        };
        let (special_tokens_map, added_tokens) = (older(SPECIAL_TOKENS_MAP)?, older(ADDED_TOKENS)?);
        Ok(Self { folder: folder.to_owned(), defining, json, config, special_tokens_map, added_tokens })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn error(&self, file: &str, problem: impl Into<String>) -> CorpusError {
        CorpusError::Tokenizer { file: self.path(file), problem: problem.into() }
    }

    /// The class of the tokenizer and the file that names it: `tokenizer_config.json`, else `config.json`.
    pub(super) fn class(&self) -> Result<Option<(&'static str, String)>> {
        let name = |config: &Map<String, Value>| Some(config.get("tokenizer_class")?.as_str()?.to_owned());
        if let Some(class) = name(&self.config) {
            return Ok(Some((TOKENIZER_CONFIG, class)));
        }
        // Of a config that is no object others have more to say.
        let config = object(&self.path("config.json")).unwrap_or_default();
        Ok(name(&config).map(|class| ("config.json", class)))
    }

    /// A flag of `tokenizer_config.json`; `None` where it is absent or null.
    ///
    /// # Errors
    /// Fails, naming the key, where it is neither true nor false.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.error(TOKENIZER_CONFIG, format!("{key} is {other}; expected true or false"))),
        }
    }
}

/// The JSON object in a file; empty where there is no such file.
fn object(file: &Path) -> Result<Map<String, Value>> {
    if file.exists() { parse(file, &bytes(file)?) } else { Ok(Map::new()) }
}

/// The bytes of a file, which is one: of a pipe or a device there may be no end.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>> {
    let read = |source| CorpusError::Read { file: file.to_owned(), source };
    if !std::fs::metadata(file).map_err(read)?.is_file() {
        return Err(CorpusError::Tokenizer { file: file.to_owned(), problem: "it is no file".to_owned() });
    }
    let bytes = std::fs::read(file).map_err(read)?;
    match StandIn::of(&bytes) {
        Some(stand_in) => Err(CorpusError::Tokenizer { file: file.to_owned(), problem: stand_in.to_string() }),
        None => Ok(bytes),
    }
}

fn parse(file: &Path, bytes: &[u8]) -> Result<Map<String, Value>> {
    let fail = |problem: String| CorpusError::Tokenizer { file: file.to_owned(), problem };
    parse_json_object(bytes).map_err(fail)
}
