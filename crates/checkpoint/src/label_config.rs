//! `config.json` of a trained classifier: that of the model it began with, without what speaks of another head.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::element::Element;
use crate::error::CheckpointError;
use crate::exported_keys::bring_to_what_is_taken;
use crate::json_text::parse_json_object;

/// The `config.json` at `path` as that of a classifier: architecture, label names and problem type set, what speaks of another
/// head and what Transformers does not take left out, all else kept.
///
/// One label name means regression.
///
/// # Errors
/// Fails when the file cannot be read or is not a JSON object.
pub fn label_config(path: &Path, label_names: &[String]) -> Result<Value, CheckpointError> {
    let mut config = read(path)?;
    let id2label: Map<String, Value> =
        label_names.iter().enumerate().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let label2id: Map<String, Value> =
        label_names.iter().enumerate().map(|(id, name)| (name.clone(), json!(id))).collect();
    let problem = if label_names.len() == 1 { "regression" } else { "single_label_classification" };
    config.insert("model_type".to_owned(), json!("bert"));
    config.insert("architectures".to_owned(), json!(["BertForSequenceClassification"]));
    config.insert("id2label".to_owned(), id2label.into());
    config.insert("label2id".to_owned(), label2id.into());
    config.insert("problem_type".to_owned(), json!(problem));
    config.insert("dtype".to_owned(), json!("float32"));
    for key in ["torch_dtype", "_name_or_path"] {
        config.remove(key);
    }
    bring_to_what_is_taken(&mut config);
    Ok(config.into())
}

/// The `config.json` at `path`, of a trained classifier, as it is given away, and what is other than in the file: `None` where
/// nothing is.
///
/// What speaks of another head and what Transformers does not take is left out, as runs of earlier programs have it, and
/// each of the `rates` that a run trained with stands where the file has another. `dtype` is that of the weights, where it is another
/// than in the run.
///
/// # Errors
/// Fails when the file cannot be read or is not a JSON object.
pub fn exported_config(
    path: &Path,
    rates: &[(&str, f64)],
    dtype: Option<Element>,
) -> Result<Option<ExportedConfig>, CheckpointError> {
    let mut config = read(path)?;
    let mut changed: Vec<String> = bring_to_what_is_taken(&mut config).into_iter().map(str::to_owned).collect();
    for &(key, rate) in rates {
        if config.get(key).and_then(Value::as_f64) != Some(rate) {
            config.insert(key.to_owned(), json!(rate));
            changed.push(key.to_owned());
        }
    }
    if let Some(dtype) = dtype {
        config.insert("dtype".to_owned(), json!(dtype.torch_name()));
        config.remove("torch_dtype"); // what Transformers 4 called it; it knows both
        changed.push("dtype".to_owned());
    }
    Ok((!changed.is_empty()).then(|| ExportedConfig { config: config.into(), changed }))
}

/// A config that is not that of its run.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedConfig {
    /// The whole of it.
    pub config: Value,
    /// The keys that are other than in the run.
    pub changed: Vec<String>,
}

fn read(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
    parse_json_object(&text).map_err(|problem| CheckpointError::Config { path: path.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    fn file(config: &Value) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create_new(folder.path().join("config.json")).unwrap();
        file.write_all(config.to_string().as_bytes()).unwrap();
        folder
    }

    #[test]
    fn nothing_of_another_head_stays() {
        let folder = file(&json!({
            "hidden_size": 12, "num_labels": 5, "_num_labels": 5, "finetuning_task": "mnli", "pruned_heads": {},
            "task_specific_params": null, "id2label": {"0": "x"}, "torch_dtype": "float16", "gradient_checkpointing": false
        }));
        let path = folder.path().join("config.json");
        let expected = json!({
            "hidden_size": 12, "gradient_checkpointing": false, "model_type": "bert", "dtype": "float32",
            "architectures": ["BertForSequenceClassification"], "problem_type": "single_label_classification",
            "id2label": {"0": "bad", "1": "good"}, "label2id": {"bad": 0, "good": 1}
        });
        assert_eq!(label_config(&path, &["bad".to_owned(), "good".to_owned()]).unwrap(), expected);
    }

    #[test]
    fn an_export_is_the_file_itself_unless_something_has_to_change() {
        let rates = [("hidden_dropout_prob", 0.2), ("classifier_dropout", 0.3)];
        let plain = file(&json!({"hidden_dropout_prob": 0.2, "classifier_dropout": 0.3, "id2label": {}}));
        assert_eq!(exported_config(&plain.path().join("config.json"), &rates, None).unwrap(), None);
        let other = file(&json!({"hidden_dropout_prob": 0.1, "classifier_dropout": null, "num_labels": 5}));
        let exported = exported_config(&other.path().join("config.json"), &rates, None).unwrap().unwrap();
        assert_eq!(exported.config, json!({"hidden_dropout_prob": 0.2, "classifier_dropout": 0.3}));
        assert_eq!(exported.changed, ["num_labels", "hidden_dropout_prob", "classifier_dropout"]);
        assert_eq!(exported_config(&plain.path().join("config.json"), &[], None).unwrap(), None);
        let bf16 = exported_config(&plain.path().join("config.json"), &rates, Some(Element::BF16)).unwrap().unwrap();
        assert_eq!((&bf16.config["dtype"], bf16.changed), (&json!("bfloat16"), vec!["dtype".to_owned()]));
    }

    #[test]
    fn a_file_that_is_no_object_is_named() {
        let folder = file(&json!([1]));
        let refusal = label_config(&folder.path().join("config.json"), &[]).unwrap_err().to_string();
        assert!(refusal.ends_with("config.json: it is a list; expected an object"), "{refusal}");
    }
}
