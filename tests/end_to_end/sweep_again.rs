//! A search in a folder that holds an earlier one: nothing of it is removed before all that is read was checked, and what
//! is missing of it is said.

use std::fs;

use testkit::{Pipeline, outcome};

use crate::sweep::{GRID, search_pipeline, sweep, swept};

const WORDS: &str = "--profile sweep.toml --out sweep";
const OUTPUTS: [&str; 6] =
    ["manifest.json", "trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"];

/// The outputs, and where `best` leads.
fn result(pipeline: &Pipeline) -> Vec<String> {
    let best = fs::read_link(pipeline.path("sweep/best")).unwrap().display().to_string();
    OUTPUTS.iter().map(|name| pipeline.text(&format!("sweep/{name}"))).chain([best]).collect()
}

fn refused(pipeline: &Pipeline, words: &str) -> String {
    let outcome = outcome(&mut sweep(pipeline, words));
    assert_eq!(outcome.code, Some(2), "{words}: {}", outcome.stderr);
    outcome.stderr
}

#[test]
fn an_edited_trial_costs_nobody_the_finished_result() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let before = result(&pipeline);
    let log = pipeline.text("sweep/best/train/log.jsonl");
    pipeline.write("sweep/best/train/log.jsonl", log.replacen("\"eval_accuracy\":0.", "\"eval_accuracy\":1.", 1));
    let told = refused(&pipeline, &format!("{WORDS} --seeds 2"));
    assert!(told.contains("/train/log.jsonl is not what `bert-finetune` wrote"), "{told}");
    assert!(!told.contains("gives way"), "{told}");
    assert_eq!(result(&pipeline), before);

    pipeline.write("sweep/best/train/log.jsonl", log);
    assert_eq!(swept(&pipeline, WORDS).stderr, "bert-sweep: sweep is fresh\n");
}

#[test]
fn damaged_weights_of_the_best_run_are_told_while_the_sweep_is_fresh() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    for name in ["sweep/best/train/model.safetensors", "sweep/best/train/vocab.txt"] {
        let mut bytes = pipeline.read(name);
        *bytes.last_mut().unwrap() ^= 1;
        pipeline.write(name, &bytes);
        let told = refused(&pipeline, WORDS);
        assert!(told.contains(&format!("error: {name} is not what `bert-finetune` wrote: SHA-256 ")), "{told}");
        *bytes.last_mut().unwrap() ^= 1;
        pipeline.write(name, &bytes);
    }
    assert_eq!(swept(&pipeline, WORDS).stderr, "bert-sweep: sweep is fresh\n");
}

#[test]
fn collect_says_that_the_best_weights_are_gone_and_run_brings_them_back() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let (before, weights) = (result(&pipeline), pipeline.read("sweep/best/train/model.safetensors"));
    let trial = format!("sweep/{}", before.last().unwrap());
    // As a sweep with more seeds leaves it, which ranks another run first.
    for name in ["manifest.json", "model.safetensors"] {
        fs::remove_file(pipeline.path(&format!("{trial}/train/{name}"))).unwrap();
    }
    fs::remove_file(pipeline.path("sweep/manifest.json")).unwrap();
    let told = refused(&pipeline, &format!("collect {WORDS}"));
    let expected = format!("error: the weights of the best trial are not in {trial}/train: ");
    assert!(told.starts_with(&expected) && told.contains("`bert-sweep run` with the same settings"), "{told}");
    pipeline.write("sweep/manifest.json", &before[0]);
    assert_eq!(result(&pipeline), before, "nothing was written");

    fs::remove_file(pipeline.path("sweep/manifest.json")).unwrap();
    swept(&pipeline, WORDS);
    assert_eq!(result(&pipeline), before);
    assert!(pipeline.read("sweep/best/train/model.safetensors") == weights, "the same weights");
}

#[test]
fn force_discards_the_trials_once_nothing_can_be_refused() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let before = result(&pipeline);
    pipeline.write("bad.toml", GRID.replace("weight_decay", "weight_dekay"));
    let told = refused(&pipeline, "--profile bad.toml --out sweep --force");
    assert!(told.starts_with("error: no trial was started: "), "{told}");
    assert_eq!(result(&pipeline), before);

    let forced = swept(&pipeline, &format!("{WORDS} --force"));
    assert_eq!(forced.stderr.matches("up to step").count(), 4, "all are trained: {}", forced.stderr);
    assert_eq!(result(&pipeline), before, "to the same bytes");
    let other = swept(&pipeline, &format!("{WORDS} --force --seeds 2"));
    let gives_way = "bert-sweep: the finished result in sweep gives way to other settings: seeds: [42] -> [42,1]\n  \
        another --out keeps it; --force removes its folder trials, too\n";
    assert!(other.stderr.starts_with(gives_way), "{}", other.stderr);
    assert_eq!(other.stderr.matches("up to step").count(), 8, "{}", other.stderr);
}

#[test]
fn who_asks_for_the_folder_around_a_model_is_shown_the_model() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let told = pipeline.refuse("bert-eval --run sweep/best --tokens tokens --out eval");
    assert!(told.ends_with("sweep/best is no output folder of `bert-finetune`; sweep/best/train is one\n"), "{told}");
    pipeline.succeed("bert-export --run sweep/best/train --out export");
    for (model, inner) in [("export", "export/hf"), ("sweep/best", "sweep/best/train")] {
        let told = pipeline.refuse(&format!("bert-predict --model {model} w50"));
        assert!(told.ends_with(&format!("{model} has no config.json; the model is in {inner}\n")), "{told}");
        pipeline.succeed(&format!("bert-predict --model {inner} w50"));
    }
}
