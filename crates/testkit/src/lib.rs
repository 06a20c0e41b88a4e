//! What the end-to-end tests share: a temporary folder in which the built programs are run one after another.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test's own helpers")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder with a dataset, a model, and the outputs of the stages.
pub struct Pipeline {
    folder: TempDir,
    /// Flags of `bert-finetune`.
    pub training: String,
}

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote as data.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

/// The stages in their order, by the folder that each writes.
pub const STAGES: [&str; 7] = ["raw", "model", "tokens", "train", "eval/validation", "eval/test", "export"];

impl Pipeline {
    /// The small random BERT of the fixtures and sentences of its words, the label of which is to be learned.
    pub fn small() -> Self {
        let training = "--per-device-train-batch-size 16 --learning-rate 3e-3 --num-train-epochs 5 --threads 1";
        let pipeline = Self { folder: tempfile::tempdir().unwrap(), training: training.to_owned() };
        for (split, n, seed) in [("train", 200, 1), ("validation", 60, 2), ("test", 60, 3)] {
            pipeline.write(&format!("reviews/{split}.csv"), sentences(n, seed));
        }
        pipeline
    }

    /// The absolute path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the test's own.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file as text.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command that writes the folder `output` of [`STAGES`].
    pub fn stage(&self, output: &str) -> Command {
        let model = workspace().join("tests/fixtures/small-bert");
        let model = model.to_str().unwrap();
        let line = match output {
            "raw" => "sst-fetch dataset --source reviews --label-names bad,good".to_owned(),
            "model" => format!("sst-fetch model --source {model}"),
            "tokens" => "sst-tokenize --raw raw --model model --task labels".to_owned(),
            "train" => format!("bert-finetune --tokens tokens --model model {}", self.training),
            "eval/validation" => "bert-eval --run train --tokens tokens --split validation --threads 1".to_owned(),
            "eval/test" => "bert-eval --run train --tokens tokens --split test --threads 1".to_owned(),
            "export" => "bert-export --run train --eval eval/validation,eval/test".to_owned(),
            other => panic!("no stage writes {other}"),
        };
        let mut command = self.program(&format!("{line} --out {output}"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A command line, to be run in the folder.
    pub fn program(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let mut command = Command::new(if name.starts_with('/') { name.into() } else { program(name) });
        command.current_dir(self.folder.path()).args(words).env_remove("HF_HOME");
        command
    }

    /// Runs one stage with further flags.
    pub fn run(&self, output: &str, flags: &str) -> Outcome {
        outcome(self.stage(output).args(flags.split_whitespace()))
    }

    /// Runs all stages, and returns those that had something to do.
    pub fn run_all(&self) -> Vec<&'static str> {
        let did_work = |stage: &&'static str| {
            let outcome = self.run(stage, "");
            assert_eq!(outcome.code, Some(0), "{stage}: {}", outcome.stderr);
            !outcome.stderr.ends_with(" is fresh\n")
        };
        STAGES.iter().copied().filter(did_work).collect()
    }
}

/// Runs a command to its end.
pub fn outcome(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Ends a process as `kill -9` does.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A built program: it lies beside the folder of the test that asks.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "{} is not built; `just test` builds it", path.display());
    path
}

/// `n` sentences of the fixture's words as CSV; in good ones most words are of the upper half.
fn sentences(n: usize, seed: u64) -> String {
    let mut state = seed;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut csv = String::from("text,label\n");
    for _ in 0..n {
        let good = random(2) == 1;
        let length = 4 + random(8);
        let mut word = || if (random(10) < 8) == good { 33 + random(28) } else { 5 + random(28) };
        let words: Vec<u64> = (0..length).map(|_| word()).collect();
        let words: Vec<String> = words.iter().map(|word| format!("w{word}")).collect();
        writeln!(csv, "{},{}", words.join(" "), if good { "good" } else { "bad" }).unwrap();
    }
    csv
}
