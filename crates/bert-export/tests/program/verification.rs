//! Every format is run before it is visible, and what it says otherwise than the model is an error.

use serde_json::{Value, json};
use testkit::Sandbox;

use crate::common::{EXPORT, files, json_file, run, tokens};

const ALL: &str = "--format hf,onnx,onnx-int8 --tokens tokens --threads 1";

#[test]
fn every_format_is_told_beside_the_model() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    tokens(&sandbox, &["a", "b", "c"], 0);
    let said = sandbox.succeed(&format!("{EXPORT} {ALL}")).stderr;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        "bert-export: hf (float32): largest difference 0.0e0, 0 of 40 texts flip, accuracy 0.2000 (+0.0000)"
    );
    assert!(lines[1].starts_with("bert-export: onnx (float32): largest difference "), "{said}");
    assert!(lines[2].starts_with("bert-export: onnx-int8 (int8): largest difference "), "{said}");
    let verification = json_file(&sandbox, "export/verification.json");
    assert_eq!((&verification["dataset"], &verification["split"]), (&json!("OWNER/NAME"), &json!("validation")));
    assert_eq!((&verification["n"], &verification["n_labeled"]), (&json!(40), &json!(40)));
    assert_eq!((&verification["figure"], &verification["value"]), (&json!("accuracy"), &json!(0.2)));
    let formats: Vec<&Value> = verification["formats"].as_array().unwrap().iter().collect();
    let column = |name: &str| formats.iter().map(|format| format[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("format"), ["hf", "onnx", "onnx-int8"]);
    assert_eq!(column("dtype"), ["float32", "float32", "int8"]);
    assert_eq!(column("max_flips"), [0, 0, 1], "one percent of 40 texts, rounded up");
    let differences: Vec<f64> = column("max_difference").iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(differences[0], 0.0, "the same bytes by the same loader");
    assert!(differences[1] < 1e-6 && differences[2] > differences[1] && differences[2] < 0.05, "{differences:?}");
    let card = sandbox.text("export/hf/README.md");
    let row = "| `onnx/model_int8.onnx` | int8 | ";
    assert!(card.contains("## Verification\n\nEvery file was loaded again") && card.contains(row), "{card}");
}

#[test]
fn more_flips_than_are_allowed_are_an_error_and_the_export_before_stays() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    tokens(&sandbox, &["a", "b", "c"], 2000);
    sandbox.succeed(EXPORT);
    let before = files(&sandbox, "export");
    let line = format!("{EXPORT} --format onnx-int8 --tokens tokens --threads 1");
    let refused = sandbox.run(&format!("{line} --max-flips 0"));
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    let begin = "error: onnx-int8: ";
    let said = " of 2040 texts of the validation split are not what the model says, 0 are allowed (--max-flips); largest difference ";
    assert!(refused.stderr.contains(begin) && refused.stderr.contains(said), "{}", refused.stderr);
    assert!(refused.stderr.contains(": id ") && refused.stderr.contains(") became "), "{}", refused.stderr);
    assert!(refused.stderr.ends_with(". bert-export wrote nothing\n"), "{}", refused.stderr);
    assert_eq!(files(&sandbox, "export"), before);
    assert_eq!(sandbox.run(EXPORT).stderr, "bert-export: export is fresh\n");
    sandbox.succeed(&format!("{line} --max-flips 5%"));
    assert!(sandbox.path("export/hf/onnx/model_int8.onnx").exists());
}

#[test]
fn tokens_of_other_labels_or_of_another_tokenizer_are_refused() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    tokens(&sandbox, &["a", "b", "d"], 0);
    let problem = sandbox.refuse(&format!("{EXPORT} --tokens tokens"));
    assert!(problem.contains("the tokens have the labels (a, b, d), the model has the labels (a, b, c);"), "{problem}");
    assert_eq!(files(&sandbox, "export"), Vec::<String>::new());
    tokens(&sandbox, &[], 0);
    let problem = sandbox.refuse(&format!("{EXPORT} --tokens tokens"));
    assert!(problem.contains("the tokens have scores, the model has the labels (a, b, c);"), "{problem}");
}

#[test]
fn a_model_with_several_labels_a_text_is_compared_by_its_labels() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |config| config["problem_type"] = json!("multi_label_classification"));
    tokens(&sandbox, &["a", "b", "c"], 0);
    sandbox.succeed(&format!("{EXPORT} {ALL} --max-flips 10%"));
    let verification = json_file(&sandbox, "export/verification.json");
    assert_eq!((&verification["figure"], &verification["value"]), (&Value::Null, &Value::Null));
    assert_eq!(verification["formats"][2]["max_flips"], 4);
    let card = sandbox.text("export/hf/README.md");
    assert!(card.contains("A BERT that gives a text any of 3 labels: a, b, c."), "{card}");
    assert!(card.contains("function_to_apply=\"sigmoid\"") && card.contains("1 / (1 + np.exp(-logits))"), "{card}");
}
