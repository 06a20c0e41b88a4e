//! Front matter: the YAML by which the hub finds a model, with its figures as `model-index`
//! (<https://github.com/huggingface/hub-docs/blob/main/modelcard.md>). Texts are quoted as in JSON, which YAML reads as they are.

use std::fmt::Write;

use checkpoint::OutputKind;
use run_files::metrics_json::Metrics;
use serde_json::Value;
use stage::List;

use crate::card_facts::Card;
use crate::inputs::Evaluated;

/// Datasets of this project that are about sentiment.
const SENTIMENT: [&str; 3] = ["sample", "sst", "glue-sst2"];

pub(super) fn front_matter(card: &Card<'_>) -> String {
    let mut lines = vec!["---".to_owned(), "library_name: transformers".to_owned()];
    lines.push("pipeline_tag: text-classification".to_owned());
    lines.extend(card.args.card.license.as_deref().map(|license| format!("license: {}", quoted(license))));
    let list = |key: &str, items: &[String]| format!("{key}:\n- {}", items.join("\n- "));
    lines.extend(card.args.card.language.as_ref().map(List::items).map(|codes| list("language", &all_quoted(codes))));
    lines.push(list("tags", &tags(card)));
    lines.extend(card.dataset_on_hub().map(|id| list("datasets", &[quoted(id)])));
    lines.extend(card.base_model().map(|(id, _)| format!("base_model: {}", quoted(id))));
    if !card.evaluated.is_empty() {
        let metrics: &[&str] = if card.kind() == OutputKind::Score {
            &["mse", "mae", "pearsonr", "spearmanr"]
        } else {
            &["accuracy", "f1"]
        };
        lines.push(list("metrics", &metrics.iter().map(|&metric| metric.to_owned()).collect::<Vec<_>>()));
        lines.push(model_index(card));
    }
    lines.push("---\n\n".to_owned());
    lines.join("\n")
}

fn tags(card: &Card<'_>) -> Vec<String> {
    let mut tags = vec!["bert"];
    if card.dataset().is_some_and(|dataset| SENTIMENT.contains(&dataset)) {
        tags.push("sentiment-analysis");
    }
    match card.kind() {
        OutputKind::Score => tags.push("regression"),
        OutputKind::Class => {}
        OutputKind::Labels => tags.push("multi-label-classification"),
    }
    if card.args.format.list().iter().any(|format| format.products().is_some()) {
        tags.push("onnx");
    }
    tags.into_iter().map(str::to_owned).collect()
}

fn model_index(card: &Card<'_>) -> String {
    let mut text = format!("model-index:\n- name: {}\n  results:", quoted(&card.name()));
    for evaluated in card.evaluated {
        let of = evaluated.metrics.evaluated();
        let dataset = quoted(&of.dataset);
        text += "\n  - task:\n      type: text-classification\n      name: Text Classification";
        let _ = write!(text, "\n    dataset:\n      type: {dataset}\n      name: {dataset}\n      split: {}", of.split);
        text += "\n    metrics:";
        for (kind, name, value) in figures(evaluated) {
            let value = Value::from(value); // writing to a string cannot fail
            let _ = write!(text, "\n    - type: {kind}\n      name: {name}\n      value: {value}");
        }
    }
    text
}

/// The figures that are defined: the hub's id of the metric, a name, and the value.
fn figures(Evaluated { metrics, calibrated, .. }: &Evaluated) -> Vec<(&'static str, &'static str, f64)> {
    let all = match metrics {
        Metrics::Classes(metrics) => {
            let figures = &metrics.classification;
            vec![
                ("accuracy", "Accuracy", Some(figures.accuracy)),
                ("f1", "F1 (macro)", Some(figures.macro_.f1)),
                ("f1", "F1 (weighted)", Some(figures.weighted.f1)),
                ("loss", if *calibrated { "Loss (with the temperature)" } else { "Loss" }, Some(metrics.loss)),
            ]
        }
        Metrics::Scores(metrics) => {
            let figures = &metrics.regression;
            vec![
                ("mse", "MSE", Some(figures.mse)),
                ("mae", "MAE", Some(figures.mae)),
                ("pearsonr", "Pearson", figures.pearson),
                ("spearmanr", "Spearman", figures.spearman),
            ]
        }
    };
    all.into_iter().filter_map(|(kind, name, value)| Some((kind, name, value?))).collect()
}

fn all_quoted(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| quoted(text)).collect()
}

/// A text as YAML reads it back, whatever is in it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
