//! Where the proofs train: a folder with tokens and a model, in which runs get output folders of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stage::Fingerprint;
use testkit::{Outcome, Pipeline, last_of_each, outcome};

/// The settings that all proofs share. Each step is logged, so that the log tells the step.
const COMMON: &str = "bert-finetune --tokens tokens --model model --threads 1 --logging-steps 1 --learning-rate 3e-3 \
     --per-device-train-batch-size 16 --hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1";

/// Inputs, and the runs that read them.
pub(crate) struct TrainingSandbox {
    pipeline: Pipeline,
}

impl TrainingSandbox {
    /// The small random BERT and sentences of its words.
    pub(crate) fn small() -> Self {
        let sandbox = Self { pipeline: Pipeline::small() };
        sandbox.pipeline.run_up_to("tokens");
        sandbox
    }

    /// A real model, and the first sentences of a real corpus.
    pub(crate) fn real(model: &Path, trees: &Path) -> Self {
        let sandbox = Self { pipeline: Pipeline::small() };
        let (model, trees) = (model.display(), trees.display());
        for line in [
            format!("sst-fetch dataset --source {trees} --max-samples 64 --out raw"),
            format!("sst-fetch model --source {model} --out model"),
            "sst-tokenize --raw raw --model model --task sst2 --out tokens".to_owned(),
        ] {
            let made = sandbox.pipeline.run(&line);
            assert_eq!(made.code, Some(0), "{line}: {}", made.stderr);
        }
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.pipeline.path(name)
    }

    /// The program, with the folder `out` and further arguments, which replace those that all have.
    pub(crate) fn command(&self, out: &str, arguments: &str) -> Command {
        self.pipeline.command(&last_of_each(&format!("{COMMON} {arguments} --out {out}")))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, out: &str, arguments: &str) -> Outcome {
        outcome(&mut self.command(out, arguments))
    }

    /// Runs it to its end, which is to be a good one, and returns what it said.
    pub(crate) fn finish(&self, out: &str, arguments: &str) -> String {
        let outcome = self.run(out, arguments);
        assert_eq!(outcome.code, Some(0), "{arguments}: {}", outcome.stderr);
        outcome.stderr
    }

    /// The hashes of all that must not depend on interruptions: the outputs and the kept checkpoints, optimizer included.
    ///
    /// Left out are files that tell of times, the lock, and best weights, which the checkpoints' manifests vouch for: they
    /// outlive a run that is killed behind its own manifest.
    pub(crate) fn hashes(&self, out: &str) -> BTreeMap<PathBuf, String> {
        let root = self.path(out);
        let told = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let holds_times = name == "timing.json" || path.parent().unwrap().ends_with("tensorboard");
            !holds_times && !name.starts_with('.') && !name.starts_with("best-step-")
        };
        let hash = |path: PathBuf| {
            let name = path.strip_prefix(&root).unwrap().to_owned();
            (name, Fingerprint::of_file(&path).unwrap().sha256)
        };
        files(&root).into_iter().filter(told).map(hash).collect()
    }

    /// Forgets a run.
    pub(crate) fn remove(&self, out: &str) {
        fs::remove_dir_all(self.path(out)).unwrap();
    }
}

/// All files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The checkpoints of an output folder that have a manifest, oldest first.
pub(crate) fn whole_checkpoints(out: &Path) -> Vec<PathBuf> {
    let mut steps: Vec<PathBuf> =
        fs::read_dir(out.join("checkpoints")).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    steps.retain(|path| path.join("manifest.json").is_file());
    steps.sort();
    steps
}

/// The step at which a run says that it continued; 0 where it began.
pub(crate) fn continued_at(stderr: &str) -> u64 {
    let told = stderr.lines().find_map(|line| line.strip_prefix("bert-finetune: continuing at step "));
    told.map_or(0, |told| told.split(' ').next().unwrap().parse().unwrap())
}
