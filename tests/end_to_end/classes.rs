//! Rows without a label, classes that are alone or missing, many classes, and runs that learn nothing, as seen from outside.

use std::fmt::Write as _;

use serde_json::Value;
use testkit::{Outcome, Pipeline};

/// Runs the stages up to `last`, which may fail.
fn run_until(pipeline: &Pipeline, last: &str, flags: &str) -> Outcome {
    for stage in testkit::STAGES.into_iter().take_while(|&stage| stage != last) {
        pipeline.run_stage(stage, "").assert_success(stage);
    }
    pipeline.run_stage(last, flags)
}

/// Changes the rows of a file of the dataset.
fn edit(pipeline: &Pipeline, split: &str, change: impl Fn(usize, &str) -> String) {
    let name = format!("reviews/{split}.csv");
    let text = pipeline.text(&name);
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_owned();
    let rows = lines.enumerate().map(|(row, line)| change(row, line) + "\n");
    pipeline.write(&name, header + "\n" + &rows.collect::<String>());
}

fn unlabeled(line: &str) -> String {
    format!("{},", line.split(',').next().unwrap())
}

#[test]
fn rows_without_a_label_are_counted_in_every_split_and_stop_no_training() {
    let pipeline = Pipeline::small();
    for split in ["train", "validation", "test"] {
        edit(&pipeline, split, |row, line| if row < 3 { unlabeled(line) } else { line.to_owned() });
    }
    let tokens = run_until(&pipeline, "tokens", "");
    tokens.assert_success("tokens");
    for line in ["train: 197 rows, ", ", 3 without a label (dropped)\n", "validation: 60 rows, ", "test: 60 rows, "] {
        assert!(tokens.stderr.contains(line), "{line}: {}", tokens.stderr);
    }
    assert_eq!(tokens.stderr.matches(", 3 without a label (kept)\n").count(), 2, "{}", tokens.stderr);
    let trained = pipeline.run_stage("train", "");
    trained.assert_success("train");
    let line = "  validation: 3 rows without a label are left out; 57 are evaluated\n";
    assert!(trained.stderr.contains(line), "{}", trained.stderr);
    pipeline.run_stage("eval/validation", "").assert_success("eval");
    let metrics: Value = serde_json::from_str(&pipeline.text("eval/validation/metrics.json")).unwrap();
    assert_eq!((metrics["rows"].as_u64(), metrics["n"].as_u64()), (Some(60), Some(57)));
    let best = pipeline.text("train/log.jsonl");
    let accuracy = metrics["accuracy"].as_f64().unwrap();
    assert!(best.contains(&format!("\"eval_accuracy\":{accuracy}")), "the training evaluated the same rows");
}

#[test]
fn a_validation_split_without_any_label_is_refused_with_what_to_do() {
    let pipeline = Pipeline::small();
    edit(&pipeline, "validation", |_, line| unlabeled(line));
    let refused = run_until(&pipeline, "train", "");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let message = "tokens/validation.parquet: none of its 60 rows has a label, so no evaluation can choose a checkpoint; \
                   give the validation split labels, or add --eval-strategy no to keep the last weights\n";
    assert!(refused.stderr.ends_with(message), "{}", refused.stderr);
    pipeline.run_stage("train", "--eval-strategy no").assert_success("train");
}

#[test]
fn classes_that_are_alone_missing_or_nearly_all_are_told_by_each_stage_that_meets_them() {
    let pipeline = Pipeline::small();
    edit(&pipeline, "train", |row, line| {
        line.split(',').next().unwrap().to_owned() + if row < 4 { ",bad" } else { ",good" }
    });
    edit(&pipeline, "validation", |_, line| line.split(',').next().unwrap().to_owned() + ",good");
    let tokens = run_until(&pipeline, "tokens", "");
    let trained = pipeline.run_stage("train", "");
    let evaluated = pipeline.run_stage("eval/validation", "");
    let majority = "warning: 98.0 % of the 200 labeled rows of train are good: ";
    let alone = "warning: all 60 labeled rows of validation are good: ";
    for (stage, outcome, warnings) in [
        ("sst-tokenize: ", tokens, &[majority, alone][..]),
        ("  ", trained, &[majority, alone]),
        ("bert-eval: ", evaluated, &[alone]),
    ] {
        outcome.assert_success(stage);
        for warning in warnings {
            assert!(
                outcome.stderr.contains(&format!("\n{stage}{warning}"))
                    || outcome.stderr.starts_with(&format!("{stage}{warning}")),
                "{stage}{warning}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn an_evaluation_knows_which_classes_were_not_trained() {
    let pipeline = Pipeline::small();
    edit(&pipeline, "test", |row, line| {
        if row < 7 { line.split(',').next().unwrap().to_owned() + ",odd" } else { line.to_owned() }
    });
    pipeline.run_stage("raw", "--label-names bad,good,odd").assert_success("raw");
    for stage in ["model", "tokens", "train"] {
        pipeline.run_stage(stage, "").assert_success(stage);
    }
    let manifest: Value = serde_json::from_str(&pipeline.text("train/manifest.json")).unwrap();
    let counts: Vec<u64> = serde_json::from_value(manifest["recorded"]["train_class_counts"].clone()).unwrap();
    assert_eq!((counts.len(), counts.iter().sum::<u64>(), counts[2]), (3, 200, 0));
    let evaluated = pipeline.run_stage("eval/test", "");
    evaluated.assert_success("eval/test");
    let warning = "bert-eval: warning: train has no row of classes that test has: odd (7); they cannot be learned";
    assert!(evaluated.stderr.contains(warning), "{}", evaluated.stderr);
}

#[test]
fn a_classifier_that_goes_on_with_other_classes_is_told() {
    let pipeline = Pipeline::small();
    run_until(&pipeline, "train", "").assert_success("train");
    pipeline.succeed("sst-fetch dataset --source reviews --label-names good,bad --out swapped");
    pipeline.succeed("sst-tokenize --raw swapped --model model --task labels --out swapped-tokens");
    let next = |tokens: &str, out: &str| {
        pipeline
            .succeed(&format!("bert-finetune --tokens {tokens} --model train --max-steps 2 --threads 1 --out {out}"))
    };
    let warning = "\n  warning: the classifier of the model was trained for the classes (bad, good) and goes on, output by \
        output, as that of (good, bad); ";
    let told = next("swapped-tokens", "other").stderr;
    assert!(told.contains(warning), "{told}");
    let told = next("tokens", "same").stderr;
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn a_short_run_that_learns_nothing_is_warned_and_one_that_learns_is_not() {
    let pipeline = Pipeline::small();
    let learned = run_until(&pipeline, "train", "");
    learned.assert_success("train");
    assert!(!pipeline.text("train/log.jsonl").contains("warning"), "{}", learned.stderr);

    let stuck = pipeline.run(
        "bert-finetune --tokens tokens --model model --learning-rate 1e-12 --max-steps 20 --threads 1 --out stuck",
    );
    stuck.assert_success("train");
    let log = pipeline.text("stuck/log.jsonl");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [.., warning, end] = events.as_slice() else { panic!("{log}") };
    assert_eq!((warning["event"].as_str(), warning["step"].as_u64()), (Some("warning"), Some(20)), "{log}");
    assert_eq!(end["event"], "end");
    let message = "after all 20 steps the loss is still ln(2), that of guessing; train longer, ";
    assert!(warning["message"].as_str().unwrap().starts_with(message), "{log}");
    assert!(stuck.stderr.contains(&format!("  warning: {message}")), "{}", stuck.stderr);
}

#[test]
fn many_classes_have_figures_a_picture_and_lines_that_fit_on_a_screen() {
    let pipeline = Pipeline::small();
    let mut csv = String::from("text,label\n");
    for row in 0..3 * 174 {
        let (class, word) = (row % 174, 5 + row % 56);
        writeln!(csv, "w{word} w{} w{},class {class:03}", 5 + row * 7 % 56, 5 + class / 56).unwrap();
    }
    for split in ["train", "validation", "test"] {
        pipeline.write(&format!("many/{split}.csv"), &csv);
    }
    pipeline.run_stage("model", "").assert_success("model");
    pipeline.succeed("sst-fetch dataset --source many --out raw");
    let tokens = pipeline.succeed("sst-tokenize --raw raw --model model --task labels --out tokens");
    assert!(tokens.stderr.contains(", 3 class 010, 3 class 011, 486 of 162 more classes\n"), "{}", tokens.stderr);
    pipeline.succeed("bert-finetune --tokens tokens --model model --num-train-epochs 2 --threads 1 --out train");
    let evaluated = pipeline.succeed("bert-eval --run train --tokens tokens --split test --threads 1 --out eval/test");
    let longest = evaluated.stderr.lines().map(str::len).max();
    assert!(longest.is_some_and(|longest| longest < 400), "{}", evaluated.stderr);
    let never = "bert-eval: warning: class \"class 000\" was never predicted: its precision is set to 0; class \"class 001\" was";
    assert!(evaluated.stderr.contains(never) && evaluated.stderr.contains(" more\n"), "{}", evaluated.stderr);
    assert!(pipeline.text("eval/test/report.html").contains("was never predicted: its precision is set to 0"));

    let metrics: Value = serde_json::from_str(&pipeline.text("eval/test/metrics.json")).unwrap();
    assert_eq!(metrics["confusion_matrix"]["counts"].as_array().unwrap().len(), 174);
    assert!(pipeline.path("eval/test/predictions.parquet").is_file());
    let svg = pipeline.text("eval/test/confusion_matrix.svg");
    assert!(svg.contains("All 174 classes") && svg.contains("The most confused pairs"), "{svg:.4000}");
    assert_eq!(pipeline.read("eval/test/confusion_matrix.png")[..8], *b"\x89PNG\r\n\x1a\n");

    pipeline.write("few/train.csv", "text,label\nw5,class 000\nw6,class 001\n");
    pipeline.write("few/test.csv", "text,label\nw5,class 000\nw6,class 001\n");
    pipeline.succeed("sst-fetch dataset --source few --out few-raw");
    pipeline.succeed("sst-tokenize --raw few-raw --model model --task labels --out few-tokens");
    let refused = pipeline.refuse("bert-eval --run train --tokens few-tokens --split test --threads 1 --out x");
    assert!(refused.contains("class 010, class 011 and 162 more); tokenize for the task"), "{refused}");
    assert!(refused.len() < 600, "{refused}");
}
