//! A temporary folder with tokens made from the fixture, and the program run in it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;

use corpus::task::Task;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use serde_json::{Value, json};
use stage::{CommonArgs, Job, OutputWriter, Stage};
use testkit::{Outcome, last_of_each};

/// A training of 28 steps.
pub(crate) const TRAINING: &str = "--threads 1 --precision float32 --per-device-train-batch-size 6 --learning-rate 2e-3 \
     --num-train-epochs 4 --hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1 --logging-steps 3";

pub(crate) struct Sandbox(testkit::Sandbox);

impl Deref for Sandbox {
    type Target = testkit::Sandbox;

    fn deref(&self) -> &testkit::Sandbox {
        &self.0
    }
}

impl Sandbox {
    /// Tokens in `tokens/`: the fixture's sentences as train and, in part, as validation.
    pub(crate) fn new() -> Self {
        let sandbox = Self(testkit::Sandbox::new());
        sandbox.write_tokens(|_| ());
        sandbox
    }

    pub(crate) fn fixture(&self, name: &str) -> PathBuf {
        testkit::fixture("small-bert").join(name)
    }

    /// Rewrites `tokens/`, with the train split changed by `change`.
    pub(crate) fn write_tokens(&self, change: impl Fn(&mut TokenSet)) {
        let rows: Vec<Value> = serde_json::from_slice(&fs::read(self.fixture("data.json")).unwrap()).unwrap();
        let mut train = token_set(&rows);
        change(&mut train);
        let common = CommonArgs { force: true, ..CommonArgs::quiet(self.path("tokens")) };
        let stage = Stage { name: "sst-tokenize", version: 1 };
        let mut work = Job::new(stage, &common).plan(&json!({})).unwrap().begin().unwrap().unwrap();
        work.output("train.parquet", |file| Ok(train.write(file)?)).unwrap();
        work.output("validation.parquet", |file| Ok(token_set(&rows[..13]).write(file)?)).unwrap();
        work.finish().unwrap();
    }

    /// Further arguments replace those that are here, and later ones earlier ones.
    pub(crate) fn finetune_command(&self, arguments: &str) -> Command {
        let model = self.fixture("");
        let line = format!("bert-finetune --tokens tokens --out train --model {} {arguments}", model.display());
        self.command(&last_of_each(&line))
    }

    pub(crate) fn finetune(&self, arguments: &str) -> Outcome {
        testkit::outcome(&mut self.finetune_command(arguments))
    }

    /// Waits until a run in another process is about to take its first step.
    pub(crate) fn wait_for_log(&self) {
        wait_until("the run begins", || self.path("train/log.jsonl").exists());
    }

    /// Waits until a run in other processes has saved a checkpoint that is not there yet.
    pub(crate) fn wait_for_checkpoint(&self) {
        let newest = || {
            let steps = fs::read_dir(self.path("train/checkpoints")).into_iter().flatten().flatten();
            let whole = steps.filter(|step| step.path().join("manifest.json").exists());
            whole.map(|step| step.file_name()).max()
        };
        let before = newest();
        wait_until("the run saves", || newest() > before);
    }

    /// The lines of the log of one kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let log = fs::read_to_string(self.path("train/log.jsonl")).unwrap();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["event"] == kind).collect()
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    panic!("a minute was not enough until {what}");
}

fn token_set(rows: &[Value]) -> TokenSet {
    let ids = |row: &Value| -> Vec<i32> {
        row["input_ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap() as i32).collect()
    };
    let sentences: Vec<Vec<i32>> = rows.iter().map(ids).collect();
    let metadata = TokensMetadata {
        dataset: "fixture".to_owned(),
        ..TokensMetadata::new(Task::Labels, ["a", "b", "c"].map(str::to_owned).to_vec(), 24)
    };
    let labels = rows.iter().map(|row| row["labels"].as_i64().map(|label| label as i32)).collect();
    TokenSet::of_rows(metadata, &sentences, Labels::Classes(labels))
}
