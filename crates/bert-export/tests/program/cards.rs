//! What the model card tells, and that it tells nothing that nobody said.

use serde_json::json;
use testkit::Sandbox;

use crate::common::{EXPORT, run, tokens};

#[test]
fn what_is_not_known_is_left_out() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({"learning_rate": 0.5, "seed": null}), |_| ());
    sandbox.succeed(EXPORT);
    let card = sandbox.text("export/hf/README.md");
    let head = "---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags:\n- bert\n---\n\n# bert\n\n\
                A BERT that gives a text one of 3 labels: a, b, c. 2 layers, hidden size 30, 16,831 parameters.\n\n## How to use it\n";
    assert!(card.starts_with(head), "{card}");
    for unknown in [
        "license",
        "language",
        "datasets",
        "base_model",
        "model-index",
        "Results",
        "onnx",
        "text-embeddings",
        "Texts were",
    ] {
        assert!(!card.contains(unknown), "{unknown}: {card}");
    }
    assert!(card.contains("exported without `--tokens`") && card.contains("| `learning_rate` | 0.5 |\n\n"), "{card}");
}

#[test]
fn what_is_given_is_told_so_that_yaml_reads_it() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    tokens(&sandbox, &["a", "b", "c"], 0);
    let mut export =
        sandbox.command(&format!("{EXPORT} --format hf,onnx --tokens tokens --license mit --language en,de"));
    let outcome = testkit::outcome(export.args(["--model-name", "tone: \"gruff\""]));
    outcome.assert_success("export");
    let card = sandbox.text("export/hf/README.md");
    let head = "---\nlibrary_name: transformers\npipeline_tag: text-classification\nlicense: \"mit\"\nlanguage:\n- \"en\"\n- \"de\"\n\
                tags:\n- bert\n- onnx\ndatasets:\n- \"OWNER/NAME\"\n---\n\n# tone: \"gruff\"\n\n";
    assert!(card.starts_with(head), "{card}");
    assert!(
        card.contains("Trained on the dataset [OWNER/NAME](https://huggingface.co/datasets/OWNER/NAME)."),
        "{card}"
    );
    assert!(card.contains("session = onnxruntime.InferenceSession(\"PATH/onnx/model.onnx\")"), "{card}");
}
