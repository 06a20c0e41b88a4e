//! The model card: what the model is, how it was made, how well it does, and from which bytes.

use std::fmt::Write;
use std::path::Path;

use checkpoint::ModelFolder;
use serde_json::Value;
use stage::{Manifest, bad_input};

/// The figures of one evaluation.
#[derive(Debug)]
pub(crate) struct Evaluated {
    split: String,
    metrics: Value,
}

impl Evaluated {
    /// Reads `metrics.json` of an evaluation; `None` where the split had no labels.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join("metrics.json");
        if !path.is_file() {
            return Ok(None);
        }
        let metrics: Value = serde_json::from_slice(&std::fs::read(&path)?)
            .map_err(|error| bad_input(anyhow::anyhow!("{} is damaged: {error}", path.display())))?;
        let split = metrics.get("split").and_then(Value::as_str).unwrap_or("?").to_owned();
        Ok(Some(Self { split, metrics }))
    }
}

/// The card as Markdown with the hub's front matter.
pub(crate) fn model_card(folder: &ModelFolder, trained: &Manifest, evaluated: &[Evaluated]) -> String {
    let config = &folder.config;
    let names: Vec<&str> = config.id2label.iter().flat_map(|names| names.values()).map(String::as_str).collect();
    let kind = if names.len() == 1 { "A regression model" } else { "A sentiment classifier" };
    let mut card = String::from(
        "---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags:\n- bert\n- sentiment-analysis\n---\n\n",
    );
    let n_parameters = config.n_parameters(names.len()) as f64 / 1e6;
    // Writing to a string cannot fail.
    let _ = writeln!(card, "# {kind} on BERT\n");
    let _ = writeln!(
        card,
        "{} layers, hidden size {}, {n_parameters:.1} M parameters. Outputs: {}.\n",
        config.num_hidden_layers,
        config.hidden_size,
        names.join(", ")
    );
    card.push_str(&results(evaluated));
    card.push_str(&training(trained));
    card.push_str(&provenance(trained));
    card
}

fn results(evaluated: &[Evaluated]) -> String {
    if evaluated.is_empty() {
        return String::new();
    }
    let figure = |metrics: &Value, pointer: &str| {
        metrics.pointer(pointer).and_then(Value::as_f64).map_or("".to_owned(), |figure| format!("{figure:.4}"))
    };
    let mut text = String::from(
        "## Results\n\n| split | n | accuracy | 95 % interval | precision | recall | F1 (weighted) | loss |\n|---|---|---|---|---|---|---|---|\n",
    );
    for Evaluated { split, metrics } in evaluated {
        let disclaimer =
            metrics.get("remark").and_then(Value::as_str).map_or(String::new(), |disclaimer| format!(" ({disclaimer})"));
        let n = metrics.get("n").and_then(Value::as_u64).unwrap_or_default();
        let get = |pointer: &str| figure(metrics, pointer);
        let _ = writeln!(
            text,
            "| {split}{disclaimer} | {n} | {} | {} to {} | {} | {} | {} | {} |",
            get("/accuracy"),
            get("/intervals/accuracy/low"),
            get("/intervals/accuracy/high"),
            get("/weighted/precision"),
            get("/weighted/recall"),
            get("/weighted/f1"),
            get("/loss"),
        );
    }
    text.push('\n');
    text
}

fn training(trained: &Manifest) -> String {
    let mut text = String::from("## Training\n\n| argument | value |\n|---|---|\n");
    for (name, value) in trained.plan.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(text, "| `{name}` | {value} |");
    }
    text.push('\n');
    text
}

fn provenance(trained: &Manifest) -> String {
    let mut text = String::from("## Made from\n\n| file | bytes | SHA-256 |\n|---|---|---|\n");
    for (role, fingerprint) in &trained.inputs {
        let _ = writeln!(text, "| {role} | {} | `{}` |", fingerprint.bytes, fingerprint.sha256);
    }
    let _ = writeln!(text, "\nWritten by {} (version {}); key `{}`.", trained.stage, trained.version, trained.key);
    text
}
