//! Runs, tokens and evaluations as the other stages leave them, of the small BERT of the fixtures, which has three outputs.

use std::fs;
use std::io::Write;

use corpus::task::Task;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use serde_json::{Value, json};
use stage::{CommonArgs, Fingerprint, Job, Manifest, OutputFolder, OutputWriter, Stage};
use testkit::{Random, Sandbox, fixture};

pub(crate) const EXPORT: &str = "bert-export --run train --out export";

fn begin(sandbox: &Sandbox, stage: Stage, folder: &str, plan: &Value) -> OutputFolder {
    let common = CommonArgs { force: true, ..CommonArgs::quiet(sandbox.path(folder)) };
    let vocabulary = fixture("small-bert").join("vocab.txt");
    let job = Job::new(stage, &common).plan(plan).unwrap().input("model/vocab.txt", vocabulary);
    job.begin().unwrap().unwrap()
}

/// A run as `bert-finetune` leaves it: the fixture's model with another config, under a manifest of this plan.
pub(crate) fn run(sandbox: &Sandbox, plan: &Value, change: impl Fn(&mut Value)) {
    let mut output = begin(sandbox, Stage { name: "bert-finetune", version: 5 }, "train", plan);
    let mut config: Value = serde_json::from_slice(&fs::read(fixture("small-bert/config.json")).unwrap()).unwrap();
    change(&mut config);
    output.output("config.json", |file| Ok(file.write_all(config.to_string().as_bytes())?)).unwrap();
    let tokenizer = r#"{"extra_special_tokens": [], "vocab_file": "/x/vocab.txt", "do_lower_case": true}"#;
    if plan.get("with_tokenizer_config").is_some() {
        output.output("tokenizer_config.json", |file| Ok(file.write_all(tokenizer.as_bytes())?)).unwrap();
    }
    for name in ["vocab.txt", "model.safetensors"] {
        output.copy(name, &fixture("small-bert").join(name)).unwrap();
    }
    output.finish().unwrap();
}

/// Tokens as `sst-tokenize` leaves them: the fixture's rows with its labels, and as many random rows without.
pub(crate) fn tokens(sandbox: &Sandbox, label_names: &[&str], n_random: usize) {
    let text = fs::read(fixture("small-bert/data.json")).unwrap();
    let mut rows: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let mut random = Random::new(7);
    for _ in 0..n_random {
        let ids: Vec<u64> = (0..4 + random.below(20)).map(|_| 5 + random.below(56)).collect();
        rows.push(json!({"input_ids": ids, "labels": null}));
    }
    let row_ids: Vec<Vec<i32>> =
        rows.iter().map(|row| serde_json::from_value(row["input_ids"].clone()).unwrap()).collect();
    let n = rows.len();
    let is_regression = label_names.is_empty();
    let label = |row: &Value| row["labels"].as_i64().map(|label| label as i32);
    let task = if is_regression { Task::Regression } else { Task::Labels };
    let metadata = TokensMetadata {
        dataset: "OWNER/NAME".to_owned(),
        tokenizer_sha256: Fingerprint::of_file(&fixture("small-bert/vocab.txt")).unwrap().sha256,
        ..TokensMetadata::new(task, label_names.iter().map(|&name| name.to_owned()).collect(), 24)
    };
    let labels = if is_regression {
        Labels::Scores(rows.iter().map(|row| label(row).map(|label| label as f32)).collect())
    } else {
        Labels::Classes(rows.iter().map(label).collect())
    };
    let ids = (100..100 + n as i64).collect();
    let set = TokenSet { ids, ..TokenSet::of_rows(metadata, &row_ids, labels) };
    let mut output = begin(sandbox, Stage { name: "sst-tokenize", version: 1 }, "tokens", &json!({}));
    output
        .output("validation.parquet", |file| {
            let mut bytes = Vec::new();
            set.write(&mut bytes).unwrap();
            Ok(file.write_all(&bytes)?)
        })
        .unwrap();
    output.finish().unwrap();
}

pub(crate) fn plan(sandbox: &Sandbox) -> Value {
    Manifest::read(&sandbox.path("export")).unwrap().plan
}

pub(crate) fn json_file(sandbox: &Sandbox, name: &str) -> Value {
    serde_json::from_slice(&sandbox.read(name)).unwrap()
}

/// Everything below a folder, but what stages note for themselves.
pub(crate) fn files(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(sandbox.path(&folder)).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                folders.push(name);
            } else if ![".lock", ".hashes.json"].contains(&entry.file_name().to_str().unwrap()) {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}
