//! A run that begins in the folder of one with other settings: what gives way, when, and what can still be continued.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use std::process::Stdio;

use sandbox::{Sandbox, TRAINING};

#[test]
fn explain_says_what_becomes_of_an_unfinished_run() {
    let sandbox = Sandbox::new();
    sandbox.finetune(&format!("{TRAINING} --stop-at-step 9")).assert_success("bert-finetune");
    let explained = |flags: &str| sandbox.finetune(&format!("{TRAINING} {flags} --explain")).stdout;
    let unfinished =
        "train is out of date:\n  it has no manifest: it was never finished\n  its checkpoint of step 9 is ";
    let (same, other) = (explained(""), explained("--seed 7"));
    assert!(same.contains(&format!("{unfinished}continued\n")), "{same}");
    assert!(other.contains(&format!("{unfinished}of other settings or inputs, and gives way\n")), "{other}");
    assert!(sandbox.finetune(TRAINING).stderr.contains("continuing at step 9"));
}

/// Whoever tries other settings in the same folder, and sees them fail, goes back to those that he had.
#[test]
fn a_run_that_gave_way_to_one_that_failed_goes_on_to_the_same_bytes() {
    let whole = Sandbox::new();
    whole.finetune(TRAINING).assert_success("bert-finetune");
    let sandbox = Sandbox::new();
    sandbox.finetune(&format!("{TRAINING} --stop-at-step 9")).assert_success("bert-finetune");
    for diverging in ["1e30", "1e31"] {
        let failed = sandbox.finetune(&format!("{TRAINING} --learning-rate {diverging} --logging-steps 1"));
        assert_eq!(failed.code, Some(3), "{}", failed.stderr);
        assert!(failed.stderr.contains("was of other settings or inputs, and gives way to this one"));
        assert!(sandbox.path("train/checkpoints/log-of-others.jsonl").exists());
    }
    let resumed = sandbox.finetune(TRAINING);
    resumed.assert_success("bert-finetune");
    assert!(resumed.stderr.contains("continuing at step 9 from"), "{}", resumed.stderr);
    for file in ["train/model.safetensors", "train/log.jsonl"] {
        assert!(sandbox.read(file) == whole.read(file), "{file}");
    }
    assert!(!sandbox.path("train/checkpoints/log-of-others.jsonl").exists());

    sandbox.finetune(&format!("{TRAINING} --seed 7 --stop-at-step 2")).assert_success("bert-finetune");
    assert!(!sandbox.path("train/checkpoints/log-of-others.jsonl").exists(), "nothing is left that it belongs to");
}

#[test]
fn a_signal_saves_and_leaves() {
    let sandbox = Sandbox::new();
    let arguments = format!("{TRAINING} --num-train-epochs 2000");
    let child = sandbox.finetune_command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    sandbox.wait_for_log();
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(143), "{stderr}");
    assert!(stderr.contains("interrupted; saved at step"), "{stderr}");
    let paused = sandbox.finetune(&format!("{arguments} --max-steps 1000000 --stop-at-step 1"));
    assert!(paused.stderr.contains("it belongs to a run with other settings or inputs"), "{}", paused.stderr);
    let gives_way = "warning: the unfinished run at step ";
    assert!(
        paused.stderr.contains(gives_way) && paused.stderr.contains("another --out would keep it"),
        "{}",
        paused.stderr
    );
    let behind = sandbox.finetune(&format!("{TRAINING} --max-steps 3 --stop-at-step 2"));
    assert!(behind.stderr.contains(gives_way), "{}", behind.stderr);
    let ended = sandbox.finetune(&format!("{TRAINING} --max-steps 3 --stop-at-step 1"));
    assert!(ended.stderr.contains("--stop-at-step 1 is behind this run, which is at step 2"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(0));
    let finished = sandbox.finetune(&format!("{TRAINING} --max-steps 2"));
    assert!(finished.stderr.contains("the finished result in train gives way"), "{}", finished.stderr);
    assert!(!finished.stderr.contains(gives_way), "{}", finished.stderr);
}

/// Each improvement writes the weights once more; what no checkpoint names makes room for the next.
#[test]
fn best_weights_between_two_saves_do_not_pile_up() {
    let sandbox = Sandbox::new();
    let arguments = "--num-train-epochs 2000 --learning-rate 1e-4 --eval-strategy steps --eval-steps 1 --save-strategy no \
                     --metric-for-best-model loss";
    let mut child = sandbox.finetune_command(&format!("{TRAINING} {arguments}")).stderr(Stdio::null()).spawn().unwrap();
    sandbox.wait_for_log();
    let n_best = || sandbox.text("train/log.jsonl").matches("\"best\":true").count();
    while n_best() < 10 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it had got better ten times");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let entries = std::fs::read_dir(sandbox.path("train/checkpoints")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|name| name.starts_with("best-step-")).collect();
    assert!((1..=2).contains(&names.len()), "{names:?}");
}
