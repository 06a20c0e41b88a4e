//! The program from outside: what it makes of the outputs of a model folder, by its config.

use std::fs;

use serde_json::{Value, json};
use testkit::{Outcome, Sandbox, fixture};

/// A prediction of the fixture's model, which has three outputs, under another config.
fn predict(change: impl Fn(&mut Value)) -> Outcome {
    let sandbox = Sandbox::new();
    for name in ["vocab.txt", "model.safetensors"] {
        sandbox.write(&format!("model/{name}"), fs::read(fixture("small-bert").join(name)).unwrap());
    }
    let mut config: Value = serde_json::from_slice(&fs::read(fixture("small-bert/config.json")).unwrap()).unwrap();
    change(&mut config);
    sandbox.write("model/config.json", config.to_string());
    sandbox.run("bert-predict --model model --precision float32 --threads 1 fine")
}

fn line(change: impl Fn(&mut Value)) -> Value {
    let outcome = predict(change);
    outcome.assert_success("bert-predict");
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn refusal(change: impl Fn(&mut Value)) -> String {
    let outcome = predict(change);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    outcome.stderr
}

fn probabilities(line: &Value) -> Vec<f64> {
    line["probabilities"].as_object().unwrap().values().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn outputs_without_names_are_numbered() {
    let named = line(|_| ());
    let numbered = line(|config| {
        config["id2label"] = Value::Null;
        config["num_labels"] = json!(3);
    });
    assert_eq!(
        numbered["probabilities"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["LABEL_0", "LABEL_1", "LABEL_2"]
    );
    assert_eq!(probabilities(&named), probabilities(&numbered));
    assert!((probabilities(&named).iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn several_labels_a_text_are_sigmoids() {
    let classes = probabilities(&line(|_| ()));
    let labeled = line(|config| config["problem_type"] = json!("multi_label_classification"));
    assert!(labeled.get("label").is_none());
    let sigmoids = probabilities(&labeled);
    // A softmax differs between two outputs by as many powers of e as their logits do.
    let logit = |probability: f64| (probability / (1.0 - probability)).ln();
    for output in 1..3 {
        let (of_classes, of_labels) =
            ((classes[output] / classes[0]).ln(), logit(sigmoids[output]) - logit(sigmoids[0]));
        assert!((of_classes - of_labels).abs() < 1e-9, "{of_classes} {of_labels}");
    }
    let given = ["a", "b", "c"].iter().zip(&sigmoids).filter(|(_, probability)| **probability >= 0.5);
    assert_eq!(labeled["labels"], json!(given.map(|(name, _)| name).collect::<Vec<_>>()));
}

#[test]
fn a_config_that_speaks_of_other_outputs_is_told() {
    let gap = refusal(|config| config["id2label"] = json!({"0": "a", "1": "b", "3": "c"}));
    assert!(
        gap.contains("model/config.json: id2label names the output 3, but not 2; expected outputs 0 to 2"),
        "{gap}"
    );
    let two = refusal(|config| config["id2label"] = json!({"0": "a", "1": "b"}));
    assert!(two.contains("model/config.json: id2label names 2, but the size of the classifier is 3"), "{two}");
    let scores = refusal(|config| config["problem_type"] = json!("regression"));
    assert!(scores.contains("problem_type is regression, but there are 3 outputs"), "{scores}");
    let text = refusal(|config| config["hidden_size"] = json!("30"));
    assert!(text.contains("model/config.json: hidden_size is the text \"30\"; expected a whole number"), "{text}");

    let said = predict(|config| config["num_labels"] = json!(7));
    said.assert_success("bert-predict");
    let remark = "bert-predict: num_labels is 7, but id2label and the classifier have 3 outputs, whose names hold\n";
    assert!(said.stderr.contains(remark), "{}", said.stderr);
}
