//! The search from outside: a complete table in a stated order, whoever runs the trials and however often they are
//! killed; trials that fail, and what is kept of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use stage::Manifest;
use testkit::{Outcome, Pipeline, kill, outcome};

pub(crate) const GRID: &str = "[finetune]\nnum_train_epochs = 1\nper_device_train_batch_size = 32\n[sweep]\nmethod = 'grid'\n\
    [sweep.space]\nlearning_rate = [1e-3, 3e-3]\nweight_decay = [0.0, 0.1]\n";

const RANDOM: &str = "[finetune]\nnum_train_epochs = 2\n[sweep]\ntrials = 4\nseed = 5\n[sweep.space]\n\
    learning_rate = { min = 1e-3, max = 1e-2, log = true }\nper_device_train_batch_size = [16, 32]\n\
    hidden_dropout_prob = { min = 0.0, max = 0.2 }\n";

/// Tokens, a model, and a profile.
pub(crate) fn search_pipeline(profile: &str) -> Pipeline {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    pipeline.write("sweep.toml", profile);
    pipeline
}

pub(crate) fn sweep(pipeline: &Pipeline, words: &str) -> Command {
    let mut command = pipeline.command(&format!("bert-sweep {words} --tokens tokens --model model --threads 1"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn swept(pipeline: &Pipeline, words: &str) -> Outcome {
    let outcome = outcome(&mut sweep(pipeline, words));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome
}

pub(crate) fn rows(pipeline: &Pipeline, out: &str) -> Vec<Value> {
    pipeline.text(&format!("{out}/trials.jsonl")).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The processes that sweeps have started in a folder.
pub(crate) fn trials_running(pipeline: &Pipeline) -> Vec<u32> {
    let folder = fs::canonicalize(pipeline.path("")).unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse::<u32>().ok()?;
        let exe = fs::read_link(entry.path().join("exe")).ok()?;
        let is_trial = ["bert-finetune", "sst-fetch", "sst-tokenize"].iter().any(|name| exe.ends_with(name));
        (is_trial && fs::read_link(entry.path().join("cwd")).ok()? == folder).then_some(process)
    });
    processes.collect()
}

pub(crate) fn wait_for(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come about within a minute");
}

#[test]
fn a_grid_is_complete_in_its_order_and_repeats() {
    let four = GRID.to_owned() + "max_grad_norm = [0.5, 1.0]\nlr_scheduler_type = ['constant', 'linear']\n";
    let pipeline = search_pipeline(&four);
    swept(&pipeline, "--profile sweep.toml --out sweep --jobs 2");
    let rows = rows(&pipeline, "sweep");
    let values = |row: &Value| -> Vec<String> {
        row["arguments"].as_object().unwrap().values().map(ToString::to_string).collect()
    };
    let mut expected = Vec::new();
    for learning_rate in ["0.001", "0.003"] {
        for scheduler in ["\"constant\"", "\"linear\""] {
            for norm in ["0.5", "1.0"] {
                for decay in ["0.0", "0.1"] {
                    expected.push([learning_rate, scheduler, norm, decay].map(str::to_owned).to_vec());
                }
            }
        }
    }
    assert_eq!(rows.iter().map(values).collect::<Vec<_>>(), expected);
    assert!(rows.iter().all(|row| row["status"] == "done" && row["steps"] == 7 && row["figures"]["accuracy"].is_f64()));

    let fresh = swept(&pipeline, "--profile sweep.toml --out sweep");
    assert_eq!(fresh.stderr, "bert-sweep: sweep is fresh\n");
    assert_eq!(fresh.stdout, pipeline.text("sweep/leaderboard.md"));

    // Another folder, one trial at a time: the same bytes.
    swept(&pipeline, "--profile sweep.toml --out again");
    for file in ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"] {
        assert_eq!(pipeline.text(&format!("sweep/{file}")), pipeline.text(&format!("again/{file}")), "{file}");
    }
}

#[test]
fn planned_trials_run_by_make_and_collected_are_the_same_table() {
    for profile in [GRID, RANDOM] {
        let pipeline = search_pipeline(profile);
        swept(&pipeline, "--profile sweep.toml --out sweep");
        let planned = swept(&pipeline, "plan --profile sweep.toml --out planned");
        assert_eq!(planned.stdout.lines().count(), 4);
        assert_eq!(planned.stdout, pipeline.text("planned/trials.txt"));
        assert!(!pipeline.path("planned/trials.jsonl").exists());

        let early = swept(&pipeline, "collect --profile sweep.toml --out planned");
        assert!(early.stderr.contains("4 unfinished"), "{}", early.stderr);
        assert!(Manifest::read(&pipeline.path("planned")).is_none());

        pipeline.succeed("/usr/bin/env make -s -j2 -f planned/trials.mk");
        swept(&pipeline, "collect --profile sweep.toml --out planned");
        for file in ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"] {
            assert_eq!(pipeline.text(&format!("sweep/{file}")), pipeline.text(&format!("planned/{file}")), "{file}");
        }
        assert!(Manifest::read(&pipeline.path("planned/best/train")).is_some());
        assert_eq!(swept(&pipeline, "--profile sweep.toml --out planned").stderr, "bert-sweep: planned is fresh\n");
    }
}

/// `SWEEP_KILLS` sets how many kills have to hit something that runs: mostly the sweep, now and then a trial first.
#[test]
fn killed_at_random_moments_the_table_is_that_of_an_undisturbed_sweep() {
    let kills: u64 = std::env::var("SWEEP_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let pipeline = search_pipeline(&format!("{RANDOM}[sweep.halving]\nfirst = 0.5\n"));
    swept(&pipeline, "--profile sweep.toml --out whole --jobs 2");
    let assert_same = || {
        for file in ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"] {
            assert_eq!(pipeline.text(&format!("whole/{file}")), pipeline.text(&format!("killed/{file}")), "{file}");
        }
        let weights = |out: &str| fs::read(pipeline.path(&format!("{out}/best/train/model.safetensors"))).unwrap();
        assert!(weights("whole") == weights("killed"), "the best weights differ");
    };
    let words = "--profile sweep.toml --out killed --jobs 2";
    let (mut state, mut n_hits) = (11_u64, 0);
    while n_hits < kills {
        let mut child = sweep(&pipeline, words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(100 + (state >> 33) % 2000));
        if let (0, Some(trial)) = ((state >> 20) % 3, trials_running(&pipeline).first()) {
            // The sweep goes on without this one, and is killed a little later.
            let killed = Command::new("kill").args(["-9", &trial.to_string()]).status().unwrap();
            n_hits += u64::from(killed.success());
            std::thread::sleep(Duration::from_millis((state >> 40) % 1000));
        }
        n_hits += u64::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        wait_for("the end of all trials of a killed sweep", || trials_running(&pipeline).is_empty());
        if Manifest::read(&pipeline.path("killed")).is_some() {
            assert_same();
            fs::remove_dir_all(pipeline.path("killed")).unwrap();
        }
    }
    swept(&pipeline, words);
    assert!(Manifest::read(&pipeline.path("killed")).is_some());
    assert_same();
}

#[test]
fn no_trial_outlives_a_killed_sweep() {
    let pipeline = search_pipeline(&GRID.replace("num_train_epochs = 1", "num_train_epochs = 5000"));
    let child = sweep(&pipeline, "--profile sweep.toml --out sweep --jobs 2").spawn().unwrap();
    wait_for("two trials", || trials_running(&pipeline).len() == 2);
    kill(child);
    wait_for("the end of both", || trials_running(&pipeline).is_empty());
}

#[test]
fn a_signal_is_passed_on_and_the_trials_are_saved() {
    let pipeline = search_pipeline(&GRID.replace("num_train_epochs = 1", "num_train_epochs = 5000"));
    let child = sweep(&pipeline, "--profile sweep.toml --out sweep").spawn().unwrap();
    let log = |id: &str| format!("sweep/trials/{id}/train/log.jsonl");
    let begun = || {
        fs::read_dir(pipeline.path("sweep/trials")).into_iter().flatten().flatten().find_map(|trial| {
            let id = trial.file_name().into_string().ok()?;
            let text = fs::read_to_string(pipeline.path(&log(&id))).ok()?;
            text.contains("evaluate").then_some(id)
        })
    };
    wait_for("an evaluation", || begun().is_some());
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(143), "{stderr}");
    assert!(stderr.contains("interrupted; running trials were saved"), "{stderr}");
    assert!(trials_running(&pipeline).is_empty());
    assert!(pipeline.text(&format!("sweep/trials/{}/stderr.log", begun().unwrap())).contains("saved at step"));
}

#[test]
fn halving_trains_the_best_as_the_whole_search_does_and_saves_the_rest() {
    let pipeline = search_pipeline(RANDOM);
    pipeline.write("halving.toml", format!("{RANDOM}[sweep.halving]\nfirst = 0.5\n"));
    swept(&pipeline, "--profile sweep.toml --out whole");
    swept(&pipeline, "--profile halving.toml --out halved");
    let (whole, halved) = (rows(&pipeline, "whole"), rows(&pipeline, "halved"));
    let of = |rows: &[Value], status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!((of(&whole, "done"), of(&halved, "done"), of(&halved, "ruled_out")), (4, 2, 2));
    for (whole, halved) in whole.iter().zip(&halved) {
        assert_eq!(whole["id"], halved["id"]);
        if halved["status"] == "done" {
            assert_eq!(whole, halved, "a promoted trial is the same run");
        } else {
            assert_eq!(halved["steps"].as_u64().unwrap() * 2, halved["total_steps"].as_u64().unwrap());
        }
    }
    let summary: Value = serde_json::from_str(&pipeline.text("halved/summary.json")).unwrap();
    assert_eq!(summary["compute"]["share_saved"], 0.25);

    // In the folder of the whole search, nothing is left to train.
    let reused = swept(&pipeline, "--profile halving.toml --out whole");
    assert!(!reused.stderr.contains("up to step"), "{}", reused.stderr);
    assert_eq!(pipeline.text("whole/trials.jsonl"), pipeline.text("halved/trials.jsonl"));
}

/// Epochs of batches of so many tokens differ in their number of steps.
#[test]
fn halving_stops_where_epochs_of_different_lengths_are_evaluated() {
    let profile = "[finetune]\nnum_train_epochs = 6\nmax_tokens_per_batch = 40\n[sweep]\ntrials = 4\n[sweep.space]\n\
        learning_rate = { min = 1e-3, max = 1e-2, log = true }\n[sweep.halving]\nfirst = 0.5\n";
    let pipeline = search_pipeline(profile);
    swept(&pipeline, "--profile sweep.toml --out sweep");
    let rows = rows(&pipeline, "sweep");
    let of = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!((of("done"), of("ruled_out")), (2, 2), "{rows:?}");
    let plan = pipeline.text(&format!("sweep/trials/{}/plan.json", rows[0]["id"].as_str().unwrap()));
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let ends: Vec<u64> = serde_json::from_value(plan["epoch_ends"].clone()).unwrap();
    assert!(
        ends.len() == 6 && ends[2] != 3 * ends[0],
        "the third epoch ends elsewhere than thrice the first: {ends:?}"
    );
    let stopped = rows.iter().find(|row| row["status"] == "ruled_out").unwrap();
    assert_eq!(stopped["steps"], *ends.iter().find(|&&end| 2 * end >= ends[5]).unwrap());
}

#[test]
fn the_best_profile_follows_the_other_sections() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, "--profile sweep.toml --out sweep");
    pipeline.write("sweep.toml", format!("{GRID}[export]\ndtype = 'float16'\n"));
    let again = swept(&pipeline, "--profile sweep.toml --out sweep");
    assert!(!again.stderr.contains("up to step"), "nothing is trained: {}", again.stderr);
    assert!(pipeline.text("sweep/best.toml").contains("[export]\ndtype = \"float16\"\n"));
    let fresh = swept(&pipeline, "--profile sweep.toml --out sweep");
    assert!(fresh.stderr.ends_with(" is fresh\n"), "{}", fresh.stderr);
}

#[test]
fn a_trial_that_fails_is_a_row_and_the_others_go_on() {
    let pipeline = search_pipeline(
        &GRID.replace("[1e-3, 3e-3]", "[1e-3, 1e30]").replace("[sweep]", "max_grad_norm = 0.0\n[sweep]"),
    );
    let outcome = swept(&pipeline, "--profile sweep.toml --out sweep");
    let rows = rows(&pipeline, "sweep");
    let statuses: Vec<&str> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["done", "done", "failed", "failed"]);
    let reason = rows[2]["reason"].as_str().unwrap();
    assert!(reason.contains("the step was not taken"), "{reason}");
    assert!(outcome.stdout.contains("the step was not taken"));
    assert!(Manifest::read(&pipeline.path("sweep")).is_some(), "a number that is not finite belongs to the settings");
}

#[test]
fn a_search_that_cannot_be_is_refused_before_it_starts() {
    let pipeline = search_pipeline(&GRID.replace("weight_decay", "weight_dekay"));
    let refusal = |words: &str| {
        let outcome = outcome(&mut sweep(&pipeline, &format!("{words} --out sweep")));
        assert_eq!(outcome.code, Some(2), "{words}: {}", outcome.stderr);
        outcome.stderr.trim_end().to_owned()
    };
    let unknown = refusal("--profile sweep.toml");
    assert!(
        unknown.starts_with(
            "error: no trial was started: bert-finetune rejects trial 0 (learning_rate = 0.001, weight_dekay = 0.0)"
        ),
        "{unknown}"
    );
    assert!(
        unknown.ends_with("unknown key weight_dekay; did you mean weight_decay? (3 more are rejected)"),
        "{unknown}"
    );
    pipeline.write("sweep.toml", GRID.replace("1e-3, 3e-3", "1e-3, -1"));
    assert!(refusal("--profile sweep.toml").contains("--learning-rate is -1; expected 0 or more"));
    assert!(!pipeline.path("sweep/trials.jsonl").exists());
    assert!(
        refusal("").ends_with("nothing to search: add [sweep.space] to the profile, or compare seeds with --seeds 5")
    );
    assert!(refusal("--seeds 2 --finetune nowhere").contains("cannot find nowhere"));
    pipeline.write("sweep.toml", GRID.replace("learning_rate", "seed"));
    assert!(
        refusal("--profile sweep.toml")
            .ends_with("seed in [sweep.space] cannot be searched; use --seeds to compare seeds")
    );
}

#[test]
fn seeds_alone_are_a_study_and_the_best_goes_on_to_evaluation_and_export() {
    let pipeline =
        search_pipeline("[finetune]\nlearning_rate = 3e-3\nnum_train_epochs = 3\nper_device_train_batch_size = 16\n");
    // The test split is not read: without it nothing changes.
    fs::remove_file(pipeline.path("tokens/test.parquet")).unwrap();
    let outcome = swept(&pipeline, "--profile sweep.toml --out sweep --seeds 3 --jobs 2");
    let rows = rows(&pipeline, "sweep");
    assert_eq!(rows.iter().map(|row| row["seed"].as_i64().unwrap()).collect::<Vec<_>>(), [42, 1, 2]);
    let values: Vec<f64> = rows.iter().map(|row| row["figures"]["accuracy"].as_f64().unwrap()).collect();
    let mean = values.iter().sum::<f64>() / 3.0;
    assert!(
        outcome.stdout.contains(&format!("Trial 0 over 3 seeds: accuracy {mean:.4}, deviation ")),
        "{}",
        outcome.stdout
    );

    // Of the others only the logs are left, and what is left is whole.
    let weights =
        |row: &Value| pipeline.path(&format!("sweep/trials/{}/train/model.safetensors", row["id"].as_str().unwrap()));
    assert_eq!(rows.iter().filter(|row| weights(row).exists()).count(), 1);
    let best = values.iter().copied().fold(0.0, f64::max);
    pipeline.succeed("bert-eval --run sweep/best/train --tokens tokens --split validation --threads 1 --out eval");
    let metrics: Value = serde_json::from_str(&pipeline.text("eval/metrics.json")).unwrap();
    assert_eq!(metrics["accuracy"].as_f64().unwrap(), best);
    pipeline.succeed("bert-export --run sweep/best/train --eval eval --out export");

    // The profile of the best is one that bert-finetune takes as it is, and its run is the same run.
    pipeline
        .succeed("bert-finetune --profile sweep/best.toml --tokens tokens --model model --threads 1 --out repeated");
    let bytes = |path: &Path| fs::read(path).unwrap();
    let same = bytes(&pipeline.path("repeated/model.safetensors"))
        == bytes(&pipeline.path("sweep/best/train/model.safetensors"));
    assert!(same, "the weights differ");
}
