//! Model card: what the model is, its metrics, its training arguments, and the files it was made from, as Markdown with
//! the front matter of the Hugging Face Hub.
//!
//! The metrics are typed, so a card never has an empty cell: what `metrics.json` lacks is an error of its reader.

use std::fmt::Write;

use checkpoint::ModelFolder;
use run_files::metrics_json::{ClassMetrics, EvaluatedSplit, Metrics, ScoreMetrics};
use stage::Manifest;

const FRONT_MATTER: &str = "\
---
library_name: transformers
pipeline_tag: text-classification
tags:
- bert
- sentiment-analysis
---
";

/// The whole card; `trained` is the manifest of `bert-finetune`.
pub(crate) fn markdown(folder: &ModelFolder, trained: &Manifest, metrics: &[Metrics]) -> String {
    let config = &folder.config;
    let names: Vec<&str> = config.id2label.iter().flat_map(|names| names.values()).map(String::as_str).collect();
    let title = if names.len() == 1 { "A regression model on BERT" } else { "A sentiment classifier on BERT" };
    let description = format!(
        "{} layers, hidden size {}, {:.1} M parameters. Outputs: {}.",
        config.num_hidden_layers,
        config.hidden_size,
        config.n_parameters(names.len()) as f64 / 1e6,
        names.join(", ")
    );
    [
        format!("{FRONT_MATTER}\n# {title}\n\n{description}\n\n"),
        results(metrics),
        training(trained),
        provenance(trained),
    ]
    .concat()
}

fn results(metrics: &[Metrics]) -> String {
    let mut classes = String::new();
    let mut scores = String::new();
    for metrics in metrics {
        match metrics {
            Metrics::Classes(metrics) => classes += &class_row(metrics),
            Metrics::Scores(metrics) => scores += &score_row(metrics),
        }
    }
    let mut text = String::new();
    for (head, rows) in [(CLASS_HEAD, classes), (SCORE_HEAD, scores)] {
        if !rows.is_empty() {
            text += &format!("## Results\n\n{head}{rows}\n");
        }
    }
    text
}

const CLASS_HEAD: &str = "\
| split | n | accuracy | 95 % interval | precision | recall | F1 (weighted) | loss |
|---|---|---|---|---|---|---|---|
";
const SCORE_HEAD: &str = "\
| split | n | MSE | MAE | Pearson | Spearman | R² |
|---|---|---|---|---|---|---|
";

fn class_row(metrics: &ClassMetrics) -> String {
    let (figures, interval) = (&metrics.classification, &metrics.intervals.accuracy);
    format!(
        "| {} | {} | {:.4} | {:.4} to {:.4} | {:.4} | {:.4} | {:.4} | {:.4} |\n",
        split(&metrics.evaluated),
        figures.n,
        figures.accuracy,
        interval.low,
        interval.high,
        figures.weighted.precision,
        figures.weighted.recall,
        figures.weighted.f1,
        metrics.loss
    )
}

fn score_row(metrics: &ScoreMetrics) -> String {
    let figures = &metrics.regression;
    let defined = |figure: Option<f64>| figure.map_or("undefined".to_owned(), |figure| format!("{figure:.4}"));
    format!(
        "| {} | {} | {:.4} | {:.4} | {} | {} | {} |\n",
        split(&metrics.evaluated),
        figures.n,
        figures.mse,
        figures.mae,
        defined(figures.pearson),
        defined(figures.spearman),
        defined(figures.r2)
    )
}

fn split(evaluated: &EvaluatedSplit) -> String {
    let disclaimer = evaluated.disclaimer.as_ref().map_or(String::new(), |text| format!(" ({text})"));
    format!("{}{disclaimer}", evaluated.split)
}

fn training(trained: &Manifest) -> String {
    let mut text = String::from("## Training\n\n| argument | value |\n|---|---|\n");
    for (name, value) in trained.plan.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(text, "| `{name}` | {value} |"); // writing to a string cannot fail
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

#[cfg(test)]
mod tests {
    use metrics::Regression;

    use super::*;

    #[test]
    fn a_correlation_that_is_not_defined_is_said_to_be_so() {
        let evaluated =
            EvaluatedSplit { dataset: "sst".to_owned(), split: "test".to_owned(), rows: 2, disclaimer: None };
        let regression = Regression { n: 2, mse: 0.25, mae: 0.5, pearson: None, spearman: Some(0.5), r2: Some(0.0) };
        let metrics = ScoreMetrics {
            evaluated,
            loss: 0.25,
            regression,
            five_class_accuracy: None,
            intervals: std::collections::BTreeMap::new(),
            reasons: run_files::metrics_json::Reasons::default(),
        };
        let card = results(&[Metrics::Scores(Box::new(metrics))]);
        assert!(card.starts_with("## Results\n\n| split | n | MSE |"), "{card}");
        assert!(card.ends_with("| test | 2 | 0.2500 | 0.5000 | undefined | 0.5000 | 0.0000 |\n\n"), "{card}");
        assert_eq!(results(&[]), "");
    }
}
