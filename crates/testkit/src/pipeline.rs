//! The whole pipeline on toy data: a small random BERT, and sentences of its words whose label is to be learned.

use std::fmt::Write as _;
use std::ops::Deref;
use std::process::{Command, Stdio};

use crate::sandbox::{Outcome, Sandbox, fixture, last_of_each, outcome};

/// The stages in their order, by the folder that each writes.
pub const STAGES: [&str; 7] = ["raw", "model", "tokens", "train", "eval/validation", "eval/test", "export"];

/// A sandbox with a dataset in `reviews/`, a model, and the command line of every stage.
#[derive(Debug)]
pub struct Pipeline {
    sandbox: Sandbox,
    /// Flags of `bert-finetune`.
    pub training: String,
}

impl Deref for Pipeline {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Pipeline {
    /// The small random BERT of the fixtures, and sentences of its words.
    pub fn small() -> Self {
        let training = "--per-device-train-batch-size 16 --learning-rate 3e-3 --num-train-epochs 5 --threads 1";
        let pipeline = Self { sandbox: Sandbox::new(), training: training.to_owned() };
        for (split, n, seed) in [("train", 200, 1), ("validation", 60, 2), ("test", 60, 3)] {
            pipeline.write(&format!("reviews/{split}.csv"), sentences(n, seed));
        }
        pipeline
    }

    /// The command that writes the folder `output` of [`STAGES`].
    pub fn stage(&self, output: &str) -> Command {
        self.stage_with(output, "")
    }

    /// The same with further flags, which replace those that it has.
    pub fn stage_with(&self, output: &str, flags: &str) -> Command {
        let line = match output {
            "raw" => "sst-fetch dataset --source reviews --label-names bad,good".to_owned(),
            "model" => format!("sst-fetch model --source {}", fixture("small-bert").display()),
            "tokens" => "sst-tokenize --raw raw --model model --task labels".to_owned(),
            "train" => format!("bert-finetune --tokens tokens --model model {}", self.training),
            "eval/validation" => "bert-eval --run train --tokens tokens --split validation --threads 1".to_owned(),
            "eval/test" => "bert-eval --run train --tokens tokens --split test --threads 1".to_owned(),
            "export" => "bert-export --run train --eval eval/validation,eval/test --tokens tokens".to_owned(),
            other => panic!("no stage writes {other}"),
        };
        let mut command = self.command(&last_of_each(&format!("{line} --out {output} {flags}")));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs one stage with further flags.
    pub fn run_stage(&self, output: &str, flags: &str) -> Outcome {
        outcome(&mut self.stage_with(output, flags))
    }

    /// Runs the stages up to the one that writes the folder `last`; each must succeed.
    pub fn run_up_to(&self, last: &str) {
        let n = STAGES.iter().position(|stage| *stage == last).expect("a folder of STAGES") + 1;
        STAGES[..n].iter().for_each(|stage| self.run_stage(stage, "").assert_success(stage));
    }

    /// Runs all stages, and returns those that had something to do.
    pub fn run_all(&self) -> Vec<&'static str> {
        let did_work = |stage: &&'static str| {
            let outcome = self.run_stage(stage, "");
            outcome.assert_success(stage);
            !outcome.stderr.ends_with(" is fresh\n")
        };
        STAGES.iter().copied().filter(did_work).collect()
    }
}

/// `n` sentences of the fixture's words as CSV; in good ones most words are of the upper half.
pub fn sentences(n: usize, seed: u64) -> String {
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
