//! Results: the figures of the evaluations with their intervals, and the precision in which the model was computed.

use std::collections::BTreeMap;

use metrics::Interval;
use run_files::metrics_json::{ClassMetrics, EvaluatedSplit, Metrics, ScoreMetrics};

use crate::inputs::Evaluated;

const CLASS_HEAD: &str = "\
| split | n | accuracy | F1 (macro) | F1 (weighted) | loss | computed in |
|---|---|---|---|---|---|---|
";
const SCORE_HEAD: &str = "\
| split | n | MSE | MAE | Pearson | Spearman | R² | computed in |
|---|---|---|---|---|---|---|---|
";

pub(super) fn results(evaluated: &[Evaluated]) -> String {
    let (mut classes, mut scores) = (String::new(), String::new());
    for Evaluated { metrics, precision, calibrated } in evaluated {
        let precision = precision.as_deref().unwrap_or("not known");
        match metrics {
            Metrics::Classes(metrics) => classes += &class_row(metrics, *calibrated, precision),
            Metrics::Scores(metrics) => scores += &score_row(metrics, precision),
        }
    }
    let mut text = String::new();
    for (head, rows) in [(CLASS_HEAD, classes), (SCORE_HEAD, scores)] {
        if !rows.is_empty() {
            text += &format!("## Results\n\nIn parentheses: 95 % intervals.\n\n{head}{rows}\n");
        }
    }
    text
}

fn class_row(metrics: &ClassMetrics, calibrated: bool, precision: &str) -> String {
    let (figures, intervals) = (&metrics.classification, &metrics.intervals);
    let cells = [
        split(&metrics.evaluated),
        figures.n.to_string(),
        cell(Some(figures.accuracy), Some(intervals.accuracy)),
        cell(Some(figures.macro_.f1), intervals.f1.macro_),
        cell(Some(figures.weighted.f1), intervals.f1.weighted),
        cell(Some(metrics.loss), intervals.more.get("loss").copied())
            + if calibrated { " with the temperature" } else { "" },
        precision.to_owned(),
    ];
    row(&cells)
}

fn score_row(metrics: &ScoreMetrics, precision: &str) -> String {
    let ScoreMetrics { regression: figures, intervals, .. } = metrics;
    let interval = |name: &str, intervals: &BTreeMap<String, Interval>| intervals.get(name).copied();
    let cells = [
        split(&metrics.evaluated),
        figures.n.to_string(),
        cell(Some(figures.mse), interval("mse", intervals)),
        cell(Some(figures.mae), interval("mae", intervals)),
        cell(figures.pearson, interval("pearson", intervals)),
        cell(figures.spearman, interval("spearman", intervals)),
        cell(figures.r2, interval("r2", intervals)),
        precision.to_owned(),
    ];
    row(&cells)
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn cell(figure: Option<f64>, interval: Option<Interval>) -> String {
    match (figure, interval) {
        (None, _) => "undefined".to_owned(),
        (Some(figure), None) => format!("{figure:.4}"),
        (Some(figure), Some(Interval { low, high })) => format!("{figure:.4} ({low:.4} to {high:.4})"),
    }
}

fn split(evaluated: &EvaluatedSplit) -> String {
    let disclaimer = evaluated.disclaimer.as_ref().map_or(String::new(), |text| format!(" ({text})"));
    format!("{}{disclaimer}", evaluated.split)
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
            intervals: BTreeMap::from([("mse".to_owned(), Interval { low: 0.125, high: 0.375 })]),
            reasons: run_files::metrics_json::Reasons::default(),
        };
        let evaluated = Evaluated {
            metrics: Metrics::Scores(Box::new(metrics)),
            precision: Some("bf16".to_owned()),
            calibrated: false,
        };
        let card = results(&[evaluated]);
        assert!(card.contains("| split | n | MSE |"), "{card}");
        let row = "| test | 2 | 0.2500 (0.1250 to 0.3750) | 0.5000 | undefined | 0.5000 | 0.0000 | bf16 |\n\n";
        assert!(card.ends_with(row), "{card}");
        assert_eq!(results(&[]), "");
    }
}
