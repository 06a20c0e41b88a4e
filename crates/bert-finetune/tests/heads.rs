//! The program from outside: which classifier a run begins with, and what is read of a model folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use std::fs;

use checkpoint::{Element, SafetensorsFile, TensorBytes, write_safetensors};
use sandbox::Sandbox;
use serde_json::{Value, json};
use testkit::Outcome;

const SHORT: &str =
    "--threads 1 --precision float32 --max-steps 1 --eval-strategy no --save-strategy no --learning-rate 1e-30";

/// The fixture's model in `model`, with another config.
fn with_config(sandbox: &Sandbox, change: impl Fn(&mut Value)) {
    for name in ["vocab.txt", "model.safetensors"] {
        sandbox.write(&format!("model/{name}"), fs::read(sandbox.fixture(name)).unwrap());
    }
    let mut config: Value = serde_json::from_slice(&fs::read(sandbox.fixture("config.json")).unwrap()).unwrap();
    change(&mut config);
    sandbox.write("model/config.json", config.to_string());
}

fn finetune(sandbox: &Sandbox, flags: &str) -> Outcome {
    sandbox.finetune(&format!("--model model {SHORT} {flags}"))
}

fn classifier(sandbox: &Sandbox) -> Vec<u8> {
    SafetensorsFile::open(&sandbox.path("train/model.safetensors")).unwrap().read("classifier.weight").unwrap()
}

fn plan(sandbox: &Sandbox) -> Value {
    stage::Manifest::read(&sandbox.path("train")).unwrap().plan
}

#[test]
fn a_classifier_under_other_names_is_kept_and_said_or_drawn_anew() {
    let sandbox = Sandbox::new();
    with_config(&sandbox, |config| config["id2label"] = json!({"0": "x", "1": "y", "2": "z"}));
    let kept = finetune(&sandbox, "");
    kept.assert_success("bert-finetune");
    let said = "  warning: the classifier of the model was trained for the classes (x, y, z) and goes on, output by output, as \
        that of (a, b, c); where these are not the same things in the same order, add --new-head";
    assert!(kept.stderr.contains(said), "{}", kept.stderr);
    let before =
        SafetensorsFile::open(&sandbox.fixture("model.safetensors")).unwrap().read("classifier.weight").unwrap();
    assert_eq!(classifier(&sandbox), before);
    assert!(plan(&sandbox).get("new_head").is_none(), "runs of earlier programs keep their keys");
    assert_eq!(finetune(&sandbox, "--new-head=false").stderr, "bert-finetune: train is fresh\n");

    let explained = finetune(&sandbox, "--new-head --explain").stdout;
    assert!(explained.contains("  new_head: "), "{explained}");
    let drawn = finetune(&sandbox, "--new-head");
    drawn.assert_success("bert-finetune");
    assert!(drawn.stderr.contains("  newly initialized: classifier.weight, classifier.bias"), "{}", drawn.stderr);
    assert!(!drawn.stderr.contains("was trained for"), "{}", drawn.stderr);
    assert_eq!(plan(&sandbox)["new_head"], true);
    let anew = classifier(&sandbox);
    assert_ne!(anew, before);
    assert_ne!(anew, vec![0; anew.len()]);
}

#[test]
fn the_same_names_are_not_worth_a_word() {
    let sandbox = Sandbox::new();
    with_config(&sandbox, |config| config["id2label"] = json!({"0": "a", "1": "b", "2": "c"}));
    let kept = finetune(&sandbox, "");
    kept.assert_success("bert-finetune");
    assert!(!kept.stderr.contains("was trained for"), "{}", kept.stderr);
}

#[test]
fn several_labels_a_text_are_not_trained() {
    let sandbox = Sandbox::new();
    with_config(&sandbox, |config| config["problem_type"] = json!("multi_label_classification"));
    let refused = finetune(&sandbox, "");
    assert_eq!(refused.code, Some(2));
    let message =
        "model/config.json: problem_type is multi_label_classification, which is not trained here; --new-head begins";
    assert!(refused.stderr.contains(message), "{}", refused.stderr);
    finetune(&sandbox, "--new-head").assert_success("bert-finetune");
    let config: Value = serde_json::from_slice(&sandbox.read("train/config.json")).unwrap();
    assert_eq!(config["problem_type"], "single_label_classification");
}

#[test]
fn nothing_of_another_head_goes_into_the_run() {
    let sandbox = Sandbox::new();
    with_config(&sandbox, |config| {
        config["num_labels"] = json!(5);
        config["finetuning_task"] = json!("mnli");
        config["task_specific_params"] = json!({"x": 1});
    });
    finetune(&sandbox, "").assert_success("bert-finetune");
    let config: Value = serde_json::from_slice(&sandbox.read("train/config.json")).unwrap();
    for key in ["num_labels", "finetuning_task", "task_specific_params"] {
        assert!(config.get(key).is_none(), "{key}");
    }
}

/// The weights of `model` in two files with a prefix before every name.
fn split(sandbox: &Sandbox) {
    let mut file = SafetensorsFile::open(&sandbox.path("model/model.safetensors")).unwrap();
    let names: Vec<String> = file.entries.keys().cloned().collect();
    let mut map = serde_json::Map::new();
    for (place, part) in names.chunks(names.len().div_ceil(2)).enumerate() {
        let shard = format!("part-{place}.safetensors");
        let tensor = |name: &String| {
            map.insert(format!("module.{name}"), json!(shard));
            let (bytes, shape) = (file.read(name).unwrap(), file.entries[name].shape.clone());
            TensorBytes {
                name: format!("module.{name}"),
                element: Element::F32,
                shape,
                bytes: Box::new(move || Ok(bytes)),
            }
        };
        let mut bytes = Vec::new();
        write_safetensors(&mut bytes, part.iter().map(tensor).collect()).unwrap();
        sandbox.write(&format!("model/{shard}"), bytes);
    }
    sandbox.write("model/model.safetensors.index.json", json!({ "weight_map": map }).to_string());
    fs::remove_file(sandbox.path("model/model.safetensors")).unwrap();
}

#[test]
fn every_file_of_the_weights_is_an_input() {
    let sandbox = Sandbox::new();
    with_config(&sandbox, |_| ());
    finetune(&sandbox, "").assert_success("bert-finetune");
    let of_one_file = sandbox.read("train/model.safetensors");
    split(&sandbox);
    let explained = finetune(&sandbox, "--explain").stdout;
    assert!(explained.contains("  input model/part-1.safetensors: "), "{explained}");
    let trained = finetune(&sandbox, "");
    trained.assert_success("bert-finetune");
    assert!(
        trained.stderr.contains("  every tensor's name begins with module., which is cut off\n"),
        "{}",
        trained.stderr
    );
    assert_eq!(sandbox.read("train/model.safetensors"), of_one_file);
    assert_eq!(finetune(&sandbox, "").stderr, "bert-finetune: train is fresh\n");

    let mut last = sandbox.read("model/part-1.safetensors");
    let end = last.len() - 4;
    last[end..].copy_from_slice(&1_f32.to_le_bytes());
    sandbox.write("model/part-1.safetensors", last);
    let explained = finetune(&sandbox, "--explain").stdout;
    assert!(
        explained.starts_with("bert-finetune: train is out of date:\n  input model/part-1.safetensors: "),
        "{explained}"
    );
}
