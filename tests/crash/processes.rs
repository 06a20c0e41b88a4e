//! Several processes on one folder, let go at once: one trains, the others leave with exit code 4 while it does.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::TrainingSandbox;
use crate::{size, tell};

/// It outlasts every start that is late.
const RUN: &str = "--precision float32 --num-train-epochs 100000 --save-strategy no --eval-strategy no";
const TURNED_AWAY: Option<i32> = Some(4);

#[test]
fn of_processes_that_start_together_one_runs() {
    let sandbox = TrainingSandbox::small();
    let trials = size(2, 50);
    for n in [2, 4, 8] {
        let mut slowest = Duration::ZERO;
        for _ in 0..trials {
            slowest = slowest.max(race(&sandbox, n));
            sandbox.remove("contended");
        }
        let counted = [
            ("trials", trials),
            ("that one process won", trials),
            ("turned away with exit code 4", trials * (n - 1)),
            ("slowest of these in ms", slowest.as_millis() as u64),
        ];
        tell(&format!("{n} processes"), &counted);
    }
}

/// One race of `n`; the time from the start to the last loser's end.
fn race(sandbox: &TrainingSandbox, n: u64) -> Duration {
    // All wait for the end of one pipe, which comes to all of them at once.
    let (barrier, open) = std::io::pipe().unwrap();
    let mut runs: Vec<_> = (0..n)
        .map(|_| {
            let run = sandbox.command("contended", RUN);
            let mut waiting = Command::new("sh");
            waiting.args(["-c", "read _; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
            waiting.current_dir(sandbox.path("")).stdin(barrier.try_clone().unwrap());
            waiting.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    drop(barrier);
    drop(open);
    let clock = Instant::now();
    let mut last = Duration::ZERO;
    while runs.len() > 1 {
        for loser in runs.extract_if(.., |run| run.try_wait().unwrap().is_some()) {
            let output = loser.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), TURNED_AWAY, "{said}");
            assert!(said.contains("error: contended is locked by another run"), "{said}");
            last = clock.elapsed();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut winner = runs.pop().unwrap();
    while !sandbox.path("contended/log.jsonl").exists() {
        assert!(winner.try_wait().unwrap().is_none(), "all {n} left");
        std::thread::sleep(Duration::from_millis(1));
    }
    testkit::kill(winner);
    last
}
