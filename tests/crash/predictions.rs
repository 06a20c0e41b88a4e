//! kill -9 of predictions in parts at random moments, the same command again: every file is byte for byte the same, of an
//! undivided run and of shards that are collected.
//!
//! A kill counts when the process was alive and had begun its folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use stage::Fingerprint;
use testkit::{Outcome, Random, Sandbox, fixture, outcome};

use crate::sandbox::files;
use crate::{size, tell};

/// A table of rows, and the program that reads it.
struct Predictions {
    sandbox: Sandbox,
    /// How long an undisturbed run takes.
    whole: Duration,
}

impl Predictions {
    /// Answers all rows once, into the folder `whole`.
    fn begin() -> Self {
        let sandbox = Sandbox::new();
        let mut csv = "id,text\n".to_owned();
        for row in 0..3000 {
            writeln!(csv, "{row},{}", format!("w{} w{} ", 5 + row % 50, 5 + row % 7).repeat(1 + row % 5)).unwrap();
        }
        sandbox.write("a.csv", csv);
        let mut predictions = Self { sandbox, whole: Duration::ZERO };
        let begun = Instant::now();
        predictions.finish("whole", "");
        predictions.whole = begun.elapsed();
        predictions
    }

    fn command(&self, out: &str, flags: &str) -> Command {
        let model = fixture("small-bert");
        let line = format!(
            "bert-predict --model {} --precision float32 --threads 1 --input a.csv --keep-columns all --rows-per-part 32 \
             --output-format parquet --quiet --out {out} {flags}",
            model.display()
        );
        self.sandbox.command(&line)
    }

    /// Runs it to its end, which is to be a good one.
    fn finish(&self, out: &str, flags: &str) -> Outcome {
        let outcome = outcome(&mut self.command(out, flags));
        outcome.assert_success(flags);
        outcome
    }

    /// The hashes of the visible files of a folder, shards that lie in it left out.
    fn hashes(&self, out: &str) -> BTreeMap<PathBuf, String> {
        let root = self.sandbox.path(out);
        let named = |path: PathBuf| (path.strip_prefix(&root).unwrap().to_owned(), path);
        let is_own = |name: &Path| name.components().count() == 1 && !name.to_string_lossy().starts_with('.');
        let all = files(&root).into_iter().map(named).filter(|(name, _)| is_own(name));
        all.map(|(name, path)| (name, Fingerprint::of_file(&path).unwrap().sha256)).collect()
    }

    /// Runs it and kills it at a random moment; whether it was killed while it filled the folder `filled`.
    fn kill(&self, out: &str, flags: &str, filled: &Path, random: &mut Random) -> bool {
        let mut command = self.command(out, flags);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(self.whole.mul_f64(random.below(1000) as f64 / 1000.0));
        if child.try_wait().unwrap().is_some() {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return false;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        filled.join("parts.jsonl").is_file() && !filled.join("manifest.json").is_file()
    }
}

#[test]
fn killed_predictions_end_in_the_same_bytes() {
    let predictions = Predictions::begin();
    let expected = predictions.hashes("whole");
    assert_eq!(expected.len(), 94 + 2, "parts, ledger and manifest");
    let wanted = size(4, 50);
    let (mut kills, mut compared, mut lives) = (0, 0, 0);
    let mut random = Random::new(1);
    let folder = predictions.sandbox.path("killed");
    while kills < wanted {
        kills += u64::from(predictions.kill("killed", "", &folder, &mut random));
        lives += 1;
        assert!(lives < 40 * wanted, "{kills} of {lives} lives were killed while they filled the folder");
        if folder.join("manifest.json").is_file() {
            assert_eq!(predictions.hashes("killed"), expected);
            compared += 1;
            fs::remove_dir_all(&folder).unwrap();
        }
    }
    predictions.finish("killed", "");
    assert_eq!(predictions.hashes("killed"), expected);
    tell(
        "predictions: kills",
        &[("kills", kills), ("lives", lives), ("runs compared", compared + 1), ("differing", 0)],
    );
}

#[test]
fn killed_shards_are_collected_to_the_same_bytes() {
    let predictions = Predictions::begin();
    let expected = predictions.hashes("whole");
    let wanted = size(2, 25);
    let mut random = Random::new(2);
    for shard in 1..=2 {
        let flags = format!("--shard {shard}/2");
        let folder = predictions.sandbox.path(&format!("shards/shard-{shard}-of-2"));
        let (mut kills, mut lives) = (0, 0);
        while kills < wanted {
            kills += u64::from(predictions.kill("shards", &flags, &folder, &mut random));
            lives += 1;
            assert!(lives < 40 * wanted, "{kills} of {lives} lives were killed while they filled the folder");
            if kills < wanted && folder.join("manifest.json").is_file() {
                fs::remove_dir_all(&folder).unwrap();
            }
        }
        predictions.finish("shards", &flags);
        tell(&format!("predictions: kills of shard {shard}"), &[("kills", kills), ("lives", lives)]);
    }
    predictions.sandbox.succeed("bert-predict --collect shards");
    assert_eq!(predictions.hashes("shards"), expected);
}
