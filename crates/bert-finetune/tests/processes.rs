//! Several processes that train one model: the bytes of one process, whatever happens to them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;
mod team;

use std::fs;

use sandbox::Sandbox;
use serde_json::Value;
use team::{TRAINING, accumulated, assert_equal_files, codes, run, run_on_machines, start, succeed};

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

/// Then gradients go out while a backward pass goes on.
#[test]
fn processes_of_several_machines_give_the_bytes_of_one() {
    for arguments in ["--precision bf16", "--freeze-embeddings --freeze-layers 1", "--lora-rank 2"] {
        let one = accumulated(4, arguments);
        for (processes, steps) in [(4, 1), (2, 2)] {
            let together = Sandbox::new();
            let line = format!("{TRAINING} {arguments} --gradient-accumulation-steps {steps}");
            for (rank, outcome) in run_on_machines(&together, processes, &line).iter().enumerate() {
                outcome.assert_success(&format!("{arguments}: rank {rank} of {processes}"));
            }
            assert_equal_files(&one, &together, &format!("{arguments}: {processes} processes of {steps} steps"));
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

/// A finished run is no unfinished one: it gives way to one of other steps, and what is said of its processes goes with it.
#[test]
fn a_finished_run_gives_way_to_another_number_of_processes() {
    let sandbox = Sandbox::new();
    succeed(&sandbox, 2, TRAINING);
    let four = succeed(&sandbox, 4, TRAINING);
    assert!(four[0].stderr.contains("gradient_accumulation_steps: 2 -> 4"), "{}", four[0].stderr);
    let restarts = sandbox.text("train/restarts.jsonl");
    assert!(restarts.contains("\"processes\":4") && !restarts.contains("\"processes\":2"), "{restarts}");
    sandbox.finetune(&format!("{TRAINING} --seed 8")).assert_success("one process");
    assert!(!sandbox.path("train/restarts.jsonl").exists());
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

/// They would train another model, or leave at another step.
#[test]
fn processes_of_other_models_and_ends_are_refused() {
    let sandbox = Sandbox::new();
    for file in fs::read_dir(sandbox.fixture("")).unwrap().flatten() {
        let name = format!("other-model/{}", file.file_name().display());
        sandbox.write(&name, fs::read(file.path()).unwrap());
    }
    let config = sandbox.text("other-model/config.json");
    let changed = config.replacen("\"layer_norm_eps\": 1e-06", "\"layer_norm_eps\": 1e-03", 1);
    assert_ne!(changed, config);
    sandbox.write("other-model/config.json", changed);
    for (what, of_other) in [("config.json", "--model other-model"), ("--stop-at-step", "--stop-at-step 2")] {
        let of_rank = |rank| if rank == 1 { format!("{TRAINING} {of_other}") } else { TRAINING.to_owned() };
        let refused = start(&sandbox, 2, of_rank).wait();
        assert_eq!(codes(&refused), [Some(2); 2], "{what}");
        let said = format!("rank 1 has another {what} than rank 0; all processes of a run need the same");
        assert!(refused[0].stderr.contains(&said), "{}", refused[0].stderr);
        assert_eq!(refused[1].stderr, "", "{what}");
    }
}

#[test]
fn a_plan_counts_the_memory_of_each_process() {
    let peak = |processes: usize| {
        let sandbox = Sandbox::new();
        let arguments = format!("{TRAINING} --device cpu --plan --gradient-accumulation-steps {}", 4 / processes);
        let outcomes =
            if processes == 1 { vec![sandbox.finetune(&arguments)] } else { run(&sandbox, processes, &arguments) };
        outcomes.iter().for_each(|outcome| outcome.assert_success("--plan"));
        let printed: Value = serde_json::from_str(&outcomes[0].stdout).unwrap();
        printed["memory"]["peak"].as_u64().unwrap()
    };
    assert!(peak(2) > peak(1));
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
