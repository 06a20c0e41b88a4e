//! `manifest.json`: what a finished output folder consists of and what it was made from; the key of freshness.
//!
//! ```json
//! { "schema": 1, "stage": "tokenizer", "version": 1, "key": "9f…",
//!   "plan":     { "task": "sst2", … },                                       defines the result
//!   "inputs":   { "raw/train.parquet": { "bytes": …, "sha256": "…" } },      defines the result
//!   "outputs":  { "train.parquet": { "bytes": …, "sha256": "…" } },
//!   "recorded": { "threads": 2, "paths": { … } },                            for information, not in the key
//!   "seal": "…" }                                                            of this text, see `seal`
//! ```
//!
//! A folder without a manifest is unfinished, for readers too. It holds no time: equal runs write equal manifests. The
//! manifests of older programs have no seal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fingerprint::{Fingerprint, sha256_hex};
use crate::input_error::{bad_input, bail_input};
use crate::lock::Holder;
use crate::seal::{Seal, check_seal, sealed};

/// The name of the manifest in every output folder.
pub const MANIFEST: &str = "manifest.json";

const SCHEMA: u32 = 1;
/// The field that holds the seal.
const SEAL: &str = "seal";

/// The identity of a stage: what its manifests say wrote them.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// The program's name.
    pub name: &'static str,
    /// Raised by hand when the same plan and inputs come to mean other outputs, so that a rebuild alone never retrains.
    pub version: u32,
}

/// The content of `manifest.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    schema: u32,
    /// The program that wrote the folder.
    pub stage: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 over stage, version, plan and inputs.
    pub key: String,
    /// Everything in the settings that defines the result.
    pub plan: Value,
    /// The files that were read, by their role.
    pub inputs: BTreeMap<String, Fingerprint>,
    /// The files that were written, by their path below the folder.
    pub outputs: BTreeMap<String, Fingerprint>,
    /// Facts that do not define the result: threads, device, paths.
    pub recorded: BTreeMap<String, Value>,
    #[serde(default, rename = "seal", skip_serializing_if = "Option::is_none")]
    seal_text: Option<String>,
    /// What the seal says of the text that this was read from.
    #[serde(skip)]
    pub seal: Seal,
}

/// A `manifest.json` that is there and cannot be read as one.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read as the manifest of a stage: {reason}", path.display())]
pub struct UnreadableManifest {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// The stage that it names all the same.
    pub stage: Option<String>,
}

impl Manifest {
    pub(crate) fn new(stage: Stage, plan: Value, inputs: BTreeMap<String, Fingerprint>) -> Self {
        let mut manifest = Self {
            schema: SCHEMA,
            stage: stage.name.to_owned(),
            version: stage.version,
            key: String::new(),
            plan,
            inputs,
            outputs: BTreeMap::new(),
            recorded: BTreeMap::new(),
            seal_text: None,
            seal: Seal::Missing,
        };
        let lines: String = manifest.definition().iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        manifest.key = sha256_hex(lines.as_bytes());
        manifest
    }

    /// Reads the manifest of `folder`; `None` where there is none, or none that can be trusted: it cannot be read, or was
    /// edited.
    pub fn read(folder: &Path) -> Option<Self> {
        Self::load(folder).ok().flatten().filter(|manifest| manifest.seal != Seal::Broken)
    }

    /// Reads the manifest of `folder`, whatever its seal says; `None` where there is none.
    ///
    /// # Errors
    /// Fails when the file is there and is no manifest that this version understands.
    pub fn load(folder: &Path) -> Result<Option<Self>, UnreadableManifest> {
        let path = folder.join(MANIFEST);
        let unreadable = |reason: String, stage| UnreadableManifest { path: path.clone(), reason, stage };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error.to_string(), None)),
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string(), None))?;
        let stage = value["stage"].as_str().map(str::to_owned);
        let schema = value["schema"].as_u64();
        if stage.is_some() && schema.is_some_and(|schema| schema != u64::from(SCHEMA)) {
            let reason = format!("its schema is {}; this program reads {SCHEMA}", schema.unwrap_or_default());
            return Err(unreadable(reason, stage));
        }
        let mut manifest: Self =
            serde_json::from_str(&text).map_err(|error| unreadable(error.to_string(), stage.clone()))?;
        manifest.seal = check_seal(text.strip_suffix('\n').unwrap_or(&text), SEAL);
        if manifest.seal == Seal::Missing && has_unknown_fields(&value) {
            manifest.seal = Seal::Broken; // older programs wrote no further field, this one a seal
        }
        Ok(Some(manifest))
    }

    /// Reads the manifest of `folder` as the stages do that trust it; `None` where there is none.
    ///
    /// # Errors
    /// Fails when it cannot be read, or was edited: that is bad input.
    pub(crate) fn trusted(folder: &Path) -> anyhow::Result<Option<Self>> {
        match Self::load(folder) {
            Ok(Some(manifest)) if manifest.seal == Seal::Broken => {
                let (path, stage) = (folder.join(MANIFEST), &manifest.stage);
                bail_input!(
                    "{} was edited: its text does not match its seal; restore it, or make the folder again with \
                     `{stage} --force`",
                    path.display()
                )
            }
            Ok(manifest) => Ok(manifest),
            Err(unreadable) => {
                let maker = unreadable.stage.clone().or_else(|| Holder::of(folder)?.stage);
                let maker = maker.map_or("the stage that wrote it".to_owned(), |stage| format!("`{stage} --force`"));
                Err(bad_input!("{unreadable}; restore it, or make the folder again with {maker}"))
            }
        }
    }

    /// The text of `manifest.json`.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let unsealed = Self { seal_text: Some(String::new()), ..self.clone() };
        Ok(sealed(&unsealed, SEAL)? + "\n")
    }

    /// Everything that defines the result, one line each, in a fixed order: the key is its hash, and `--explain` its
    /// difference.
    fn definition(&self) -> BTreeMap<String, String> {
        let mut lines = BTreeMap::from([
            ("stage".to_owned(), self.stage.clone()),
            ("stage version".to_owned(), self.version.to_string()),
        ]);
        flatten("", &self.plan, &mut lines);
        for (role, fingerprint) in &self.inputs {
            lines.insert(format!("input {role}"), fingerprint.sha256.clone());
        }
        lines
    }

    /// What differs in this manifest's definition from `old`'s, a sentence each.
    pub(crate) fn differences(&self, old: &Self) -> Vec<String> {
        let (new, old) = (self.definition(), old.definition());
        let names: BTreeSet<&String> = new.keys().chain(old.keys()).collect();
        let describe = |value: Option<&String>| value.map_or("(none)".to_owned(), |value| shortened(value));
        names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name))
            .map(|name| format!("{name}: {} -> {}", describe(old.get(name)), describe(new.get(name))))
            .collect()
    }
}

/// Whether a manifest has a field that those without a seal never had.
fn has_unknown_fields(manifest: &Value) -> bool {
    const FIELDS: [&str; 8] = ["schema", "stage", "version", "key", "plan", "inputs", "outputs", "recorded"];
    manifest.as_object().is_some_and(|fields| fields.keys().any(|name| !FIELDS.contains(&name.as_str())))
}

/// A hash by its beginning, all else as it is.
fn shortened(value: &str) -> String {
    let is_hash = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { format!("{value:.12}…") } else { value.to_owned() }
}

/// `{"a": {"b": 1}}` as `a.b=1`.
fn flatten(prefix: &str, value: &Value, lines: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&name, field, lines);
            }
        }
        other => {
            lines.insert(prefix.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STAGE: Stage = Stage { name: "test-stage", version: 1 };

    fn manifest(plan: Value, text: &str) -> Manifest {
        let fingerprint = Fingerprint { bytes: text.len() as u64, sha256: sha256_hex(text.as_bytes()) };
        Manifest::new(STAGE, plan, BTreeMap::from([("train.parquet".to_owned(), fingerprint)]))
    }

    #[test]
    fn the_key_does_not_depend_on_the_order_of_fields() {
        let a = manifest(json!({"seed": 42, "adam": {"beta1": 0.9, "beta2": 0.999}}), "x");
        let b = manifest(json!({"adam": {"beta2": 0.999, "beta1": 0.9}, "seed": 42}), "x");
        assert_eq!(a.key, b.key);
    }

    #[test]
    fn each_difference_is_named() {
        let old = manifest(json!({"learning_rate": 5e-5, "seed": 42}), "x");
        let new = manifest(json!({"learning_rate": 2e-5, "seed": 42, "bf16": true}), "y");
        assert_ne!(old.key, new.key);
        let differences = new.differences(&old);
        assert_eq!(differences.len(), 3);
        assert_eq!(differences[0], "bf16: (none) -> true");
        assert!(differences[1].starts_with("input train.parquet: 2d711642b726… -> a1fce4363854…"));
        assert_eq!(differences[2], "learning_rate: 0.00005 -> 0.00002");
    }

    #[test]
    fn an_edit_is_told_and_a_manifest_without_a_seal_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| drop(crate::output_file::write_file(&folder.path().join(MANIFEST), text).unwrap());
        let load = || Manifest::load(folder.path()).map(|manifest| manifest.map(|manifest| manifest.seal));
        assert_eq!(load().unwrap(), None);
        let text = manifest(json!({"seed": 42}), "x").text().unwrap();
        write(&text);
        assert_eq!(load().unwrap(), Some(Seal::Intact));
        write(&text.replace("42", "43"));
        assert_eq!(load().unwrap(), Some(Seal::Broken));
        assert!(Manifest::read(folder.path()).is_none());
        let error = Manifest::trusted(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("restore it, or make the folder again with `test-stage --force`"), "{error}");

        let mut old: Value = serde_json::from_str(&text).unwrap();
        old.as_object_mut().unwrap().remove("seal");
        write(&old.to_string());
        assert_eq!(load().unwrap(), Some(Seal::Missing));
        write(&text.replace("seal", "real"));
        assert_eq!(load().unwrap(), Some(Seal::Broken), "not taken for one without a seal");
        write(&text.replace("\"schema\": 1", "\"schema\": 2"));
        assert!(load().unwrap_err().to_string().ends_with("its schema is 2; this program reads 1"));
        write("{\"files\": []}");
        assert_eq!(load().unwrap_err().stage, None);
    }
}
