//! The programs one after another, as `just all` chains them.

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use testkit::{Pipeline, STAGES, outcome};

#[test]
fn from_csv_to_predictions_and_a_second_time_nothing_is_done() {
    let pipeline = Pipeline::small();
    assert_eq!(pipeline.run_all(), STAGES);

    let metrics: Value = serde_json::from_str(&pipeline.text("eval/test/metrics.json")).unwrap();
    assert_eq!((metrics["n"].as_u64(), metrics["split"].as_str()), (Some(60), Some("test")));
    let accuracy = metrics["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.75, "a rule of words is learned, but the accuracy is {accuracy}");
    let counts: u64 = metrics["confusion_matrix"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(counts, 60);
    assert!(pipeline.text("eval/test/confusion_matrix.svg").contains("n = 60"));
    assert!(pipeline.text("export/hf/README.md").contains("| test | 60 |"));
    checkpoint::ModelFolder::open(&pipeline.path("export/hf")).unwrap();

    assert_eq!(pipeline.run_all(), [] as [&str; 0]);

    let mut predict = pipeline.command("bert-predict --model export/hf --threads 1");
    let answer = outcome(predict.args(["w50 w51 w52 w53 w40", "w6 w7 w8 w9 w10"]));
    let lines: Vec<Value> = answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels: Vec<&str> = lines.iter().map(|line| line["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["good", "bad"]);
    let shares = lines[0]["probabilities"].as_object().unwrap();
    assert!((shares["good"].as_f64().unwrap() + shares["bad"].as_f64().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_prediction_quietly() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let mut predict = pipeline.command("bert-predict --model export/hf --threads 1 w50 w6");
    let mut child = predict.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn only_what_a_change_reaches_is_done_again() {
    let mut pipeline = Pipeline::small();
    pipeline.run_all();

    pipeline.training.push_str(" --weight-decay 0.02");
    let explained = pipeline.run_stage("train", "--explain");
    assert_eq!(explained.stdout, "bert-finetune: train is out of date:\n  weight_decay: 0.0 -> 0.02\n");
    assert_eq!(pipeline.run_all(), ["train", "eval/validation", "eval/test", "export"]);

    let edit = |split: &str, row: &str| {
        let name = format!("reviews/{split}.csv");
        pipeline.write(&name, pipeline.text(&name) + row);
    };
    edit("test", "w6 w7 w8,good\n");
    let done = pipeline.run_all();
    assert!(done.starts_with(&["raw", "tokens", "eval/test"]), "training and validation stay fresh: {done:?}");

    edit("train", "w6 w7 w8,bad\n");
    assert_eq!(pipeline.run_all(), ["raw", "tokens", "train", "eval/validation", "eval/test", "export"]);
}

/// Whoever chooses a model has not seen what it is to be measured by.
#[test]
fn nothing_reads_the_test_split_that_is_not_asked_to() {
    let pipeline = Pipeline::small();
    let results = ["train/model.safetensors", "train/log.jsonl", "eval/validation/predictions.parquet"];
    pipeline.run_up_to("eval/validation");
    let before = results.map(|file| pipeline.read(file));
    for name in ["tokens/test.parquet", "raw/test.parquet", "reviews/test.csv"] {
        fs::remove_file(pipeline.path(name)).unwrap();
    }
    for stage in ["train", "eval/validation"] {
        pipeline.run_stage(stage, "--force").assert_success(stage);
    }
    assert!(results.map(|file| pipeline.read(file)) == before);
    assert_eq!(pipeline.run_stage("eval/test", "").code, Some(2));
}

#[test]
fn a_profile_gives_what_is_not_typed() {
    let pipeline = Pipeline::small();
    pipeline.run_stage("raw", "");
    pipeline.run_stage("model", "");
    pipeline.write("x.toml", "[tokenize]\nraw = 'raw'\nmodel = 'model'\ntask = 'labels'\nmax_length = 8\n");
    let done = pipeline.run("sst-tokenize --profile x.toml --out tokens");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let typed = pipeline.run("sst-tokenize --profile x.toml --out tokens --max-length 9 --explain");
    assert_eq!(typed.stdout, "sst-tokenize: tokens is out of date:\n  max_length: 8 -> 9\n");

    pipeline.write("x.toml", "[tokenize]\nmax_lenght = 8\n");
    let wrong = pipeline.run("sst-tokenize --profile x.toml --out tokens");
    assert_eq!(wrong.code, Some(2));
    let expected = "error: in the profile x.toml: in [tokenize]: unknown key max_lenght; did you mean max_length?\n";
    assert_eq!(wrong.stderr, expected);
}

#[test]
fn texts_come_from_arguments_stdin_and_files() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let labels = |stdout: &str| -> Vec<String> {
        let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["label"].as_str().unwrap().to_owned()).collect()
    };
    pipeline.write("texts.txt", "w50 w51 w52 w53 w40\r\nw6 w7 w8 w9 w10\n");
    pipeline.write("texts.csv", "review,stars\n\"w50 w51 w52 w53 w40\",5\n\"w6 w7 w8 w9 w10\",1\n");
    pipeline.write("texts.jsonl", "{\"text\": \"w50 w51 w52 w53 w40\"}\n{\"text\": \"w6 w7 w8 w9 w10\"}\n");
    for input in ["--input texts.txt", "--input texts.csv --text-column review", "--input texts.jsonl"] {
        let answer = pipeline.run(&format!("bert-predict --model train {input}"));
        assert_eq!(labels(&answer.stdout), ["good", "bad"], "{input}: {}", answer.stderr);
    }
    let mut command = pipeline.command("bert-predict --model train --output answers.jsonl");
    let piped = command.stdin(std::fs::File::open(pipeline.path("texts.txt")).unwrap()).output().unwrap();
    assert!(piped.status.success() && piped.stdout.is_empty());
    assert_eq!(labels(&pipeline.text("answers.jsonl")), ["good", "bad"]);

    pipeline.write("latin1.txt", b"caf\xe9\n");
    let wrong = pipeline.run("bert-predict --model train --input latin1.txt");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.starts_with("bert-predict: latin1.txt, line 1: its bytes are no text"), "{}", wrong.stderr);
    assert!(wrong.stderr.ends_with("error: no row of the input could be read\n"), "{}", wrong.stderr);
    let untrained = pipeline.run("bert-predict --model model fine");
    assert_eq!(untrained.code, Some(0), "the fixture has a classifier of its own: {}", untrained.stderr);
}
