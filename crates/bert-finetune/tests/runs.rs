//! The program from outside: what a run leaves, how it goes on after a pause or a kill, and how it refuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use corpus::tokens::Labels;
use sandbox::{Sandbox, TRAINING};

#[test]
fn a_run_leaves_a_model_folder_its_log_and_its_curves() {
    let sandbox = Sandbox::new();
    sandbox.finetune(TRAINING).assert_success("bert-finetune");
    let manifest = stage::Manifest::read(&sandbox.path("train")).unwrap();
    let outputs: Vec<&str> = manifest.outputs.keys().map(String::as_str).collect();
    assert_eq!(outputs, ["config.json", "curves.svg", "log.jsonl", "model.safetensors", "vocab.txt"]);
    assert_eq!(manifest.plan["learning_rate"], 2e-3);

    let begin = &sandbox.events("begin")[0];
    assert_eq!((begin["train_rows"].as_u64(), begin["total_steps"].as_u64()), (Some(40), Some(28)));
    let evaluations = sandbox.events("evaluate");
    assert_eq!(evaluations.len(), 4);
    let best = evaluations.iter().rfind(|event| event["best"] == true).unwrap();
    assert_eq!(sandbox.events("end")[0]["best_step"], best["step"]);

    let config: serde_json::Value = serde_json::from_slice(&sandbox.read("train/config.json")).unwrap();
    assert_eq!(config["architectures"][0], "BertForSequenceClassification");
    assert_eq!(config["id2label"]["2"], "c");
    assert_eq!(config["label2id"]["b"], 1);
    assert!(String::from_utf8(sandbox.read("train/curves.svg")).unwrap().contains("best (step"));
}

#[test]
fn a_second_run_is_fresh_and_a_changed_argument_is_named() {
    let sandbox = Sandbox::new();
    sandbox.finetune(TRAINING).assert_success("bert-finetune");
    let weights = sandbox.read("train/model.safetensors");
    assert_eq!(sandbox.finetune(TRAINING).stderr, "bert-finetune: train is fresh\n");
    assert_eq!(sandbox.finetune(&format!("{TRAINING} --threads 2")).stderr, "bert-finetune: train is fresh\n");

    let explained = sandbox.finetune(&format!("{TRAINING} --weight-decay 0.1 --explain"));
    assert_eq!(explained.stdout, "bert-finetune: train is out of date:\n  weight_decay: 0.0 -> 0.1\n");
    assert_eq!(sandbox.read("train/model.safetensors"), weights);

    let forced = sandbox.finetune(&format!("{TRAINING} --force"));
    forced.assert_success("bert-finetune");
    assert_eq!(sandbox.read("train/model.safetensors"), weights, "the same run gives the same bytes");
}

#[test]
fn a_paused_run_goes_on_to_the_same_bytes() {
    for precision in ["float32", "bf16"] {
        let arguments = format!("{TRAINING} --precision {precision} --gradient-accumulation-steps 2 --warmup-steps 5");
        let (whole, paused) = (Sandbox::new(), Sandbox::new());
        whole.finetune(&arguments).assert_success("bert-finetune");
        for step in [2, 5, 9] {
            let outcome = paused.finetune(&format!("{arguments} --stop-at-step {step}"));
            outcome.assert_success("bert-finetune");
            assert!(outcome.stderr.contains(&format!("paused at step {step}")), "{}", outcome.stderr);
            assert!(stage::Manifest::read(&paused.path("train")).is_none());
        }
        let resumed = paused.finetune(&arguments);
        resumed.assert_success("bert-finetune");
        assert!(resumed.stderr.contains("continuing at step 9"), "{}", resumed.stderr);
        for file in ["model.safetensors", "log.jsonl", "curves.svg", "manifest.json"] {
            let name = format!("train/{file}");
            assert!(whole.read(&name) == paused.read(&name), "{file} differs at {precision}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let cpu = bert_kernels::cpu_features();
    let precisions: &[&str] = if cpu.avx512_bf16 || cpu.amx_bf16 { &["float32", "bf16"] } else { &["float32"] };
    for precision in precisions {
        let arguments = |threads: u32| format!("{TRAINING} --device cpu --precision {precision} --threads {threads}");
        let written =
            |sandbox: &Sandbox| ["model.safetensors", "log.jsonl"].map(|file| sandbox.read(&format!("train/{file}")));
        let trained = [1, 2, 3].map(|threads| {
            let sandbox = Sandbox::new();
            sandbox.finetune(&arguments(threads)).assert_success("bert-finetune");
            written(&sandbox)
        });
        assert!(trained[0] == trained[1] && trained[1] == trained[2], "{precision}");

        let paused = Sandbox::new();
        paused.finetune(&format!("{} --stop-at-step 9", arguments(1))).assert_success("bert-finetune");
        let resumed = paused.finetune(&arguments(2));
        resumed.assert_success("bert-finetune");
        assert!(resumed.stderr.contains("continuing at step 9"), "{}", resumed.stderr);
        assert!(!resumed.stderr.contains("not be bitwise identical"), "{}", resumed.stderr);
        assert!(written(&paused) == trained[0], "{precision}");
    }
}

#[test]
fn where_the_number_of_threads_counts_a_resume_says_so() {
    for operators in ["--lora-rank 2", "--optim adafactor"] {
        let sandbox = Sandbox::new();
        let arguments = format!("{TRAINING} --device cpu {operators}");
        sandbox.finetune(&format!("{arguments} --stop-at-step 9")).assert_success("bert-finetune");
        let resumed = sandbox.finetune(&format!("{arguments} --threads 2"));
        resumed.assert_success("bert-finetune");
        assert!(
            resumed.stderr.contains("was written on cpu with 1 thread and ")
                && resumed.stderr.contains("the result will not be bitwise identical"),
            "{operators}: {}",
            resumed.stderr
        );
    }
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let arguments = format!("{TRAINING} --save-strategy steps --save-steps 3 --num-train-epochs 20");
    let whole = Sandbox::new();
    whole.finetune(&arguments).assert_success("bert-finetune");
    let killed = Sandbox::new();
    for delay in [0, 7, 3, 11] {
        let mut child = killed.finetune_command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        killed.wait_for_checkpoint();
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!killed.path("train/manifest.json").exists(), "killed before its end");
    }
    let last = killed.finetune(&arguments);
    last.assert_success("bert-finetune");
    assert!(last.stderr.contains("continuing at step "), "{}", last.stderr);
    for file in ["model.safetensors", "log.jsonl", "manifest.json"] {
        let name = format!("train/{file}");
        assert!(whole.read(&name) == killed.read(&name), "{file} differs");
    }
}

#[test]
fn a_damaged_checkpoint_is_skipped_and_reported() {
    let sandbox = Sandbox::new();
    sandbox
        .finetune(&format!("{TRAINING} --save-strategy steps --save-steps 4 --stop-at-step 9"))
        .assert_success("bert-finetune");
    let newest = sandbox.path("train/checkpoints/step-000009/optimizer.safetensors");
    let mut bytes = fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    #[expect(clippy::disallowed_methods, reason = "damage is not an output")]
    fs::write(&newest, bytes).unwrap();
    let outcome = sandbox.finetune(TRAINING);
    outcome.assert_success("bert-finetune");
    assert!(
        outcome
            .stderr
            .contains("skipping train/checkpoints/step-000009: optimizer.safetensors does not match its SHA-256")
    );
    assert!(outcome.stderr.contains("continuing at step 8"), "{}", outcome.stderr);
}

#[test]
fn force_removes_checkpoints_and_nothing_else_beside_them() {
    let sandbox = Sandbox::new();
    let arguments = format!("{TRAINING} --save-strategy steps --save-steps 4 --save-total-limit 9");
    sandbox.finetune(&arguments).assert_success("bert-finetune");
    let kept =
        ["notes.txt", "step-000004/notes.txt", "best-step-mine.safetensors", "mine/model.safetensors", "x.partial"];
    for name in kept {
        sandbox.write(&format!("train/checkpoints/{name}"), "mine");
    }
    sandbox.write("train/checkpoints/best-step-000004.safetensors", "a leftover");
    sandbox.write("train/checkpoints/step-000008/.state.json.partial", "a leftover");
    sandbox.finetune(&format!("{arguments} --save-steps 1000 --force")).assert_success("bert-finetune");
    for name in kept {
        assert_eq!(sandbox.text(&format!("train/checkpoints/{name}")), "mine", "{name}");
    }
    for name in ["step-000008", "step-000004/model.safetensors", "best-step-000004.safetensors"] {
        assert!(!sandbox.path(&format!("train/checkpoints/{name}")).exists(), "{name}");
    }
}

#[test]
fn a_folder_in_use_is_left_at_once() {
    let sandbox = Sandbox::new();
    let mut first =
        sandbox.finetune_command(&format!("{TRAINING} --num-train-epochs 2000")).stderr(Stdio::null()).spawn().unwrap();
    sandbox.wait_for_log();
    let second = sandbox.finetune(TRAINING);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.code, Some(4));
    assert!(
        second.stderr.contains(&format!("train is locked by another run (process {})", first.id())),
        "{}",
        second.stderr
    );
}

#[test]
fn a_loss_that_is_not_finite_stops_before_the_step() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.finetune(&format!("{TRAINING} --learning-rate 1e30 --max-grad-norm 0"));
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the step was not taken. Rows of the batch (ids in the raw train.parquet): "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn contradictions_and_unfit_input_are_named() {
    let sandbox = Sandbox::new();
    let refusal = |arguments: &str| {
        let outcome = sandbox.finetune(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments}: {}", outcome.stderr);
        outcome.stderr.trim_end().to_owned()
    };
    assert_eq!(refusal("--eval-steps 5"), "error: --eval-steps requires --eval-strategy steps");
    assert_eq!(refusal("--save-strategy steps"), "error: --save-strategy steps requires --save-steps of at least 1");
    assert_eq!(refusal("--learning-rate=-1"), "error: --learning-rate is -1; expected 0 or more");
    assert_eq!(
        refusal("--eval-strategy no --metric-for-best-model f1"),
        "error: --metric-for-best-model requires evaluation, but --eval-strategy is no"
    );
    assert_eq!(
        refusal("--hidden-dropout-prob 1"),
        "error: --hidden-dropout-prob is 1; expected 0 or more and less than 1"
    );
    assert!(refusal("--device cuda:99").contains("libtorch sees"));
    assert!(refusal("--tokens nowhere").ends_with("nowhere does not exist; `sst-tokenize` makes it"));
    assert!(refusal("--model nowhere").contains("nowhere does not exist; "));
    assert!(!sandbox.path("train").exists(), "nothing was begun");

    sandbox.write_tokens(|set| set.input_ids[4] = 61);
    assert!(
        refusal("").ends_with("token 61 is not below the model's vocab_size 61; tokenize with this model's tokenizer")
    );
    sandbox.write_tokens(|set| {
        let Labels::Classes(labels) = &mut set.labels else { panic!() };
        labels[7] = None;
    });
    assert!(refusal("").contains("train.parquet: the row with id 7 of the raw train.parquet has no label"));
}

#[test]
fn the_plan_is_printed_and_nothing_is_run() {
    let sandbox = Sandbox::new();
    let outcome =
        sandbox.finetune("--plan --per-device-train-batch-size 6 --gradient-accumulation-steps 2 --warmup-ratio 0.1");
    outcome.assert_success("bert-finetune");
    let plan: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(plan["counts"]["batches_per_epoch"], 7);
    assert_eq!(plan["counts"]["steps_per_epoch"], 4);
    assert_eq!(plan["counts"]["total_steps"], 12);
    assert_eq!(plan["counts"]["warmup_steps"], 2);
    assert!(!sandbox.path("train").exists());
}
