//! What the config of an export says that that of its run does not.

use serde_json::{Value, json};
use testkit::Sandbox;

use crate::common::{EXPORT, plan, run};

fn exported(sandbox: &Sandbox) -> Value {
    serde_json::from_slice(&sandbox.read("export/hf/config.json")).unwrap()
}

#[test]
fn the_config_is_that_of_the_run_where_nothing_has_to_change() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({"hidden_dropout_prob": null, "classifier_dropout": null}), |_| ());
    sandbox.succeed(EXPORT);
    assert_eq!(sandbox.read("export/hf/config.json"), sandbox.read("train/config.json"));
    assert_eq!(plan(&sandbox), json!({"format": "hf"}), "the key of exports that are there");
}

#[test]
fn the_dropout_of_the_training_is_kept() {
    let sandbox = Sandbox::new();
    let rates = json!({"hidden_dropout_prob": 0.25, "attention_probs_dropout_prob": 0.0, "classifier_dropout": 0.5});
    run(&sandbox, &rates, |_| ());
    sandbox.succeed(EXPORT);
    let config = exported(&sandbox);
    assert_eq!((&config["hidden_dropout_prob"], &config["classifier_dropout"]), (&json!(0.25), &json!(0.5)));
    assert_eq!(config["attention_probs_dropout_prob"], 0.0);
    assert_eq!(plan(&sandbox)["config_changes"], json!(["hidden_dropout_prob", "classifier_dropout"]));
    assert_eq!(sandbox.succeed(EXPORT).stderr, "bert-export: export is fresh\n");
}

#[test]
fn keys_that_a_version_of_transformers_does_not_take_are_left_out() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({"with_tokenizer_config": true}), |config| {
        config["use_cache"] = Value::Null;
        config["attn_implementation"] = json!("flash_attention_2");
        config["initializer_range"] = json!(1);
    });
    sandbox.succeed(EXPORT);
    let config = exported(&sandbox);
    assert!(config.get("use_cache").is_none() && config.get("attn_implementation").is_none(), "{config}");
    assert_eq!(config["initializer_range"].to_string(), "1.0");
    let tokenizer: Value = serde_json::from_slice(&sandbox.read("export/hf/tokenizer_config.json")).unwrap();
    assert_eq!(tokenizer, json!({"do_lower_case": true}));
    let key = json!({
        "format": "hf", "config_changes": ["attn_implementation", "use_cache", "initializer_range"],
        "tokenizer_config_changes": ["extra_special_tokens", "vocab_file"]
    });
    assert_eq!(plan(&sandbox), key);
}

#[test]
fn nothing_of_another_head_is_given_away() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |config| {
        config["num_labels"] = json!(5);
        config["task_specific_params"] = Value::Null;
        config["pruned_heads"] = json!({});
    });
    sandbox.succeed(EXPORT);
    let config = exported(&sandbox);
    for key in ["num_labels", "task_specific_params", "pruned_heads"] {
        assert!(config.get(key).is_none(), "{key}");
    }
    assert_eq!(config["id2label"], json!({"0": "a", "1": "b", "2": "c"}));
    assert_eq!(plan(&sandbox)["config_changes"], json!(["num_labels", "pruned_heads", "task_specific_params"]));
}
