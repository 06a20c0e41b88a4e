//! Files that are damaged or do not fit: exit code 2, the file named, nothing begun, no panic.

use std::fs;

use testkit::{Outcome, Pipeline, STAGES, outcome};

fn refused(outcome: &Outcome, expected: &str) {
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(expected), "expected «{expected}» in: {}", outcome.stderr);
    assert!(!outcome.stderr.contains("panicked") && !outcome.stderr.contains("internal"), "{}", outcome.stderr);
}

#[test]
fn an_unfinished_folder_is_not_read() {
    let pipeline = Pipeline::small();
    refused(&pipeline.run_stage("tokens", ""), "raw does not exist; `sst-fetch dataset` makes it");
    pipeline.run_all();
    fs::remove_file(pipeline.path("tokens/manifest.json")).unwrap();
    refused(
        &pipeline.run_stage("train", ""),
        "tokens is unfinished: it has no manifest.json; run `sst-tokenize` to its end first",
    );
    fs::remove_file(pipeline.path("train/manifest.json")).unwrap();
    refused(&pipeline.run_stage("eval/test", ""), "train is unfinished");
    refused(&pipeline.run_stage("export", ""), "train is unfinished");
}

#[test]
fn an_output_folder_with_other_files_is_refused() {
    let pipeline = Pipeline::small();
    pipeline.write("raw/thesis.txt", "years of work");
    refused(&pipeline.run_stage("raw", ""), "raw holds files that no stage wrote; give --out a new or empty folder");
    assert_eq!(pipeline.text("raw/thesis.txt"), "years of work");
}

/// Makes an output folder one that no stage wrote.
fn disown(pipeline: &Pipeline, folder: &str) {
    for name in ["manifest.json", ".lock"] {
        fs::remove_file(pipeline.path(&format!("{folder}/{name}"))).unwrap();
    }
}

#[test]
fn truncated_files_are_named() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let truncate = |name: &str| {
        let bytes = fs::read(pipeline.path(name)).unwrap();
        pipeline.write(name, &bytes[..bytes.len() / 2]);
        bytes
    };
    truncate("raw/train.parquet");
    refused(&pipeline.run_stage("tokens", ""), "raw/train.parquet");
    let tokens = truncate("tokens/train.parquet");
    refused(&pipeline.run_stage("train", ""), "tokens/train.parquet");
    pipeline.write("tokens/train.parquet", tokens);
    truncate("tokens/test.parquet");
    refused(&pipeline.run_stage("eval/test", ""), "tokens/test.parquet");
    truncate("model/model.safetensors");
    refused(&pipeline.run_stage("train", ""), "model/model.safetensors is not a complete safetensors file");
    truncate("train/model.safetensors");
    refused(&pipeline.run("bert-predict --model train fine"), "train/model.safetensors is not a complete");
    truncate("model/config.json");
    let expected = "model/config.json is not what `sst-fetch model` wrote: 199 bytes instead of 399";
    refused(&pipeline.run_stage("train", ""), expected);
    disown(&pipeline, "model");
    refused(&pipeline.run_stage("train", ""), "model/config.json: not JSON");
}

#[test]
fn a_model_that_is_no_bert_is_refused() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    disown(&pipeline, "model"); // or else an edit is told, whatever it is
    let config = pipeline.text("model/config.json");
    pipeline.write("model/config.json", config.replace("\"bert\"", "\"roberta\""));
    refused(&pipeline.run_stage("train", ""), "model/config.json: model_type is roberta, but only bert is supported");
    pipeline.write("model/config.json", config.replace("\"intermediate_size\": 44", "\"intermediate_size\": 45"));
    let shape = "tensor bert.encoder.layer.0.intermediate.dense.bias: has shape [44]; config.json asks for [45]";
    refused(&pipeline.run_stage("train", ""), shape);
    pipeline.write("model/config.json", config.replace("\"vocab_size\": 61", "\"vocab_size\": 60"));
    refused(&pipeline.run_stage("tokens", "--force"), "vocab_size");
}

#[test]
fn tokens_of_another_task_are_refused() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    pipeline.write("reviews/test.csv", "text,label\nw6,worse\n");
    pipeline.run("sst-fetch dataset --source reviews --label-names bad,good,worse --out raw");
    pipeline.run_stage("tokens", "");
    let expected = "the tokens have the labels (bad, good, worse), the model has the labels (bad, good); tokenize for";
    refused(&pipeline.run_stage("eval/test", ""), expected);
}

/// Files of more than 10 KB cannot be written: too small for anything that holds the model.
#[test]
fn a_full_disk_ends_with_its_own_exit_code_and_leaves_the_old_result() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    for stage in ["model", "train", "export"] {
        // A limit on the size of files is what an ordinary user can set; it fails writes as a quota does.
        let command = pipeline.stage(stage);
        let program = command.get_program().to_str().unwrap().to_owned();
        let arguments: Vec<&str> = command.get_args().map(|word| word.to_str().unwrap()).collect();
        let script = format!("ulimit -f 20; exec {program} {} --force", arguments.join(" "));
        let outcome = outcome(pipeline.command("/bin/sh").args(["-c", &script]));
        assert_eq!(outcome.code, Some(3), "{stage}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("cannot write"), "{stage}: {}", outcome.stderr);
        assert_eq!(pipeline.run_stage(stage, "").code, Some(0));
    }
    let done = STAGES.iter().filter(|stage| stage_exists(&pipeline, stage)).count();
    assert_eq!(done, STAGES.len());
}

fn stage_exists(pipeline: &Pipeline, stage: &str) -> bool {
    stage::Manifest::read(&pipeline.path(stage)).is_some()
}
