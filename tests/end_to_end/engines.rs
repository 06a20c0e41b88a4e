//! The programs under an engine that maps tasks: the summary that it reads, messages that it stores, the index that it
//! gives, and tasks that it kills and starts again.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::{Outcome, Pipeline, STAGES, kill, outcome, program};

use crate::sweep::{GRID, search_pipeline, swept, trials_running, wait_for};

const TABLE: [&str; 5] = ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"];

/// The last line of stdout.
fn summary(outcome: &Outcome) -> Value {
    serde_json::from_str(outcome.stdout.lines().last().unwrap()).unwrap()
}

fn messages(outcome: &Outcome) -> Vec<Value> {
    outcome.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn table_is_same(pipeline: &Pipeline, one: &str, other: &str) {
    for file in TABLE {
        assert_eq!(pipeline.text(&format!("{one}/{file}")), pipeline.text(&format!("{other}/{file}")), "{file}");
    }
}

#[test]
fn every_stage_ends_with_a_summary_and_a_fresh_one_with_the_same_figures() {
    let pipeline = Pipeline::small();
    let names = [
        "sst-fetch dataset",
        "sst-fetch model",
        "sst-tokenize",
        "bert-finetune",
        "bert-eval",
        "bert-eval",
        "bert-export",
    ];
    let mut figures = Vec::new();
    for (folder, stage) in STAGES.iter().zip(names) {
        let run = |state: &str| {
            let outcome = pipeline.run_stage(folder, "--json-summary --quiet");
            outcome.assert_success(folder);
            let mut summary = summary(&outcome);
            let figures = summary["figures"].take();
            let manifest: Value = serde_json::from_str(&pipeline.text(&format!("{folder}/manifest.json"))).unwrap();
            let expected =
                json!({"stage": stage, "folder": folder, "key": manifest["key"], "state": state, "figures": null});
            assert_eq!(summary, expected);
            figures
        };
        let of_first = run("done");
        assert_eq!(run("fresh"), of_first, "{folder}");
        figures.push(of_first);
    }
    let rows = json!({"rows": {"train": 200, "validation": 60, "test": 60}});
    assert_eq!((&figures[0], &figures[1], &figures[2]), (&rows, &json!({}), &rows));
    let [training, validation, export] = [&figures[3], &figures[4], &figures[6]];
    assert_eq!(training["steps"], 65);
    assert!(training["accuracy"].as_f64().unwrap() > 0.6, "{training}");
    assert_eq!((&validation["rows"], &validation["accuracy"]), (&json!(60), &training["accuracy"]));
    assert_eq!(*export, json!({"rows": 60, "flips": {"hf": 0}}));

    // Whoever waits for the line must not take its absence for success.
    let mut into_full = pipeline.stage("raw");
    into_full.arg("--json-summary").stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let unsaid = testkit::outcome(&mut into_full);
    assert_eq!(unsaid.code, Some(3), "{}", unsaid.stderr);
    assert!(unsaid.stderr.contains("error: cannot write to stdout: No space left"), "{}", unsaid.stderr);

    let paused = pipeline.run_stage("train", "--json-summary --force --stop-at-step 3");
    assert_eq!(summary(&paused)["state"], "unfinished");
    let missed = pipeline.run_stage("eval/test", "--json-summary --require accuracy>=1.1");
    assert_eq!(missed.code, Some(2), "the training is unfinished: {}", missed.stderr);
    assert_eq!(missed.stdout, "");
}

#[test]
fn a_summary_is_not_mixed_with_what_else_is_printed() {
    let pipeline = Pipeline::small();
    let refused = |line: &str, told: &str| {
        let message = pipeline.refuse(line);
        assert!(message.contains(told), "{message}");
    };
    let cannot = "cannot be used with";
    refused("sst-tokenize --raw raw --model model --task labels --out tokens --explain --json-summary", cannot);
    refused("bert-finetune --tokens tokens --model model --out train --plan --json-summary", cannot);
    refused("bert-predict --model train --json-summary w1", "where the answers go; give --output FILE or --out DIR");
}

#[test]
fn messages_are_json_lines_where_that_is_asked_for() {
    let pipeline = Pipeline::small();
    for stage in ["raw", "model", "tokens"] {
        let told = pipeline.run_stage(stage, "--log-format json");
        told.assert_success(stage);
        let program = if stage == "tokens" { "sst-tokenize" } else { "sst-fetch" };
        assert!(messages(&told).iter().all(|message| message["stage"] == program && message["level"] == "info"));
    }
    let trained = pipeline.run_stage("train", "--log-format json");
    let all = messages(&trained);
    assert!(all.iter().any(|message| message["message"].as_str().unwrap().contains("accuracy")), "{all:?}");
    let fresh = messages(&pipeline.run_stage("train", "--log-format json"));
    assert_eq!((&fresh[0]["level"], &fresh[0]["message"]), (&json!("info"), &json!("train is fresh")));
    let time = fresh[0]["time"].as_str().unwrap();
    assert!(time.len() == "2026-11-29T01:46:24.123Z".len() && time.ends_with('Z'), "{time}");

    for wrong in ["--raw nowhere", "--nonsense"] {
        let failed = pipeline.run_stage("tokens", &format!("--log-format json {wrong}"));
        let all = messages(&failed);
        assert_eq!((failed.code, all.len(), &all[0]["level"]), (Some(2), 1, &json!("error")), "{}", failed.stderr);
    }
    // A profile can say it, too.
    pipeline.write("engine.toml", "[tokenize]\nlog_format = 'json'\njson_summary = true\n");
    let fresh = pipeline.run_stage("tokens", "--profile engine.toml");
    assert_eq!(messages(&fresh).last().unwrap()["message"], "tokens is fresh");
    assert_eq!(summary(&fresh)["state"], "fresh");
}

/// A task of an engine that gives it an index by `variable`.
fn task(pipeline: &Pipeline, line: &str, (variable, index): (&str, usize)) -> Command {
    let mut command = pipeline.command(line);
    command.env(variable, index.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const TASK: &str =
    "bert-sweep trial --index auto --profile sweep.toml --tokens tokens --model model --threads 1 --out mapped";

#[test]
fn trials_that_are_mapped_tasks_come_to_the_table_of_the_sweep() {
    // Two trials of two seeds, one of which diverges in both.
    let profile =
        GRID.replace("learning_rate = [1e-3, 3e-3]\nweight_decay = [0.0, 0.1]", "learning_rate = [3e-3, 1e30]");
    let pipeline = search_pipeline(&profile);
    swept(&pipeline, "--profile sweep.toml --seeds 2 --out sweep");

    let words = "--profile sweep.toml --seeds 2 --out mapped --json-summary";
    let listed = swept(&pipeline, &format!("list {words}"));
    assert_eq!(summary(&listed)["figures"], json!({"runs": 4}));
    let runs: Vec<Value> = listed.stdout.lines().take(4).map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_run = |run: &Value| (run["index"].clone(), run["trial"].clone(), run["seed"].clone(), run["status"].clone());
    let expected = |index, trial, seed| (json!(index), json!(trial), json!(seed), json!("unfinished"));
    let all = [expected(0, 0, 42), expected(1, 0, 1), expected(2, 1, 42), expected(3, 1, 1)];
    assert_eq!(runs.iter().map(of_run).collect::<Vec<_>>(), all);

    // Last first, each by the variable of another engine.
    for (index, variable) in [(3, "JOB_COMPLETION_INDEX"), (2, "SLURM_ARRAY_TASK_ID"), (1, "SLURM_ARRAY_TASK_ID")] {
        let line = format!("{TASK} --seeds 2 --json-summary --log-format json");
        let ended = outcome(&mut task(&pipeline, &line, (variable, index)));
        let last = messages(&ended).pop().unwrap();
        if index == 1 {
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let told = summary(&ended);
            assert_eq!((&told["state"], &told["figures"]["id"]), (&json!("done"), &runs[index]["id"]));
            assert_eq!(told["figures"]["arguments"], json!({"learning_rate": 3e-3}));
        } else {
            assert_eq!((ended.code, &last["level"]), (Some(3), &json!("error")), "{}", ended.stderr);
            assert_eq!(ended.stdout, "");
        }
    }
    let missing = swept(&pipeline, &format!("collect {words}"));
    assert_eq!(summary(&missing)["state"], "unfinished");

    let typed = "trial --index 0 --profile sweep.toml --seeds 2 --out mapped --json-summary";
    let first = swept(&pipeline, typed);
    assert_eq!(summary(&first)["state"], "done");
    assert_eq!(summary(&swept(&pipeline, typed))["state"], "fresh");
    let collected = swept(&pipeline, &format!("collect {words}"));
    let told = summary(&collected);
    assert_eq!((&told["state"], &told["figures"]["metric"]), (&json!("done"), &json!("accuracy")));
    assert_eq!(told["figures"]["trials"], json!({"done": 1, "failed": 1}));
    table_is_same(&pipeline, "sweep", "mapped");
    assert!(
        pipeline.read("sweep/best/train/model.safetensors") == pipeline.read("mapped/best/train/model.safetensors")
    );

    // The table is finished: a task that an engine starts once more has nothing to do.
    assert_eq!(summary(&swept(&pipeline, typed))["state"], "fresh");
}

#[test]
fn a_task_that_is_killed_or_told_to_end_goes_on_to_the_same_bytes() {
    let profile =
        GRID.replace("num_train_epochs = 1", "num_train_epochs = 40\nsave_steps = 5\nsave_strategy = 'steps'");
    let pipeline = search_pipeline(&profile);
    swept(&pipeline, "--profile sweep.toml --out sweep --jobs 2");

    let begin = || {
        let child = task(&pipeline, TASK, ("JOB_COMPLETION_INDEX", 0)).spawn().unwrap();
        wait_for("a training", || !trials_running(&pipeline).is_empty());
        // Past its start: a signal in it would say less.
        std::thread::sleep(std::time::Duration::from_millis(300));
        child
    };
    kill(begin());
    wait_for("the end of the training", || trials_running(&pipeline).is_empty());

    let child = begin();
    let ended = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(trials_running(&pipeline).is_empty(), "the task waits for what it started");

    for index in 0..4 {
        outcome(&mut task(&pipeline, TASK, ("JOB_COMPLETION_INDEX", index))).assert_success("trial");
    }
    swept(&pipeline, "collect --profile sweep.toml --out mapped");
    table_is_same(&pipeline, "sweep", "mapped");
    assert!(
        pipeline.read("sweep/best/train/model.safetensors") == pipeline.read("mapped/best/train/model.safetensors")
    );
}

#[test]
fn nobody_gets_a_trial_or_a_shard_by_accident() {
    let pipeline = search_pipeline(GRID);
    let sweep = "bert-sweep --profile sweep.toml --tokens tokens --model model --out mapped";
    let refused = |line: &str, told: &str| {
        let message = pipeline.refuse(line);
        assert!(message.contains(told), "{message}");
    };
    refused(&format!("{sweep} trial"), "`trial` needs --index");
    refused(&format!("{sweep} trial --index 4"), "--index is 4, but the search has 4 runs; expected 0 to 3");
    refused(&format!("{sweep} trial --index auto"), "neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID is set");
    refused(&format!("{sweep} run --index 1"), "--index is for `bert-sweep trial` alone");
    refused(&format!("{sweep} list --method tpe --trials 3"), "`list` needs trials that do not depend on each other");
    refused(
        &format!("{sweep} trial --index 0 --folds 2"),
        "make them with `bert-sweep plan` and the same settings first",
    );
    let two = task(&pipeline, &format!("{sweep} trial --index auto"), ("JOB_COMPLETION_INDEX", 1))
        .env("SLURM_ARRAY_TASK_ID", "2")
        .output()
        .unwrap();
    assert_eq!(two.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&two.stderr).contains("JOB_COMPLETION_INDEX and SLURM_ARRAY_TASK_ID differ"));

    // An index of the engine alone makes no shard, and one that does not fit is refused.
    pipeline.run_stage("train", "").assert_success("train");
    pipeline.write("texts.csv", "text\nw1 w2\nw40 w41\nw3\nw50\nw51\n");
    let predict = "bert-predict --model train --input texts.csv --rows-per-part 1 --threads 1 --out";
    outcome(&mut task(&pipeline, &format!("{predict} whole"), ("JOB_COMPLETION_INDEX", 1))).assert_success("whole");
    assert!(pipeline.path("whole/part-000004.jsonl").exists(), "all parts are in one folder");
    let fourth =
        outcome(&mut task(&pipeline, &format!("{predict} shards --shard auto/3"), ("JOB_COMPLETION_INDEX", 3)));
    assert_eq!(fourth.code, Some(2));
    assert!(fourth.stderr.contains("the engine says that this is task 3; expected 0 to 2"), "{}", fourth.stderr);

    for index in 0..3 {
        let line = format!("{predict} shards --shard auto/3 --json-summary");
        let ended = outcome(&mut task(&pipeline, &line, ("SLURM_ARRAY_TASK_ID", index)));
        ended.assert_success("shard");
        let told = summary(&ended);
        assert_eq!(told["folder"], format!("shards/shard-{}-of-3", index + 1));
        assert_eq!(told["figures"]["rows"], [2, 2, 1][index]);
    }
    let collected = pipeline.succeed("bert-predict --collect shards --json-summary --log-format json");
    assert_eq!(summary(&collected)["figures"], json!({"rows": 5, "broken": 0, "abstained": 0, "longer": 0}));
    assert_eq!(messages(&collected).len(), 1);
    for part in 0..5 {
        let name = format!("part-{part:06}.jsonl");
        assert!(pipeline.read(&format!("whole/{name}")) == pipeline.read(&format!("shards/{name}")), "{name}");
    }
    let file = pipeline.succeed("bert-predict --model train --input texts.csv --output answers.jsonl --json-summary");
    let counts = json!({"rows": 5, "broken": 0, "abstained": 0, "longer": 0});
    let expected = json!({"stage": "bert-predict", "file": "answers.jsonl", "state": "done", "figures": counts});
    assert_eq!(summary(&file), expected);
}

/// What a program prints may be read in part, as by `head`.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    let train = format!("{} --tokens tokens --model model --out train", program("bert-finetune").display());
    let check = format!("{} check --raw raw", program("sst-fetch").display());
    for line in [format!("{train} --plan"), format!("{train} --explain"), check] {
        let mut shell = Command::new("sh");
        let said = outcome(shell.args(["-c", &format!("{line} | true")]).current_dir(pipeline.path("")));
        assert_eq!(said.stderr, "", "{line}");
        let mut shell = Command::new("sh");
        let said = outcome(shell.args(["-c", &format!("{line} > /dev/full")]).current_dir(pipeline.path("")));
        assert_eq!(said.code, Some(3), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("cannot write to stdout: No space left on device"), "{line}: {}", said.stderr);
    }
}

/// What a program says may be lost, as on the disk that is full, or behind a `tee` that was interrupted first; the run is not.
#[test]
fn messages_that_cannot_be_written_change_nothing() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    let train = format!("{} --tokens tokens --model model --max-steps 2", program("bert-finetune").display());
    let nowhere = format!("{} --tokens nowhere --model model --out no", program("bert-finetune").display());
    for (format, out) in [("text", "a"), ("json", "b")] {
        for (line, expected) in [(format!("{train} --out {out}"), 0), (nowhere.clone(), 2)] {
            let line = format!("{line} --log-format {format} 2> /dev/full");
            let mut shell = Command::new("sh");
            let ended = outcome(shell.args(["-c", &line]).current_dir(pipeline.path("")));
            assert_eq!(ended.code, Some(expected), "{line}");
        }
        pipeline.succeed(&format!("bert-eval --run {out} --tokens tokens --split validation --out eval-{out}"));
    }
    // The shell's code is that of the writer, by way of a file, since the reader's would hide it.
    let line = format!("({train} --out c 2>&1 > /dev/null; echo $? > code) | true");
    Command::new("sh").args(["-c", &line]).current_dir(pipeline.path("")).status().unwrap();
    assert_eq!(pipeline.read("code").trim_ascii(), b"0");
}
