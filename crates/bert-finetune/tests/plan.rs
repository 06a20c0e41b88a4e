//! `--plan`: what is resolved, what the run takes, and that nothing is written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use std::fs;

use sandbox::Sandbox;
use serde_json::{Value, json};

fn plan(sandbox: &Sandbox, arguments: &str) -> Value {
    let outcome = sandbox.finetune(&format!("--plan {arguments}"));
    outcome.assert_success(arguments);
    assert!(!sandbox.path("train").exists(), "nothing is written");
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn what_the_model_and_the_task_decide_is_filled_in() {
    let sandbox = Sandbox::new();
    let config: Value = serde_json::from_slice(&fs::read(sandbox.fixture("config.json")).unwrap()).unwrap();
    let default = plan(&sandbox, "");
    for name in ["hidden_dropout_prob", "attention_probs_dropout_prob"] {
        assert_eq!(default[name], config[name], "{name}");
    }
    assert_eq!(default["classifier_dropout"], config["hidden_dropout_prob"]);
    assert_eq!((&default["metric_for_best_model"], &default["greater_is_better"]), (&json!("accuracy"), &json!(true)));
    let given = plan(&sandbox, "--hidden-dropout-prob 0.25 --metric-for-best-model loss");
    assert_eq!((&given["hidden_dropout_prob"], &given["classifier_dropout"]), (&json!(0.25), &json!(0.25)));
    assert_eq!((&given["metric_for_best_model"], &given["greater_is_better"]), (&json!("loss"), &json!(false)));
}

#[test]
fn the_key_is_of_the_settings_as_typed() {
    let sandbox = Sandbox::new();
    let arguments = "--max-steps 2 --threads 1 --precision float32";
    sandbox.finetune(arguments).assert_success("bert-finetune");
    let manifest: Value = serde_json::from_slice(&sandbox.read("train/manifest.json")).unwrap();
    assert_eq!(
        (&manifest["plan"]["hidden_dropout_prob"], &manifest["plan"]["metric_for_best_model"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn memory_and_disk_are_sums_of_their_parts() {
    let sandbox = Sandbox::new();
    let of = |arguments: &str| {
        let plan = plan(&sandbox, &format!("--precision float32 --save-total-limit 2 {arguments}"));
        for (record, sum) in [("memory", "peak"), ("disk", "total")] {
            let mut fields = plan[record].as_object().unwrap().clone();
            let total = fields.remove(sum).unwrap().as_u64().unwrap();
            assert_eq!(
                fields.values().map(|value| value.as_u64().unwrap()).sum::<u64>(),
                total,
                "{record} {arguments}"
            );
        }
        move |path: &str| plan.pointer(path).unwrap().as_u64().unwrap()
    };
    let adamw = of("");
    let parameters = adamw("/memory/parameters");
    assert_eq!(adamw("/memory/optimizer"), 2 * parameters);
    assert!(adamw("/memory/gradients") <= parameters, "of the word embeddings at most the rows of a batch");
    assert_eq!(adamw("/disk/checkpoints"), 3 * 3 * parameters, "two checkpoints and the next, with two moments");
    assert_eq!(
        (adamw("/disk/best_weights"), adamw("/disk/result")),
        (3 * parameters, parameters),
        "one of each checkpoint"
    );
    let sgd = of("--optim sgd --ema-decay 0.9 --save-strategy no");
    assert_eq!((sgd("/memory/optimizer"), sgd("/memory/average")), (0, parameters));
    assert_eq!(sgd("/disk/checkpoints"), 2 * parameters, "what a signal saves");
    assert_eq!(sgd("/disk/best_weights"), 2 * parameters, "while they are replaced");
    let large = of("--per-device-train-batch-size 40");
    assert!(large("/memory/activations") > 2 * adamw("/memory/activations"));
    assert_eq!(large("/memory/parameters"), parameters);
}

#[test]
fn timed_steps_are_not_kept() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "--timed --threads 1 --group-by-length");
    let time = &plan["time"];
    let seconds = |name: &str| time[name].as_f64().unwrap();
    assert_eq!(time["timed_steps"], 20);
    assert!(seconds("seconds_per_step") > 0.0 && seconds("evaluate_seconds") > 0.0, "{time}");
    let steps = plan["counts"]["total_steps"].as_f64().unwrap();
    assert_eq!(seconds("train_seconds"), seconds("seconds_per_step") * steps);
    assert_eq!(seconds("total_seconds"), seconds("train_seconds") + seconds("evaluate_seconds"));
    let alone = sandbox.finetune("--timed");
    assert_eq!(alone.code, Some(2));
    assert!(
        alone.stderr.starts_with("error: the following required arguments were not provided:\n  --plan\n"),
        "{}",
        alone.stderr
    );
}
