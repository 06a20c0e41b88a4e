//! Whoever changes their mind, at any moment and in any order, ends with what an empty folder would have given.
//!
//! A walk changes inputs and settings, kills stages, pauses the training, takes files and folders away or cuts them, and runs stages
//! alone; then all stages run, and every file they leave is held to that of a pipeline which has seen nothing of this. One number says
//! the whole walk: `WALKS=1000` takes as many, and a failure names its number, which `WALK=N` takes alone.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stage::Fingerprint;
use testkit::{Outcome, Pipeline, STAGES, fixture, kill, last_of_each, outcome, sentences};

use crate::walk::{self, Left, Walk, Way, damage_one, files, one_of};

/// What is chosen, a stage's folder and its flags; of an input file, its seed, or none. The first is where a walk begins.
const CHOICES: [(&str, &[&str]); 17] = [
    ("reviews/train.csv", &["1", "4"]),
    ("reviews/validation.csv", &["2", "5", ""]),
    ("reviews/test.csv", &["3", "6"]),
    ("raw", &["", "--max-samples 48", "--label-names good,bad"]),
    ("raw", &["", "--seed 7"]),
    ("model", &["", "--source other-model"]),
    ("tokens", &["", "--max-length 8", "--max-length 8 --truncation-side left"]),
    ("train", &["", "--num-train-epochs 2", "--max-steps 17"]),
    ("train", &["", "--seed 7", "--data-seed 7", "--group-by-length"]),
    (
        "train",
        &[
            "",
            "--lr-scheduler-type cosine",
            "--gradient-accumulation-steps 2",
            "--optim adamw_torch --weight-decay 0.1",
        ],
    ),
    (
        "train",
        &["", "--save-strategy steps --save-steps 7", "--save-total-limit 1", "--save-strategy steps --save-steps 3"],
    ),
    ("train", &["", "--ema-decay 0.9", "--early-stopping-patience 1", "--eval-strategy steps --eval-steps 9"]),
    ("eval", &["", "--errors 3", "--precision float32"]),
    ("eval", &["", "--raw raw", "--raw raw --baseline", "--raw raw --save-texts"]),
    ("export", &["", "--format hf,onnx", "--dtype float16"]),
    ("export", &["", "--model-name anew"]),
    ("export", &["", "--raw raw", "--base-model model"]),
];

/// Of each of [`CHOICES`], which one.
type Mind = [usize; CHOICES.len()];

#[test]
fn whoever_changes_their_mind_ends_with_what_an_empty_folder_gives() {
    walk::take::<Stages>(walk::numbers(4));
}

/// The pipeline.
struct Stages;

impl Way for Stages {
    type Mind = Mind;

    fn begin(mind: &Mind) -> Pipeline {
        let pipeline = prepared();
        write_reviews(&pipeline, mind);
        pipeline
    }

    fn take_a_turn(walk: &mut Walk<Self>) -> String {
        let stage = one_of(&mut walk.random, &STAGES);
        match walk.random.below(10) {
            0..4 => change_a_choice(walk),
            4 | 5 => {
                run_before(walk, stage);
                let child = command(&walk.pipeline, &walk.mind, stage, "").spawn().unwrap();
                let delay = walk.random.below(if stage == "train" { 600 } else { 60 });
                std::thread::sleep(Duration::from_millis(delay));
                kill(child);
                format!("{stage} killed after {delay} ms")
            }
            6 => {
                run_before(walk, "train");
                let flags = format!("--stop-at-step {}", 1 + walk.random.below(50));
                outcome(&mut command(&walk.pipeline, &walk.mind, "train", &flags));
                format!("train {flags}")
            }
            7 => {
                let flags = one_of(&mut walk.random, &["", "--force"]);
                let code = outcome(&mut command(&walk.pipeline, &walk.mind, stage, flags)).code;
                format!("{stage} {flags} alone: {code:?}")
            }
            8 => {
                let _ = fs::remove_dir_all(walk.pipeline.path(stage));
                format!("without {stage}")
            }
            _ => damage_one(&mut walk.random, &files(&walk.pipeline.path(stage))),
        }
    }

    fn run(walk: &mut Walk<Self>) -> Result<(), String> {
        for _ in STAGES {
            let ended = |stage| Some((stage, run(walk, stage))).filter(|(_, end)| end.code != Some(0));
            let Some((stage, told)) = STAGES.into_iter().find_map(ended) else { return Ok(()) };
            let error = told.stderr.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default();
            let is_named = |folder: &&str| error.starts_with(*folder) || error.contains(&format!("{folder}/"));
            match STAGES.into_iter().rfind(is_named) {
                Some(folder) if told.code == Some(2) => {
                    walk.done.push(format!("{stage} refused {error}"));
                    outcome(&mut command(&walk.pipeline, &walk.mind, folder, "--force"));
                }
                _ => return Err(format!("{stage} ended with {:?}: {}", told.code, told.stderr)),
            }
        }
        Err("no end of refusals".to_owned())
    }

    fn busy(walk: &Walk<Self>) -> Option<String> {
        let busy: Vec<&str> = STAGES.into_iter().filter(|stage| !is_fresh(&run(walk, stage))).collect();
        (!busy.is_empty()).then(|| format!("{} not fresh behind a whole run", busy.join(", ")))
    }

    /// What the stages left, but for times, locks, and checkpoints, whose saving is no setting of the result.
    fn left(pipeline: &Pipeline) -> Left {
        let root = pipeline.path("");
        let is_told = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            !tells_times(name) && !name.starts_with('.') && !path.starts_with(root.join("train/checkpoints"))
        };
        let hash = |path: PathBuf| {
            let name = path.strip_prefix(&root).unwrap().to_owned();
            (
                name,
                if path.ends_with("manifest.json") {
                    manifest_of_result(&path)
                } else {
                    Fingerprint::of_file(&path).unwrap().sha256
                },
            )
        };
        STAGES.into_iter().flat_map(|stage| files(&root.join(stage))).filter(is_told).map(hash).collect()
    }
}

fn change_a_choice(walk: &mut Walk<Stages>) -> String {
    let index = walk.random.below(CHOICES.len() as u64) as usize;
    let (of, options) = CHOICES[index];
    walk.mind[index] = walk.random.below(options.len() as u64) as usize;
    write_reviews(&walk.pipeline, &walk.mind);
    format!("{of}: «{}»", options[walk.mind[index]])
}

fn run(walk: &Walk<Stages>, stage: &str) -> Outcome {
    outcome(&mut command(&walk.pipeline, &walk.mind, stage, ""))
}

fn run_before(walk: &Walk<Stages>, last: &str) {
    for stage in STAGES.into_iter().take_while(|stage| *stage != last) {
        run(walk, stage);
    }
}

/// A pipeline with inputs, and what is chosen among them.
fn prepared() -> Pipeline {
    let pipeline = Pipeline::small();
    for file in files(&fixture("small-bert")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        if name == "config.json" {
            let config = String::from_utf8(bytes).unwrap();
            bytes = config.replacen('{', "{\"hidden_dropout_prob\": 0.3,", 1).into_bytes();
        }
        pipeline.write(&format!("other-model/{name}"), bytes);
    }
    pipeline
}

/// Writes the reviews that are chosen, where they are not there.
fn write_reviews(pipeline: &Pipeline, mind: &Mind) {
    for ((name, seeds), chosen) in CHOICES.iter().zip(mind).filter(|((name, _), _)| name.starts_with("reviews/")) {
        match seeds[*chosen].parse() {
            Ok(seed) => {
                let csv = sentences(if name.ends_with("train.csv") { 200 } else { 60 }, seed);
                if fs::read_to_string(pipeline.path(name)).ok() != Some(csv.clone()) {
                    pipeline.write(name, csv);
                }
            }
            Err(_) => drop(fs::remove_file(pipeline.path(name))),
        }
    }
}

/// The command of a stage with what is chosen for it, and further flags.
fn command(pipeline: &Pipeline, mind: &Mind, stage: &str, flags: &str) -> std::process::Command {
    let mut chosen = String::new();
    for ((of, options), index) in CHOICES.iter().zip(mind) {
        if stage == *of || stage.split('/').next() == Some(of) {
            write!(chosen, "{} ", options[*index]).unwrap();
        }
    }
    pipeline.stage_with(stage, &last_of_each(&format!("{chosen}{flags}")))
}

fn is_fresh(told: &Outcome) -> bool {
    told.code == Some(0) && told.stderr.ends_with(" is fresh\n")
}

fn tells_times(name: &str) -> bool {
    name.ends_with("timing.json") || name.contains("tfevents")
}

/// Of a manifest what was asked for and what came out; the rest tells of times and threads, too.
fn manifest_of_result(path: &Path) -> String {
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    manifest["outputs"].as_object_mut().unwrap().retain(|name, _| !tells_times(name));
    manifest.as_object_mut().unwrap().retain(|name, _| ["plan", "outputs"].contains(&&**name));
    serde_json::to_string_pretty(&manifest).unwrap()
}
