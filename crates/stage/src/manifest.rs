//! `manifest.json`: what a finished output folder consists of and what it was made from; the key of freshness.
//!
//! ```json
//! { "schema": 1, "stage": "tokenizer", "version": 1, "key": "9f…",
//!   "plan":     { "task": "sst2", … },                                       defines the result
//!   "inputs":   { "raw/train.parquet": { "bytes": …, "sha256": "…" } },      defines the result
//!   "outputs":  { "train.parquet": { "bytes": …, "sha256": "…" } },
//!   "recorded": { "threads": 2, "paths": { … } } }                           for information, not in the key
//! ```
//!
//! A folder without a manifest is unfinished, for readers too. It holds no time: equal runs write equal manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fingerprint::{Fingerprint, sha256_hex};

/// The name of the manifest in every output folder.
pub const MANIFEST: &str = "manifest.json";

const SCHEMA: u32 = 1;

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
        };
        let lines: String = manifest.definition().iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        manifest.key = sha256_hex(lines.as_bytes());
        manifest
    }

    /// Reads the manifest of `folder`; `None` where there is none, or none that this version understands.
    pub fn read(folder: &Path) -> Option<Self> {
        let bytes = fs::read(folder.join(MANIFEST)).ok()?;
        serde_json::from_slice::<Self>(&bytes).ok().filter(|manifest| manifest.schema == SCHEMA)
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

    /// The listed outputs that are not in `folder` with their size.
    pub(crate) fn missing_outputs(&self, folder: &Path) -> Vec<String> {
        let exists = |name: &String, fingerprint: &Fingerprint| {
            fs::metadata(folder.join(name)).is_ok_and(|metadata| metadata.len() == fingerprint.bytes)
        };
        self.outputs
            .iter()
            .filter(|(name, fingerprint)| !exists(name, fingerprint))
            .map(|(name, _)| format!("output {name}: missing or of a different size"))
            .collect()
    }
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
}
