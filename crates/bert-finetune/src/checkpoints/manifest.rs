//! Checkpoint manifest: the SHA-256 of each of its files, and a seal that shows any change of the manifest itself.
//!
//! ```json
//! { "key": "9f…", "step": 12,
//!   "files": { "model.safetensors": { "bytes": …, "sha256": "…" }, …,
//!              "../best-step-000010.safetensors": { … } },
//!   "machine": { "device": "cpu", "threads": null, "libtorch": "2.13.0, AVX2" },
//!   "log": { "bytes": …, "sha256": "…" },                                    the first bytes of log.jsonl
//!   "sha256": "…" }                                                          the seal
//! ```
//!
//! The seal is that of [`stage::sealed`]: it covers every byte of this text, white space included.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use bert::Machine;
use serde::{Deserialize, Serialize};
use stage::{Fingerprint, MANIFEST, Seal, check_seal, sealed};

/// The field that holds the seal.
const SEAL: &str = "sha256";

/// The content of the manifest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckpointManifest {
    /// The key of the run.
    pub(crate) key: String,
    /// The number of steps done.
    pub(crate) step: u64,
    /// The files without which it cannot be continued, by their path from the checkpoint's folder.
    pub(crate) files: BTreeMap<String, Fingerprint>,
    /// What it was computed on.
    pub(crate) machine: Machine,
    /// The first bytes of `log.jsonl`: what had been logged.
    pub(crate) log: Fingerprint,
    sha256: String,
}

impl CheckpointManifest {
    pub(crate) fn new(
        key: String,
        machine: Machine,
        step: u64,
        files: BTreeMap<String, Fingerprint>,
        log: Fingerprint,
    ) -> Self {
        Self { key, step, files, machine, log, sha256: String::new() }
    }

    /// The text of `manifest.json`.
    pub(crate) fn sealed(&self) -> anyhow::Result<String> {
        sealed(self, SEAL)
    }

    /// Reads the manifest of the checkpoint in `folder`.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        Self::unsealed(&fs::read(folder.join(MANIFEST)).context("incomplete: it has no manifest")?)
    }

    fn unsealed(text: &[u8]) -> anyhow::Result<Self> {
        let manifest = serde_json::from_slice(text).context("its manifest cannot be parsed")?;
        let seal = std::str::from_utf8(text).map_or(Seal::Broken, |text| check_seal(text, SEAL));
        ensure!(seal == Seal::Intact, "its manifest does not match its own SHA-256");
        Ok(manifest)
    }

    /// Checks that every file is what was saved.
    pub(crate) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        for (name, expected) in &self.files {
            let found = Fingerprint::of_file(&folder.join(name))?;
            ensure!(found == *expected, "{name} does not match its SHA-256 in the manifest");
        }
        Ok(())
    }

    /// Checks that `log` begins with what had been logged; it may have grown since.
    pub(crate) fn verify_log(&self, log: &Path) -> anyhow::Result<()> {
        let found = Fingerprint::of_first(log, self.log.bytes)?;
        ensure!(found == self.log, "{} does not begin with what had been logged at this checkpoint", log.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_a_manifest_can_be_changed() {
        let print = |text: &str| Fingerprint { bytes: text.len() as u64, sha256: text.to_owned() };
        let machine = Machine { device: "cpu".to_owned(), threads: Some(2), libtorch: "2.13.0 AVX2".to_owned() };
        let files = BTreeMap::from([("state.json".to_owned(), print("state"))]);
        let text = CheckpointManifest::new("key".to_owned(), machine, 12, files, print("log")).sealed().unwrap();
        let text = text.into_bytes();
        assert_eq!(CheckpointManifest::unsealed(&text).unwrap().step, 12);
        for bit in 0..8 * text.len() {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(CheckpointManifest::unsealed(&flipped).is_err(), "bit {bit}");
        }
        assert!(CheckpointManifest::unsealed(&[&text[..], b"\n"].concat()).is_err());
    }
}
