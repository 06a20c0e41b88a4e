//! `manifest.json` of an output folder, with and without a seal that fits.

use std::path::Path;

use serde_json::{Value, json};
use stage::{Fingerprint, MANIFEST, Upstream, sha256_hex, verify_files};
use testkit::Random;

use super::Format;
use crate::bytes::{self, once_in};
use crate::json;
use crate::mutant::{Mutant, Refusal};

/// A file that the manifest lists, and its bytes.
const OUTPUT: (&str, &[u8]) = ("train.parquet", b"not read");

pub(super) struct Manifests {
    document: Value,
}

impl Manifests {
    pub(super) fn new() -> Self {
        let output = Fingerprint { bytes: OUTPUT.1.len() as u64, sha256: sha256_hex(OUTPUT.1) };
        let document = json!({
            "schema": 1, "stage": "sst-fetch dataset", "version": 1, "key": output.sha256,
            "plan": {"source": "files", "label_names": ["bad", "good"], "max_samples": null},
            "inputs": {"train.csv": output}, "outputs": {OUTPUT.0: output},
            "recorded": {"paths": {"train.csv": "../train.csv"}, "commit": "x"}
        });
        Self { document }
    }
}

impl Format for Manifests {
    fn make(&self, random: &mut Random) -> Mutant {
        let other =
            json!({"outputs": {"../../x": {"bytes": -1, "sha256": 7}, "/etc/passwd": {}}, "schema": 2, "seal": null});
        let mut value = self.document.clone();
        let mut text = if once_in(random, 2) {
            (0..=random.below(3)).for_each(|_| json::change(random, &mut value, &other));
            with_seal(&value).into_bytes()
        } else {
            json::mutated(random, &value, &other)
        };
        if once_in(random, 5) {
            bytes::change(random, &mut text, self.document.to_string().as_bytes());
        }
        Mutant::new(format!("manifests/{MANIFEST}"), text)
    }

    fn is_accepted(&self, mutant: &Mutant) -> bool {
        serde_json::from_slice::<Value>(&mutant.bytes).is_ok()
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let folder = path.parent().unwrap();
        for (name, content) in [OUTPUT, (".lock", b"1 sst-fetch dataset".as_slice())] {
            if !folder.join(name).exists() {
                std::fs::write(folder.join(name), content).unwrap();
            }
        }
        let is_json = std::fs::read(path).is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok());
        let read = || -> anyhow::Result<()> {
            let upstream = Upstream::open(folder, "sst-fetch dataset")?;
            upstream.required(OUTPUT.0)?;
            verify_files(folder, &[OUTPUT.0])
        };
        read().map_err(|error| {
            let message = format!("{error:#}");
            // A folder of another stage, or without an output that is needed, is named as such.
            let message =
                if message.contains(&*folder.to_string_lossy()) { format!("{message} ({MANIFEST})") } else { message };
            Refusal::of(message, if is_json { &[] } else { &["line ", "UTF-8"] })
        })
    }
}

/// The text of a manifest with a seal that fits, whatever else it says.
fn with_seal(value: &Value) -> String {
    let text = format!("{value:#}");
    let fields = text.strip_suffix("\n}").unwrap_or(&text);
    let sealed = |seal: &str| format!("{fields},\n  \"seal\": \"{seal}\"\n}}");
    sealed(&sha256_hex(sealed("").as_bytes())) + "\n"
}
