//! A profile under typed flags: what is typed wins, and a wrong value is told by its profile and key.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use sandbox::Sandbox;
use serde_json::{Value, json};

/// What `--plan` prints of a profile's `[finetune]` and typed arguments.
fn plan(sandbox: &Sandbox, profile: &str, arguments: &str) -> Value {
    sandbox.write("profile.toml", format!("[finetune]\n{profile}\n"));
    let outcome = sandbox.finetune(&format!("--profile profile.toml --plan {arguments}"));
    outcome.assert_success(&format!("{profile} {arguments}"));
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn refusal(sandbox: &Sandbox, profile: &str, arguments: &str) -> String {
    sandbox.write("profile.toml", format!("[finetune]\n{profile}\n"));
    let outcome = sandbox.finetune(&format!("--profile profile.toml --plan {arguments}"));
    assert_eq!(outcome.code, Some(2), "{profile} {arguments}: {}", outcome.stderr);
    outcome.stderr.trim_end().to_owned()
}

#[test]
fn what_is_typed_sets_aside_what_a_profile_says_against_it() {
    let sandbox = Sandbox::new();
    for (profile, arguments, expected) in [
        ("per_device_train_batch_size = 4", "--max-tokens-per-batch 60", json!({ "max_tokens_per_batch": 60 })),
        ("max_tokens_per_batch = 60", "--per-device-train-batch-size 4", json!({ "per_device_train_batch_size": 4 })),
        ("max_steps = 100", "--num-train-epochs 2", json!({ "max_steps": null, "num_train_epochs": 2.0 })),
        ("warmup_steps = 5", "--warmup-ratio 0.5", json!({ "warmup_steps": 0, "warmup_ratio": 0.5 })),
        ("warmup_ratio = 0.5", "--warmup-steps 0", json!({ "warmup_steps": 0, "warmup_ratio": 0.0 })),
        ("adam_beta1 = 0.8", "--optim sgd", json!({ "optim": "sgd", "sgd_momentum": 0.0 })),
        ("optim = 'sgd'\nsgd_momentum = 0.9", "--optim adam", json!({ "optim": "adam", "adam_beta1": 0.9 })),
        ("adam_beta1 = 0.8", "--optim adamw_torch", json!({ "optim": "adamw", "adam_beta1": 0.8 })),
        (
            "lr_scheduler_type = 'cosine'\nlr_scheduler_kwargs = { num_cycles = 2 }\nwarmup_ratio = 0.1",
            "--lr-scheduler-type constant",
            json!({ "lr_scheduler_type": "constant", "warmup_ratio": 0.0 }),
        ),
        (
            "lr_scheduler_type = 'cosine'\nlr_scheduler_kwargs = { num_cycles = 2 }",
            "--lr-scheduler-type cosine",
            json!({ "num_cycles": 2.0 }),
        ),
        ("freeze_layers = 1\nfreeze_embeddings = true", "--lora-rank 2", json!({ "freeze_layers": 0 })),
        ("lora_rank = 2\nlora_targets = ['query', 'key']", "--freeze-layers 1", json!({ "lora": null })),
        ("lora_rank = 2", "--freeze-embeddings", json!({ "lora": null, "freeze_embeddings": true })),
        ("lora_rank = 2\nlora_alpha = 3", "--freeze-layers 0", json!({ "freeze_layers": 0 })),
        ("eval_strategy = 'steps'\neval_steps = 2", "--eval-strategy epoch", json!({ "eval_strategy": "each_epoch" })),
        (
            "metric_for_best_model = 'f1'\nearly_stopping_patience = 2\nearly_stopping_threshold = 0.1",
            "--eval-strategy no",
            json!({ "eval_strategy": "never", "early_stopping": null, "metric_for_best_model": null }),
        ),
        (
            "metric_for_best_model = 'loss'\ngreater_is_better = false",
            "--metric-for-best-model f1",
            json!({ "metric_for_best_model": "f1", "greater_is_better": true }),
        ),
        (
            "save_strategy = 'steps'\nsave_steps = 2\nlogging_steps = 5",
            "--save-strategy no --logging-strategy epoch",
            json!({ "saving": { "when": "never", "total_limit": 2 }, "logging": "each_epoch" }),
        ),
        ("class_weights = [1, 2.5, 3]", "", json!({ "class_weights": [1.0, 2.5, 3.0] })),
        ("class_weights = 'auto'", "", json!({ "class_weights": "auto" })),
        ("seed = 7\nwarmup_ratio = 0.5", "--unset seed,warmup-ratio", json!({ "seed": 42, "warmup_ratio": 0.0 })),
    ] {
        let plan = plan(&sandbox, profile, arguments);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&plan[name], value, "{name} with {profile} and {arguments}");
        }
    }
    let lora = &plan(&sandbox, "lora_rank = 2\nlora_targets = ['query', 'key']", "")["lora"];
    assert_eq!(lora["lora_targets"], json!(["query", "key"]));
}

#[test]
fn a_wrong_value_of_a_profile_is_told_by_its_key() {
    let sandbox = Sandbox::new();
    for (profile, arguments, expected) in [
        ("seed = 'x'", "", "seed = \"x\": expected a whole number"),
        ("learning_rate = -1", "", "learning_rate = -1: --learning-rate is -1; expected 0 or more"),
        ("optim = 'adamax'", "", "optim = \"adamax\": expected one of adamw, adam, sgd, adafactor; did you mean adam?"),
        ("save_total_limit = 0", "", "save_total_limit = 0: expected 1 or more"),
        (
            "optim = 'sgd'",
            "--adam-beta1 0.8",
            "optim = \"sgd\": --adam-beta1, --adam-beta2 and --adam-epsilon require --optim adamw or adam",
        ),
        (
            "per_device_train_batch_size = 4\nmax_tokens_per_batch = 60",
            "",
            "max_tokens_per_batch = 60, per_device_train_batch_size = 4: --per-device-train-batch-size and \
             --max-tokens-per-batch both limit a batch; give only one of them",
        ),
        ("num_train_epochs = [1, 2]", "", "num_train_epochs = [1, 2]: expected one value, not a list"),
        (
            "lora_rank = 2\nlora_targets = ['query', 'keys']",
            "",
            "lora_targets = [\"query\", \"keys\"]: keys is none of query, key, value, attention_output, intermediate, output",
        ),
        (
            "class_weights = [1, 'x', 2]",
            "",
            "class_weights = [1, \"x\", 2]: --class-weights is 1,x,2; expected auto or comma-separated numbers: \
             invalid float literal",
        ),
    ] {
        let expected = format!("error: in the profile profile.toml: [finetune] {expected}");
        assert_eq!(refusal(&sandbox, profile, arguments), expected);
    }
    let typed = refusal(&sandbox, "seed = 7", "--learning-rate=-1");
    assert_eq!(typed, "error: --learning-rate is -1; expected 0 or more", "nothing of it is the profile's");
    let unknown = refusal(&sandbox, "seed = 7", "--unset sead");
    assert_eq!(unknown, "error: --unset sead: unknown key sead; did you mean seed?");
}

#[test]
fn a_flag_typed_twice_is_an_error() {
    let sandbox = Sandbox::new();
    let line = format!(
        "bert-finetune --tokens tokens --out train --model {} --seed 1 --seed 1",
        sandbox.fixture("").display()
    );
    let stderr = sandbox.refuse(&line);
    assert!(stderr.starts_with("error: the argument '--seed <N>' cannot be used multiple times"), "{stderr}");
}
