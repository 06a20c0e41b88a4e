//! Several processes of one run, started as torchrun starts them: by their environment.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use testkit::Outcome;

use crate::sandbox::Sandbox;

/// 40 rows are 14 micro-batches: with 4 of them in a step, the last step of an epoch has 2.
pub(crate) const TRAINING: &str = "--threads 1 --precision float32 --per-device-train-batch-size 3 --learning-rate 2e-3 \
     --num-train-epochs 3 --hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1 --logging-steps 3 --save-steps 2 \
     --save-strategy steps --save-total-limit 3";

/// A run of one process that accumulates.
pub(crate) fn accumulated(steps: usize, arguments: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let outcome = sandbox.finetune(&format!("{TRAINING} {arguments} --gradient-accumulation-steps {steps}"));
    outcome.assert_success("one process");
    sandbox
}

/// The processes of a run, started and not waited for.
pub(crate) struct Started(pub(crate) Vec<Child>);

impl Started {
    /// What each of them has said and with which code it ended, by rank.
    pub(crate) fn wait(self) -> Vec<Outcome> {
        let waiting = self.0.into_iter().map(|child| thread::spawn(move || child.wait_with_output().unwrap()));
        let outputs: Vec<_> = waiting.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let outcome = |it: std::process::Output| Outcome {
            code: it.status.code(),
            stdout: text(it.stdout),
            stderr: text(it.stderr),
        };
        outputs.into_iter().map(outcome).collect()
    }
}

/// Starts `n` processes that meet at a port of their own; `arguments(rank)` are those of each.
pub(crate) fn start(sandbox: &Sandbox, n: usize, arguments: impl Fn(usize) -> String) -> Started {
    start_with(sandbox, n, arguments, &[])
}

fn start_with(sandbox: &Sandbox, n: usize, arguments: impl Fn(usize) -> String, variables: &[(&str, &str)]) -> Started {
    let port = free_port();
    let command = |rank: usize| {
        let mut command = sandbox.finetune_command(&arguments(rank));
        of_rank(&mut command, rank, n, port);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    Started((0..n).map(command).collect())
}

/// Of a machine each, as far as they know; to their ends.
pub(crate) fn run_on_machines(sandbox: &Sandbox, n: usize, arguments: &str) -> Vec<Outcome> {
    let variables = [("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "1"), ("GLOO_SOCKET_IFNAME", "lo")];
    start_with(sandbox, n, |_| arguments.to_owned(), &variables).wait()
}

/// The same, to their ends.
pub(crate) fn run(sandbox: &Sandbox, n: usize, arguments: &str) -> Vec<Outcome> {
    start(sandbox, n, |_| arguments.to_owned()).wait()
}

/// The same, to a good end.
pub(crate) fn succeed(sandbox: &Sandbox, n: usize, arguments: &str) -> Vec<Outcome> {
    let outcomes = run(sandbox, n, arguments);
    for (rank, outcome) in outcomes.iter().enumerate() {
        outcome.assert_success(&format!("rank {rank} of {n}"));
    }
    outcomes
}

pub(crate) fn codes(outcomes: &[Outcome]) -> Vec<Option<i32>> {
    outcomes.iter().map(|outcome| outcome.code).collect()
}

fn of_rank(command: &mut Command, rank: usize, n: usize, port: u16) {
    let variables = [
        ("RANK", rank.to_string()),
        ("WORLD_SIZE", n.to_string()),
        ("LOCAL_RANK", rank.to_string()),
        ("LOCAL_WORLD_SIZE", n.to_string()),
        ("MASTER_ADDR", "127.0.0.1".to_owned()),
        ("MASTER_PORT", port.to_string()),
    ];
    command.envs(variables);
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Every file of the run's folder whose bytes equal runs share, by its path there.
pub(crate) fn files(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let train = sandbox.path("train");
    let mut found = Vec::new();
    collect(&train, &train, &mut found);
    found.sort();
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        // Durations, hashes that are remembered, processes, and events with the time in their names.
        let differs = ["timing.json", "restarts.jsonl", "tensorboard"].iter().any(|other| Path::new(other) == name);
        let hidden = name.to_string_lossy().starts_with('.');
        if path.is_dir() && !differs {
            collect(root, &path, found);
        } else if !differs && !hidden {
            found.push((name, fs::read(&path).unwrap()));
        }
    }
}

/// Fails with the names of the files that differ.
pub(crate) fn assert_equal_files(one: &Sandbox, other: &Sandbox, what: &str) {
    let (one, other) = (files(one), files(other));
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other), "{what}");
    let differing: Vec<&PathBuf> = one.iter().zip(&other).filter(|(a, b)| a.1 != b.1).map(|(a, _)| &a.0).collect();
    assert!(differing.is_empty(), "{what}: {differing:?} differ");
    assert!(one.iter().any(|(name, _)| name.ends_with("optimizer.safetensors")), "{what}: no checkpoint");
}
