//! Several processes that train one model, when one of them stops: the others end, and say why; a restart gives the undisturbed bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;
mod team;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use sandbox::Sandbox;
use team::{TRAINING, accumulated, assert_equal_files, codes, run, start, succeed};
use testkit::{Random, kill};

/// Enough steps to be interrupted in.
const LONG: &str =
    "--num-train-epochs 60 --save-steps 5 --logging-steps 20 --eval-strategy steps --eval-steps 15 --warmup-steps 40";

#[test]
fn the_others_name_a_rank_that_was_killed_and_a_restart_gives_the_same_bytes() {
    let arguments = format!("{TRAINING} {LONG}");
    let one = accumulated(4, LONG);
    for victim in [0, 3] {
        let together = Sandbox::new();
        let mut started = start(&together, 4, |_| arguments.clone());
        together.wait_for_checkpoint();
        kill(started.0.remove(victim));
        let outcomes = started.wait();
        assert_eq!(codes(&outcomes), [Some(1); 3]);
        for outcome in &outcomes {
            assert!(outcome.stderr.contains(&format!("rank {victim}")), "rank {victim} killed: {}", outcome.stderr);
            assert!(outcome.stderr.contains("ended without a word"), "rank {victim} killed: {}", outcome.stderr);
        }
        succeed(&together, 4, &arguments);
        assert_equal_files(&one, &together, &format!("rank {victim} killed"));
    }
}

/// `PROCESS_KILLS` says how many; each leaves a run that the next one goes on with.
#[test]
fn kills_at_random_moments_change_no_byte() {
    let n_kills = std::env::var("PROCESS_KILLS").map_or(4, |text| text.parse().unwrap());
    let arguments = format!("{TRAINING} {LONG}");
    let one = accumulated(2, LONG);
    let mut random = Random::new(n_kills);
    let mut together = Sandbox::new();
    let mut done = 0;
    while done < n_kills {
        let mut started = start(&together, 2, |_| arguments.clone());
        sleep(Duration::from_millis(300 + random.below(2500)));
        if started.0.iter_mut().all(|child| child.try_wait().unwrap().is_some()) {
            started.wait();
            assert_equal_files(&one, &together, &format!("after {done} kills"));
            together = Sandbox::new();
            continue;
        }
        let victims = [&[0][..], &[1], &[1, 0]][random.below(3) as usize];
        victims.iter().for_each(|&victim| kill(started.0.remove(victim)));
        // As torchrun does.
        started.0.iter().for_each(|child| signal(child, "TERM"));
        started.wait();
        done += 1;
    }
    succeed(&together, 2, &arguments);
    assert_equal_files(&one, &together, &format!("after {n_kills} kills"));
}

#[test]
fn a_rank_that_hangs_is_named_after_the_timeout() {
    for victim in [1, 0] {
        let sandbox = Sandbox::new();
        let arguments = format!("{TRAINING} {LONG} --ddp-timeout 3");
        let mut started = start(&sandbox, 3, |_| arguments.clone());
        sandbox.wait_for_checkpoint();
        let hung = started.0.remove(victim);
        signal(&hung, "STOP");
        let outcomes = started.wait();
        assert_eq!(codes(&outcomes), [Some(1); 2]);
        for outcome in &outcomes {
            // Process 0 holds the store, too.
            let said = format!("rank {victim} did not answer for 3 s (--ddp-timeout)");
            assert!(outcome.stderr.contains(&said), "rank {victim} hung: {}", outcome.stderr);
        }
        kill(hung);
    }
}

#[test]
fn a_signal_to_one_rank_saves_and_ends_all() {
    let one = accumulated(2, LONG);
    let together = Sandbox::new();
    let arguments = format!("{TRAINING} {LONG}");
    let started = start(&together, 2, |_| arguments.clone());
    together.wait_for_checkpoint();
    signal(&started.0[1], "TERM");
    let outcomes = started.wait();
    assert_eq!(codes(&outcomes), [Some(143); 2], "{}{}", outcomes[0].stderr, outcomes[1].stderr);
    assert!(outcomes[0].stderr.contains("interrupted; saved at step"), "{}", outcomes[0].stderr);
    assert_eq!(outcomes[1].stderr, "");
    succeed(&together, 2, &arguments);
    assert_equal_files(&one, &together, "interrupted");
}

#[test]
fn bad_input_of_one_rank_ends_all_alike() {
    let sandbox = Sandbox::new();
    let wrong = |rank: usize| if rank == 1 { format!("{TRAINING} --max-steps 0") } else { TRAINING.to_owned() };
    let outcomes = start(&sandbox, 3, wrong).wait();
    assert_eq!(codes(&outcomes), [Some(2); 3]);
    let reason = "--max-steps is 0";
    assert!(outcomes[0].stderr.contains(&format!("rank 1 stopped: {reason}")), "{}", outcomes[0].stderr);
    assert!(outcomes[1].stderr.starts_with(&format!("error: rank 1: {reason}")), "{}", outcomes[1].stderr);
    assert!(outcomes[2].stderr.starts_with("error: rank 2: rank 1 stopped: "), "{}", outcomes[2].stderr);

    // What all of them find wrong is said once.
    let outcomes = run(&sandbox, 2, &format!("{TRAINING} --max-steps 0"));
    assert_eq!(codes(&outcomes), [Some(2); 2]);
    assert!(outcomes[0].stderr.contains(reason), "{}", outcomes[0].stderr);
    assert_eq!(outcomes[1].stderr, "");

    let other_seed = |rank: usize| if rank == 1 { format!("{TRAINING} --seed 7") } else { TRAINING.to_owned() };
    let outcomes = start(&sandbox, 2, other_seed).wait();
    assert_eq!(codes(&outcomes), [Some(2); 2]);
    assert!(outcomes[0].stderr.contains("rank 1 has another plan than rank 0"), "{}", outcomes[0].stderr);
    assert!(!sandbox.path("train/log.jsonl").exists());
}

#[test]
fn a_loss_that_is_not_finite_ends_all_with_3() {
    let sandbox = Sandbox::new();
    let outcomes = run(&sandbox, 2, &format!("{TRAINING} --learning-rate 1e30 --max-grad-norm 0"));
    assert_eq!(codes(&outcomes), [Some(3); 2]);
    assert!(outcomes[0].stderr.contains("the step was not taken"), "{}", outcomes[0].stderr);
    assert_eq!(outcomes[1].stderr, "");
}

#[test]
fn one_rank_alone_does_not_wait_for_ever() {
    let sandbox = Sandbox::new();
    let mut started = start(&sandbox, 2, |_| format!("{TRAINING} --ddp-timeout 2"));
    kill(started.0.remove(1));
    let outcomes = started.wait();
    assert_eq!(codes(&outcomes), [Some(1)]);
    assert!(outcomes[0].stderr.contains("rank 1 did not answer for 2 s (--ddp-timeout)"), "{}", outcomes[0].stderr);
}

fn signal(child: &std::process::Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}
