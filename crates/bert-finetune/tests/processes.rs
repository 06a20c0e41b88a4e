//! Several processes that train one model: the bytes of one process, whatever happens to them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;
mod team;

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox::Sandbox;
use serde_json::Value;
use team::{assert_equal_files, codes, run, start, succeed, wait_for_checkpoint};
use testkit::{Random, kill};

/// 40 rows are 14 micro-batches: with 4 of them in a step, the last step of an epoch has 2.
const TRAINING: &str = "--threads 1 --precision float32 --per-device-train-batch-size 3 --learning-rate 2e-3 \
     --num-train-epochs 3 --hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1 --logging-steps 3 --save-steps 2 \
     --save-strategy steps --save-total-limit 3";

/// A run of one process that accumulates.
fn accumulated(steps: usize, arguments: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let outcome = sandbox.finetune(&format!("{TRAINING} {arguments} --gradient-accumulation-steps {steps}"));
    outcome.assert_success("one process");
    sandbox
}

#[test]
fn processes_give_the_bytes_of_one_that_accumulates() {
    let one = accumulated(4, "");
    for (processes, steps) in [(4, 1), (2, 2), (1, 4)] {
        let together = Sandbox::new();
        let arguments = format!("{TRAINING} --gradient-accumulation-steps {steps}");
        let outcomes = succeed(&together, processes, &arguments);
        assert_equal_files(&one, &together, &format!("{processes} processes of {steps} steps"));
        if processes > 1 {
            let batch = format!("{processes} processes x {steps} micro-batches x 3 sentences: 12 in a step");
            assert!(outcomes[0].stderr.contains(&batch), "{}", outcomes[0].stderr);
            assert!(outcomes[1..].iter().all(|other| other.stderr.is_empty() && other.stdout.is_empty()));
        }
    }
}

#[test]
fn every_kind_of_state_is_the_same() {
    for arguments in [
        "--precision bf16",
        "--ema-decay 0.9 --optim sgd --sgd-momentum 0.9",
        "--optim adafactor --max-grad-norm 0.5",
        "--freeze-embeddings --freeze-layers 1",
        "--lora-rank 2",
        "--max-tokens-per-batch 30 --group-by-length --unset per_device_train_batch_size",
        "--eval-strategy no --class-weights auto --label-smoothing-factor 0.1",
        "--lr-scheduler-type reduce_lr_on_plateau --early-stopping-patience 1 --eval-steps 2 --eval-strategy steps",
    ] {
        let (training, arguments) = match arguments.strip_suffix(" --unset per_device_train_batch_size") {
            Some(rest) => (TRAINING.replace("--per-device-train-batch-size 3", ""), rest),
            None => (TRAINING.to_owned(), arguments),
        };
        let (one, together) = (Sandbox::new(), Sandbox::new());
        let alone = one.finetune(&format!("{training} {arguments} --gradient-accumulation-steps 2"));
        alone.assert_success(arguments);
        succeed(&together, 2, &format!("{training} {arguments}"));
        assert_equal_files(&one, &together, arguments);
    }
}

#[test]
fn more_processes_than_micro_batches_add_nothing() {
    let training = TRAINING.replace("--per-device-train-batch-size 3", "--per-device-train-batch-size 15");
    let (one, together) = (Sandbox::new(), Sandbox::new());
    one.finetune(&format!("{training} --gradient-accumulation-steps 4")).assert_success("one process");
    succeed(&together, 4, &training);
    assert_equal_files(&one, &together, "3 micro-batches of 4 processes");
}

#[test]
fn a_checkpoint_is_continued_by_other_numbers_of_processes() {
    let one = accumulated(4, "");
    let together = Sandbox::new();
    succeed(&together, 4, &format!("{TRAINING} --stop-at-step 3"));
    let resumed = succeed(&together, 2, &format!("{TRAINING} --gradient-accumulation-steps 2 --stop-at-step 6"));
    let said = &resumed[0].stderr;
    assert!(said.contains("continuing at step 3"), "{said}");
    assert!(said.contains("now 2 processes with --gradient-accumulation-steps 2; before: 4 processes with"), "{said}");

    // What does not come to the same steps is refused, by all processes alike, and destroys nothing.
    let refused = run(&together, 3, TRAINING);
    assert_eq!(codes(&refused), [Some(2); 3]);
    let said = &refused[0].stderr;
    assert!(said.contains("train holds an unfinished run of 4 micro-batches in a step (2 processes with"), "{said}");
    assert!(said.contains("3 processes cannot go on with it: start a number of them that divides 4"), "{said}");
    let refused = run(&together, 2, TRAINING);
    assert!(refused[0].stderr.contains("--gradient-accumulation-steps 2 goes on with it"), "{}", refused[0].stderr);

    let last = together.finetune(&format!("{TRAINING} --gradient-accumulation-steps 4"));
    last.assert_success("one process");
    assert!(last.stderr.contains("continuing at step 6"), "{}", last.stderr);
    assert_equal_files(&one, &together, "4, 2 and 1 processes");
    let restarts = together.text("train/restarts.jsonl");
    let parts: Vec<Value> = restarts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let parts: Vec<_> = parts.iter().map(|part| (part["step"].as_u64(), part["processes"].as_u64())).collect();
    assert_eq!(parts, [(Some(0), Some(4)), (Some(3), Some(2)), (Some(6), Some(1))]);
}

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
        wait_for_checkpoint(&together);
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
        wait_for_checkpoint(&sandbox);
        let hung = started.0.remove(victim);
        signal(&hung, "STOP");
        let since = Instant::now();
        let outcomes = started.wait();
        assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
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
    wait_for_checkpoint(&together);
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
fn a_fresh_and_a_locked_folder_are_left_by_all() {
    let sandbox = Sandbox::new();
    succeed(&sandbox, 2, TRAINING);
    let fresh = succeed(&sandbox, 2, TRAINING);
    assert_eq!((fresh[0].stderr.as_str(), fresh[1].stderr.as_str()), ("bert-finetune: train is fresh\n", ""));
    // One process that accumulates would do the same.
    assert_eq!(
        sandbox.finetune(&format!("{TRAINING} --gradient-accumulation-steps 2")).stderr,
        "bert-finetune: train is fresh\n"
    );

    let holder = std::fs::File::open(sandbox.path("train/.lock")).unwrap();
    holder.lock().unwrap();
    let locked = run(&sandbox, 2, TRAINING);
    assert_eq!(codes(&locked), [Some(4); 2]);
    assert!(locked[0].stderr.contains("train is locked by another run"), "{}", locked[0].stderr);
    assert_eq!(locked[1].stderr, "");
}

#[test]
fn variables_that_contradict_each_other_are_refused() {
    let sandbox = Sandbox::new();
    let refuse = |variables: &[(&str, &str)]| {
        let outcome = testkit::outcome(sandbox.finetune_command(TRAINING).envs(variables.iter().copied()));
        assert_eq!(outcome.code, Some(2), "{variables:?}: {}", outcome.stderr);
        outcome.stderr
    };
    assert!(refuse(&[("RANK", "0")]).contains("WORLD_SIZE is not set"));
    assert!(refuse(&[("RANK", "2"), ("WORLD_SIZE", "2")]).contains("RANK is 2 and WORLD_SIZE 2; ranks are 0 to 1"));
    assert!(refuse(&[("RANK", "0"), ("WORLD_SIZE", "2")]).contains("MASTER_ADDR is not set"));
    assert!(!sandbox.path("train").exists());
}

/// The way of gradients is no part of the result, and one that is not there is refused.
#[test]
fn gradients_of_the_cpu_go_by_gloo() {
    let (one, together) = (Sandbox::new(), Sandbox::new());
    succeed(&one, 2, &format!("{TRAINING} --device cpu"));
    succeed(&together, 2, &format!("{TRAINING} --device cpu --ddp-backend gloo"));
    assert_equal_files(&one, &together, "gloo");
    let fresh = succeed(&together, 2, &format!("{TRAINING} --device cpu"));
    assert!(fresh[0].stderr.contains("is fresh"), "{}", fresh[0].stderr);

    let refused = run(&Sandbox::new(), 2, &format!("{TRAINING} --device cpu --ddp-backend nccl"));
    assert_eq!(codes(&refused), [Some(2); 2]);
    let said = "--ddp-backend is nccl, which is for GPUs; leave it out, or use gloo";
    assert!(refused[0].stderr.contains(said), "{}", refused[0].stderr);
    assert_eq!(refused[1].stderr, "");
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
