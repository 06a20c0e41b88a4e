//! Cross-validation by the search: what is in the folds, how trials are ranked over them, and what is kept.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use corpus::raw::RawSet;
use serde_json::Value;
use stage::Manifest;
use testkit::{Pipeline, kill, outcome, program};

use crate::sweep::{GRID, rows, search_pipeline, sweep, swept, trials_running, wait_for};

const WORDS: &str = "--profile sweep.toml --folds 3 --out sweep";
const OUTPUTS: [&str; 5] = ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"];

fn json(pipeline: &Pipeline, file: &str) -> Value {
    serde_json::from_str(&pipeline.text(file)).unwrap()
}

/// The texts of a raw file, each as often as it is there.
fn texts(pipeline: &Pipeline, file: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in RawSet::read(&pipeline.path(file)).unwrap().records {
        *counts.entry(record.text).or_default() += 1;
    }
    counts
}

fn refused(pipeline: &Pipeline, words: &str) -> String {
    let outcome = outcome(&mut sweep(pipeline, words));
    assert_eq!(outcome.code, Some(2), "{words}: {}", outcome.stderr);
    outcome.stderr
}

#[test]
fn every_row_of_train_is_validation_once_and_the_mean_over_the_folds_ranks() {
    let pipeline = search_pipeline(GRID);
    let told = swept(&pipeline, WORDS);
    let train = texts(&pipeline, "raw/train.parquet");
    assert_eq!(train.values().sum::<usize>(), 200);
    let mut held_out: BTreeMap<String, usize> = BTreeMap::new();
    for fold in 1..=3 {
        let of = |split: &str| texts(&pipeline, &format!("sweep/folds/{fold}/raw/{split}.parquet"));
        let (others, this) = (of("train"), of("validation"));
        assert_eq!(others.values().sum::<usize>() + this.values().sum::<usize>(), 200, "fold {fold}");
        assert!(!others.keys().any(|text| this.contains_key(text)), "fold {fold}");
        this.into_iter().for_each(|(text, n)| *held_out.entry(text).or_default() += n);
    }
    assert_eq!(held_out, train);

    // Four trials of three folds, each as its own log has it.
    let rows = rows(&pipeline, "sweep");
    let which: Vec<(u64, u64)> =
        rows.iter().map(|row| (row["trial"].as_u64().unwrap(), row["fold"].as_u64().unwrap())).collect();
    assert_eq!(which, (0..4).flat_map(|trial| (1..=3).map(move |fold| (trial, fold))).collect::<Vec<_>>());
    let mut means = [0.0; 4];
    for (row, (trial, fold)) in rows.iter().zip(which) {
        let id = row["id"].as_str().unwrap();
        let profile = pipeline.text(&format!("sweep/trials/{id}/profile.toml"));
        assert!(profile.contains(&format!("tokens = \"sweep/folds/{fold}/tokens\"")), "{profile}");
        let log = pipeline.text(&format!("sweep/trials/{id}/train/log.jsonl"));
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let accuracies: Vec<f64> = events.filter_map(|event| event["eval_accuracy"].as_f64()).collect();
        means[trial as usize] += accuracies.iter().copied().fold(0.0, f64::max) / 3.0;
        assert!(!pipeline.path(&format!("sweep/trials/{id}/train/model.safetensors")).exists(), "no weights are kept");
    }
    let summary = json(&pipeline, "sweep/summary.json");
    assert_eq!(summary["folds"], 3);
    let standings = summary["standings"].as_array().unwrap();
    let mut last = f64::INFINITY;
    for standing in standings {
        let (trial, figure) = (standing["trial"].as_u64().unwrap() as usize, &standing["figure"]);
        let mean = figure["mean"].as_f64().unwrap();
        assert!((mean - means[trial]).abs() < 1e-12 && mean <= last, "{standing}");
        assert_eq!(figure["n"], 3);
        assert!(standing["best_fold"].is_u64() && standing["worst_fold"].is_u64() && figure["interval"].is_object());
        last = mean;
    }
    let best = &summary["best"];
    assert_eq!((&best["trial"], &best["value"]), (&standings[0]["trial"], &standings[0]["figure"]["mean"]));
    assert!(best.get("id").is_none() && best.get("seed").is_none(), "{best}");
    let (trial, mean) = (best["trial"].as_u64().unwrap(), best["value"].as_f64().unwrap());
    assert!(
        told.stdout.contains(&format!("Trial {trial} over 3 folds: accuracy {mean:.4}, deviation ")),
        "{}",
        told.stdout
    );
    assert!(
        told.stderr.contains(&format!("best accuracy {mean:.4}, the mean over 3 folds, trial {trial}")),
        "{}",
        told.stderr
    );

    // What is left is a profile, and the line that trains with it is there to be copied.
    assert!(!pipeline.path("sweep/best").exists());
    let line = "bert-finetune --profile sweep/best.toml --tokens tokens --model model --out ";
    assert!(told.stderr.contains(line), "{}", told.stderr);
    pipeline.succeed(&format!("{line} final --threads 1"));
    assert_eq!(json(&pipeline, "final/manifest.json")["plan"]["seed"], 42);

    assert_eq!(swept(&pipeline, WORDS).stderr, "bert-sweep: sweep is fresh\n");
    let explained = swept(&pipeline, &format!("{WORDS} --explain --seed 1"));
    assert!(explained.stdout.contains("seed: 0 -> 1"), "{}", explained.stdout);
}

#[test]
fn seeds_and_halving_go_with_folds() {
    let halving = GRID.replace("num_train_epochs = 1", "num_train_epochs = 2") + "[sweep.halving]\nfirst = 0.5\n";
    let pipeline = search_pipeline(&halving);
    let told = swept(&pipeline, "--profile sweep.toml --folds 2 --seeds 2 --out sweep --jobs 2");
    let rows = rows(&pipeline, "sweep");
    let of_trial: Vec<(i64, u64)> =
        rows[..4].iter().map(|row| (row["seed"].as_i64().unwrap(), row["fold"].as_u64().unwrap())).collect();
    assert_eq!((rows.len(), of_trial), (16, vec![(42, 1), (42, 2), (1, 1), (1, 2)]));
    let n = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!((n("done"), n("ruled_out")), (8, 8), "two of four trials go on, each with all of its runs");
    assert!(told.stdout.contains(" over 4 runs (2 folds with 2 seeds each): accuracy "), "{}", told.stdout);
    let best = json(&pipeline, "sweep/summary.json")["best"]["trial"].as_u64().unwrap();
    assert!(told.stderr.contains(&format!("trial {best}, fold 2, seed 1: best accuracy")), "{}", told.stderr);
}

#[test]
fn planned_for_make_and_collected_folds_are_the_same_table() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let planned = swept(&pipeline, "plan --profile sweep.toml --folds 3 --out planned");
    assert_eq!(planned.stdout.lines().count(), 12);
    pipeline.succeed("/usr/bin/env make -s -j2 -f planned/trials.mk");
    swept(&pipeline, "collect --profile sweep.toml --folds 3 --out planned");
    for file in OUTPUTS {
        assert_eq!(pipeline.text(&format!("sweep/{file}")), pipeline.text(&format!("planned/{file}")), "{file}");
    }
    assert_eq!(
        swept(&pipeline, &WORDS.replace("--out sweep", "--out planned")).stderr,
        "bert-sweep: planned is fresh\n"
    );
}

#[test]
fn killed_while_folds_are_made_or_trained_the_table_is_the_same() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, &format!("{WORDS} --jobs 2").replace("--out sweep", "--out whole"));
    let words = &format!("{WORDS} --jobs 2");
    let mut n_hits = 0;
    for pause in [30, 90, 200, 500, 900, 1500] {
        let mut child = sweep(&pipeline, words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        n_hits += usize::from(child.try_wait().unwrap().is_none());
        kill(child);
        wait_for("the end of what a killed sweep has started", || trials_running(&pipeline).is_empty());
    }
    assert!(n_hits > 0, "every sweep ended before it was killed");
    swept(&pipeline, words);
    for file in OUTPUTS {
        assert_eq!(pipeline.text(&format!("sweep/{file}")), pipeline.text(&format!("whole/{file}")), "{file}");
    }
    assert!(Manifest::read(&pipeline.path("sweep")).is_some());
}

#[test]
fn another_number_of_folds_is_another_search_and_the_first_is_found_again() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, WORDS);
    let table = pipeline.text("sweep/trials.jsonl");
    let two = swept(&pipeline, &WORDS.replace("--folds 3", "--folds 2"));
    assert!(two.stderr.contains("cross_validation.folds: 3 -> 2"), "{}", two.stderr);
    assert!(!pipeline.path("sweep/folds/3").exists());
    let without = swept(&pipeline, &WORDS.replace("--folds 3", ""));
    assert!(without.stderr.contains("cross_validation.folds: 2 -> (none)"), "{}", without.stderr);
    assert!(!pipeline.text("sweep/trials.jsonl").contains("fold"));
    assert!(Manifest::read(&pipeline.path("sweep/best/train")).is_some());

    let again = swept(&pipeline, WORDS);
    assert!(!again.stderr.contains("up to step"), "nothing is trained again: {}", again.stderr);
    assert_eq!(pipeline.text("sweep/trials.jsonl"), table);
    assert!(!pipeline.path("sweep/best").exists());
}

#[test]
fn folds_that_cannot_be_made_are_refused_before_a_trial_starts() {
    let pipeline = search_pipeline(GRID);
    let many = refused(&pipeline, &WORDS.replace("--folds 3", "--folds 300"));
    assert!(
        many.contains("error: sst-fetch cannot make fold ") && many.contains(" of 300: train is too small"),
        "{many}"
    );
    assert!(!pipeline.path("sweep/trials.jsonl").exists());
    assert!(refused(&pipeline, &WORDS.replace("--folds 3", "--folds 1")).contains("--folds"));
    assert!(refused(&pipeline, "--profile sweep.toml --raw raw --out sweep").contains("--folds"));

    pipeline.succeed("sst-tokenize --raw raw --model model --task labels --max-samples 50 --out few");
    let few = pipeline.refuse(&format!("bert-sweep {WORDS} --tokens few --model model"));
    assert!(few.contains("few has at most 50 rows of each split, but --folds cuts all of train"), "{few}");

    let division = "--train reviews/train.csv --split 0.8,0.2 --group-column text";
    pipeline.succeed(&format!("sst-fetch dataset {division} --out grouped"));
    pipeline.succeed("sst-tokenize --raw grouped --model model --task labels --out groups");
    let torn = pipeline.refuse(&format!("bert-sweep {WORDS} --tokens groups --model model"));
    let expected = "error: grouped was divided with --group-column text, whose values its files do not have";
    assert!(torn.contains(expected) && torn.contains("--keep-columns text"), "{torn}");
    pipeline.succeed(&format!("sst-fetch dataset {division} --keep-columns text --out grouped --force"));
    pipeline.succeed("sst-tokenize --raw grouped --model model --task labels --out groups");
    let many = WORDS.replace("--folds 3", "--folds 300");
    let many = pipeline.refuse(&format!("bert-sweep {many} --tokens groups --model model"));
    assert!(many.contains("error: sst-fetch cannot make fold "), "{many}");

    // The raw files went elsewhere, and others took their place.
    fs::rename(pipeline.path("raw"), pipeline.path("moved")).unwrap();
    let moved = refused(&pipeline, WORDS);
    assert!(
        moved.contains(
            "error: the raw texts of tokens are not in raw/train.parquet any more, where sst-tokenize read them; \
             give their folder with --raw"
        ),
        "{moved}"
    );
    pipeline.succeed("sst-fetch dataset --source reviews --label-names bad,good --max-samples 100 --out raw");
    let other = refused(&pipeline, WORDS);
    assert!(
        other.contains("error: raw/train.parquet is not what tokens was made of; run sst-tokenize again"),
        "{other}"
    );
    let other = refused(&pipeline, &format!("{WORDS} --raw raw"));
    assert!(
        other.contains("error: raw/train.parquet is not what tokens was made of; give the folder that was"),
        "{other}"
    );
    swept(&pipeline, &format!("{WORDS} --raw moved"));
}

#[test]
fn without_the_programs_that_make_folds_there_are_none() {
    let pipeline = search_pipeline(GRID);
    let write_program = |name: &str, content: &[u8]| {
        pipeline.write(name, content);
        fs::set_permissions(pipeline.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    write_program("bin/bert-sweep", &fs::read(program("bert-sweep")).unwrap());
    let line = format!(
        "{} {WORDS} --tokens tokens --model model --threads 1 --finetune {}",
        pipeline.path("bin/bert-sweep").display(),
        program("bert-finetune").display()
    );
    let told = pipeline.refuse(&line);
    assert!(told.contains("bin/sst-fetch, which --folds needs; build sst-fetch beside bert-sweep"), "{told}");

    // One that fails: its exit code and its message are passed on.
    for (code, expected) in [(2, 2), (3, 3), (7, 1)] {
        write_program("bin/sst-fetch", format!("#!/bin/sh\necho 'error: out of cheese' >&2\nexit {code}\n").as_bytes());
        write_program("bin/sst-tokenize", b"");
        let told = pipeline.run(&line);
        assert_eq!(told.code, Some(expected), "{}", told.stderr);
        assert_eq!(told.stderr, "error: sst-fetch cannot make fold 1 of 3: out of cheese\n");
    }
}
