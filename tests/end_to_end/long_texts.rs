//! Texts that are longer than the model takes, through all stages: windows count as texts, and what is cut is said.

use serde_json::{Value, json};
use testkit::{Pipeline, outcome};

fn json_file(pipeline: &Pipeline, name: &str) -> Value {
    serde_json::from_str(&pipeline.text(name)).unwrap()
}

/// A pipeline with tokens of at most 8, made with `flags`, and a run on them.
fn trained(flags: &str) -> Pipeline {
    let mut pipeline = Pipeline::small();
    pipeline.training += " --precision float32";
    for (stage, flags) in [("raw", ""), ("model", ""), ("tokens", flags), ("train", "")] {
        pipeline.run_stage(stage, flags).assert_success(stage);
    }
    pipeline
}

/// Texts of 14, 14 and 4 tokens, special ones counted.
const TEXTS: [&str; 3] =
    ["w50 w51 w52 w53 w40 w41 w42 w43 w44 w45 w46 w47", "w6 w7 w8 w9 w10 w11 w12 w13 w14 w15 w16 w17", "w50 w51"];

/// The lines of `bert-predict` in float32, as the training, and what it says.
fn predicted(pipeline: &Pipeline, flags: &str) -> (Vec<Value>, String) {
    let answer =
        outcome(pipeline.command(&format!("bert-predict --threads 1 --precision float32 {flags}")).args(TEXTS));
    answer.assert_success(flags);
    (answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), answer.stderr)
}

#[test]
fn windows_count_as_texts_from_the_plan_to_the_metrics() {
    let pipeline = trained("--max-length 8 --window-stride 2");
    let report = json_file(&pipeline, "tokens/report.json");
    let n_windows = |split: usize| report["splits"][split]["windows"].as_u64().unwrap();
    assert!(n_windows(0) > 250 && n_windows(1) > 75, "{report}");

    let planned = pipeline.run_stage("train", "--plan");
    let counts = serde_json::from_str::<Value>(&planned.stdout).unwrap()["counts"].clone();
    assert_eq!((&counts["train_rows"], &counts["train_texts"]), (&json!(n_windows(0)), &json!(200)));
    let again = pipeline.run_stage("train", "--force");
    assert!(again.stderr.contains(&format!("{} windows of 200 texts", n_windows(0))), "{}", again.stderr);
    let recorded = json_file(&pipeline, "train/manifest.json")["recorded"].clone();
    assert_eq!((&recorded["max_length"], &recorded["window_stride"]), (&json!(8), &json!(2)));

    pipeline.run_stage("eval/validation", "").assert_success("bert-eval");
    let metrics = json_file(&pipeline, "eval/validation/metrics.json");
    assert_eq!((&metrics["n"], &metrics["rows"]), (&json!(60), &json!(60)));
    let log = pipeline.text("train/log.jsonl");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let best = events.iter().rfind(|event| event["best"] == true).unwrap();
    assert_eq!(best["eval_accuracy"], metrics["accuracy"]);
    assert!((best["eval_loss"].as_f64().unwrap() - metrics["loss"].as_f64().unwrap()).abs() < 1e-6, "{best}");

    // Another pooling is another evaluation.
    let fresh = pipeline.run_stage("eval/validation", "--window-pooling mean");
    assert!(fresh.stderr.ends_with(" is fresh\n"), "{}", fresh.stderr);
    let other = pipeline.run_stage("eval/validation", "--window-pooling max --explain");
    assert!(other.stdout.contains("window_pooling: \"mean\" -> \"max\""), "{}", other.stdout);
    pipeline.run_stage("eval/validation", "--window-pooling max").assert_success("bert-eval");
    assert_ne!(json_file(&pipeline, "eval/validation/metrics.json")["loss"], metrics["loss"]);
}

#[test]
fn prediction_and_export_read_long_texts_as_the_training_did() {
    let pipeline = trained("--max-length 8 --window-stride 2");
    pipeline.succeed("bert-export --run train --out export");
    let (of_run, said) = predicted(&pipeline, "--model train");
    assert_eq!(
        said,
        "bert-predict: 2 of 3 texts were longer than 8 tokens and were read in 6 windows that share 2 tokens\n"
    );
    assert_eq!(predicted(&pipeline, "--model export/hf"), (of_run.clone(), said));
    assert_eq!(json_file(&pipeline, "export/hf/tokenizer_config.json")["long_texts"], json!({"window_stride": 2}));
    let (of_largest, _) = predicted(&pipeline, "--model train --window-pooling max");
    assert_ne!(of_largest[0], of_run[0]);
    assert_eq!(of_largest[2], of_run[2], "a text that fits has one window");
    let refused = pipeline.refuse("bert-predict --model train --max-length 4 w6");
    assert!(
        refused.contains("--window-stride 2: windows of 4 tokens, with [CLS] and [SEP], can share at most 1"),
        "{refused}"
    );
}

#[test]
fn texts_that_are_cut_are_counted_and_said() {
    let pipeline = trained("--max-length 8 --truncation-side head-tail");
    pipeline.succeed("bert-export --run train --out export");
    assert_eq!(json_file(&pipeline, "train/manifest.json")["recorded"]["truncation_side"], "head-tail");
    let (of_run, said) = predicted(&pipeline, "--model train");
    assert_eq!(
        said,
        "bert-predict: 2 of 3 texts were longer than 8 tokens and were truncated in their middles; 12 tokens were lost\n"
    );
    assert_eq!(predicted(&pipeline, "--model export/hf"), (of_run.clone(), said));
    let (cut_on_the_left, said) = predicted(&pipeline, "--model train --truncation-side left");
    assert!(said.contains("truncated at their beginnings"), "{said}");
    assert_ne!(cut_on_the_left[0], of_run[0]);
    assert_eq!(cut_on_the_left[2], of_run[2]);

    // Tokens that were cut elsewhere are evaluated, with a warning that says how to make the right ones.
    pipeline.run_stage("tokens", "--max-length 8 --force").assert_success("tokens");
    let evaluated = pipeline.run_stage("eval/validation", "");
    evaluated.assert_success("bert-eval");
    assert!(
        evaluated.stderr.contains(
            "warning: long texts of tokens were truncated at their ends, those of the training truncated in their \
             middles; for figures of the model as it was trained, tokenize with --truncation-side head-tail"
        ),
        "{}",
        evaluated.stderr
    );
}

#[test]
fn padded_tokens_train_the_same_weights_and_give_the_same_metrics() {
    let plain = trained("--max-length 10");
    let padded = trained("--max-length 10 --padding longest");
    for file in ["train/model.safetensors", "train/log.jsonl"] {
        assert!(plain.read(file) == padded.read(file), "{file}");
    }
    assert_ne!(plain.read("tokens/train.parquet"), padded.read("tokens/train.parquet"));
    for pipeline in [&plain, &padded] {
        pipeline.run_stage("eval/validation", "").assert_success("bert-eval");
    }
    let file = "eval/validation/metrics.json";
    assert_eq!(plain.text(file), padded.text(file));
}
