//! Folders that somebody else uses at the same time: a stage that is writing its output, a copy that shares its files, a terminal
//! that is closed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::{Pipeline, outcome};

use crate::sweep::wait_for;

/// The content of every file below a folder. Links change the times of a file, and nothing else.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Who waits and tries again gets it: exit code 4, not 2.
#[test]
fn an_input_that_is_being_written_is_in_use() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    for (written, reader) in [("raw", "tokens"), ("model", "tokens"), ("tokens", "train"), ("train", "eval/test")] {
        let manifest = pipeline.path(&format!("{written}/manifest.json"));
        let text = fs::read(&manifest).unwrap();
        fs::remove_file(&manifest).unwrap();
        let lock = fs::OpenOptions::new().write(true).open(pipeline.path(&format!("{written}/.lock"))).unwrap();
        lock.lock().unwrap();
        let outcome = pipeline.run_stage(reader, "--force");
        assert_eq!(outcome.code, Some(4), "{reader}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(&format!("{written} is being written by another run (process ")),
            "{}",
            outcome.stderr
        );
        drop(lock);
        fs::write(&manifest, text).unwrap();
    }
}

/// A copy by hard links shares its files with the original: what is written in place is the copy's alone.
#[test]
fn a_run_in_a_copy_by_links_leaves_the_original_as_it_was() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("train");
    let linked = Command::new("cp").arg("-al").args([pipeline.path("train"), pipeline.path("copy")]).status().unwrap();
    assert!(linked.success());
    let before = files(&pipeline.path("train"));
    for flags in ["", "--learning-rate 0.01"] {
        let outcome = outcome(&mut pipeline.stage_with("train", &format!("{flags} --out copy")));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.ends_with("is fresh\n"), flags.is_empty(), "{}", outcome.stderr);
        assert!(files(&pipeline.path("train")) == before, "{flags}");
    }
    assert_ne!(pipeline.text("copy/log.jsonl"), pipeline.text("train/log.jsonl"));
}

#[test]
fn a_closed_terminal_saves_as_an_interrupt_does_unless_that_is_to_be_ignored() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    for (before, epochs, code, said) in
        [("", 5000, 129, "saved at step"), ("trap '' HUP; ", 40, 0, "bert-finetune: best at step")]
    {
        let out = format!("train-{code}");
        let train = pipeline.stage_with("train", &format!("--num-train-epochs {epochs} --out {out}"));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{before}exec \"$@\"")).arg("sh");
        shell.arg(train.get_program()).args(train.get_args()).current_dir(pipeline.path(""));
        let child = shell.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = || fs::read_to_string(pipeline.path(&format!("{out}/log.jsonl"))).unwrap_or_default();
        wait_for("an evaluation", || log().contains("evaluate"));
        Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
}
