//! Tokenizer agreement: whether tokens were made by the tokenizer of a model folder.
//!
//! In: what the manifest of the tokens says of the model folder that they were made with, and another model folder. The
//! stage that makes tokens keeps `{"sha256": ..., "file": ..., "rules": ...}` under [`RECORDED`] in its manifest: the hash of the
//! tokenizer's behavior, the name of the file that defined it, and the rules by which the files were read. Equal files need no hash of
//! behavior, unless they were read by the rules of earlier programs and are such that these read less of them. Tokens of earlier
//! programs have no such hash; theirs is computed from the folder that they were made with, where that is still as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use checkpoint::{TOKENIZER_FILES, TOKENIZER_JSON, VOCAB_TXT};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{TOKENIZER_RULES, Tokenizer};
use crate::error::{CorpusError, Result};

/// The name of the fact in the manifest of the tokens.
pub const RECORDED: &str = "tokenizer";

/// What a manifest of tokens says of the tokenizer that made them.
#[derive(Debug, Clone, Default)]
pub struct TokenizerOrigin {
    /// The hash of its behavior; tokens of earlier programs have none.
    pub behavior_sha256: Option<String>,
    /// By which rules its files were read; tokens of earlier programs do not say it.
    pub rules: Option<u64>,
    /// SHA-256 of each of its files, by name.
    pub files: BTreeMap<String, String>,
    /// The model folder, as it was given then.
    pub model: Option<PathBuf>,
}

/// What the stage that makes tokens keeps in its manifest under [`RECORDED`].
pub fn recorded(tokenizer: &Tokenizer) -> Value {
    let file = tokenizer.file().file_name().map(|name| name.to_string_lossy().into_owned());
    json!({ "sha256": tokenizer.behavior_sha256(), "file": file, "rules": TOKENIZER_RULES })
}

impl TokenizerOrigin {
    /// From a manifest: its recorded facts, and the SHA-256 of each of its inputs by role.
    pub fn new<'a>(recorded: &BTreeMap<String, Value>, inputs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let files: BTreeMap<String, String> = inputs
            .filter_map(|(role, sha256)| Some((role.strip_prefix("model/")?, sha256)))
            .filter(|(name, _)| TOKENIZER_FILES.contains(name))
            .map(|(name, sha256)| (name.to_owned(), sha256.to_owned()))
            .collect();
        let path = |name: &String| recorded.get("paths")?.get(format!("model/{name}"))?.as_str();
        Self {
            behavior_sha256: recorded.get(RECORDED).and_then(|fact| fact["sha256"].as_str()).map(str::to_owned),
            rules: recorded.get(RECORDED).and_then(|fact| fact["rules"].as_u64()),
            model: files.keys().next().and_then(path).and_then(|path| Some(Path::new(path).parent()?.to_owned())),
            files,
        }
    }

    /// Compares with the tokenizer of the folder `model`; `defining_sha256` is what the files in the folder `tokens` say:
    /// the SHA-256 of the file that defined their tokenizer. Where the two cannot be compared, a warning is returned.
    ///
    /// # Errors
    /// Fails when the tokenizers differ, and when the model's cannot be read.
    pub fn check(&self, tokens: &Path, model: &Path, defining_sha256: &str) -> Result<Option<String>> {
        let files = files_of(model)?;
        // A tokenizer takes tens of milliseconds to read, which a fresh folder is to be told without.
        let by_these_rules = self.rules == Some(TOKENIZER_RULES.into());
        let is_read_alike = || Ok::<_, CorpusError>(by_these_rules || Tokenizer::facts(model)?.said.is_empty());
        if !files.is_empty() && deciding(&files) == deciding(&self.files) && is_read_alike()? {
            return Ok(None);
        }
        let theirs = match &self.behavior_sha256 {
            Some(sha256) => Some(sha256.clone()),
            None => self.behavior_of_folder()?,
        };
        let ours = if theirs.is_some() { Tokenizer::open_whole(model)?.behavior_sha256() } else { None };
        match (theirs, ours) {
            (Some(theirs), Some(ours)) if theirs == ours => Ok(None),
            (Some(theirs), Some(ours)) => {
                let (tokens, model) = (tokens.to_owned(), model.to_owned());
                Err(CorpusError::OtherTokenizer { tokens, made_with: self.name(), theirs, model, ours })
            }
            // The vocabulary alone would leave open what its configuration says.
            _ if files.get(TOKENIZER_JSON).is_some_and(|sha256| sha256 == defining_sha256) => Ok(None),
            _ => Ok(Some(format!(
                "whether {} has the tokenizer that made {} cannot be told: the tokens were made by an earlier program \
                 with other files than the model has, and these are gone; tokenize again to be sure",
                model.display(),
                tokens.display()
            ))),
        }
    }

    /// The folder that the tokens were made with.
    fn name(&self) -> String {
        self.model.as_deref().map_or("another model".to_owned(), |model| model.display().to_string())
    }

    /// The behavior of the tokenizer in the folder that the tokens were made with, if its files are still the same.
    fn behavior_of_folder(&self) -> Result<Option<String>> {
        let Some(model) = self.model.as_deref().filter(|_| !self.files.is_empty()) else { return Ok(None) };
        let unchanged = files_of(model).is_ok_and(|files| files == self.files);
        if unchanged { Ok(Tokenizer::open_whole(model)?.behavior_sha256()) } else { Ok(None) }
    }
}

/// The files that have a say: `vocab.txt` has none beside `tokenizer.json`.
fn deciding(files: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let has_json = files.contains_key(TOKENIZER_JSON);
    let files = files.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str()));
    files.filter(|(name, _)| !(has_json && *name == VOCAB_TXT)).collect()
}

/// The tokenizer's files that a folder has, by name, with their SHA-256.
fn files_of(model: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for name in TOKENIZER_FILES {
        let file = model.join(name);
        if file.is_file() {
            let bytes = std::fs::read(&file).map_err(|source| CorpusError::Read { file: file.clone(), source })?;
            let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            files.insert(name.to_owned(), sha256);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::testing::{VOCABULARY, folder};

    const CASED: (&str, &str) = ("tokenizer_config.json", r#"{"do_lower_case": false}"#);

    /// What a stage keeps that made tokens with `model`; `hashed`: with the hash of the behavior, as it does today.
    fn origin(model: &Path, hashed: bool) -> TokenizerOrigin {
        let files = files_of(model).unwrap();
        let paths: BTreeMap<String, String> =
            files.keys().map(|name| (format!("model/{name}"), model.join(name).display().to_string())).collect();
        let mut facts = BTreeMap::from([("paths".to_owned(), json!(paths))]);
        if hashed {
            facts.insert(RECORDED.to_owned(), recorded(&Tokenizer::open(model, 8).unwrap()));
        }
        let inputs: Vec<(String, String)> =
            files.into_iter().map(|(name, sha256)| (format!("model/{name}"), sha256)).collect();
        TokenizerOrigin::new(&facts, inputs.iter().map(|(role, sha256)| (role.as_str(), sha256.as_str())))
    }

    fn check(origin: &TokenizerOrigin, model: &Path) -> Result<Option<String>, String> {
        origin.check(Path::new("tokens"), model, "").map_err(|error| error.to_string())
    }

    #[test]
    fn the_same_behavior_agrees_whatever_the_files() {
        let made_with = folder(&[("vocab.txt", VOCABULARY)]);
        let copy = folder(&[("vocab.txt", VOCABULARY)]);
        let configured =
            folder(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"model_max_length": 512}"#)]);
        for hashed in [true, false] {
            let origin = origin(made_with.path(), hashed);
            assert_eq!(origin.behavior_sha256.is_some(), hashed);
            assert_eq!(check(&origin, copy.path()), Ok(None));
            assert_eq!(check(&origin, configured.path()), Ok(None));
        }
    }

    #[test]
    fn another_behavior_is_refused_and_both_folders_are_named() {
        let made_with = folder(&[("vocab.txt", VOCABULARY)]);
        let longer = format!("{VOCABULARY}more\n");
        for other in [folder(&[("vocab.txt", VOCABULARY), CASED]), folder(&[("vocab.txt", &longer)])] {
            for hashed in [true, false] {
                let refused = check(&origin(made_with.path(), hashed), other.path()).unwrap_err();
                let (ours, theirs) = (other.path().display(), made_with.path().display());
                assert!(refused.starts_with(&format!("the tokens tokens were made with the tokenizer of {theirs} (")));
                assert!(refused.contains(&format!("but the model {ours} has another one (")), "{refused}");
                assert!(refused.contains(&format!("`sst-tokenize --model {ours}`")), "{refused}");
            }
        }
    }

    /// A file of older checkpoints changes ids, too.
    #[test]
    fn files_of_special_tokens_have_a_say() {
        let plain = folder(&[("vocab.txt", VOCABULARY)]);
        let map = ("special_tokens_map.json", r#"{"additional_special_tokens": ["<user>"]}"#);
        let with_map = folder(&[("vocab.txt", VOCABULARY), map]);
        let same = folder(&[("vocab.txt", VOCABULARY), map]);
        for hashed in [true, false] {
            assert_eq!(check(&origin(with_map.path(), hashed), same.path()), Ok(None));
            assert!(check(&origin(with_map.path(), hashed), plain.path()).is_err());
            assert!(check(&origin(plain.path(), hashed), with_map.path()).is_err());
        }
    }

    /// Tokens by the rules of today are those of equal files, without a look into them; earlier ones are looked at.
    #[test]
    fn equal_files_by_the_same_rules_are_not_read_again() {
        let made_with = folder(&[("vocab.txt", VOCABULARY)]);
        let damaged = folder(&[("vocab.txt", "no tokenizer")]);
        let mut origin = origin(made_with.path(), true);
        assert_eq!(origin.rules, Some(TOKENIZER_RULES.into()));
        origin.files = files_of(damaged.path()).unwrap();
        assert_eq!(check(&origin, damaged.path()), Ok(None));
        origin.rules = None;
        assert!(check(&origin, damaged.path()).is_err());
    }

    #[test]
    fn tokens_of_earlier_programs_are_doubted_only_where_their_model_is_gone() {
        let made_with = folder(&[("vocab.txt", VOCABULARY)]);
        let origin = origin(made_with.path(), false);
        let (same, other) = (folder(&[("vocab.txt", VOCABULARY)]), folder(&[("vocab.txt", VOCABULARY), CASED]));
        drop(made_with);
        assert_eq!(check(&origin, same.path()), Ok(None));
        let warning = check(&origin, other.path()).unwrap().unwrap();
        assert!(warning.ends_with("and these are gone; tokenize again to be sure"), "{warning}");
        assert!(check(&TokenizerOrigin::default(), same.path()).unwrap().is_some());
    }
}
