//! Figures, intervals and tests as JSON, for comparison with the reference implementations (`tests/reference/test_figures.py`).
//!
//! One JSON object a line on stdin: `{"labels", "predictions", "probabilities", "n_classes"}`, with `"second"` (another
//! model's `predictions` and `probabilities`) for a comparison, or a `"task"`, `label_issues` or `calibration`; `{"targets", "scores"}`; `{"mcnemar": [b, c]}`;
//! `{"holm": [..]}`. One object a line on stdout.

use metrics::{
    ClassEvaluation, ClassRows, Difference, Estimate, Figure, McNemar, Probabilities, Reason, Score, ScoreFigure,
    ScoreRows, find_label_issues, fit_temperature, holm, paired_difference, precision_recall_curve, reliability,
    roc_curve, score_estimate,
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in std::io::stdin().lines() {
        println!("{}", answer(&serde_json::from_str(&line?)?)?);
    }
    Ok(())
}

fn answer(request: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    if let Some(p_values) = request.get("holm") {
        return Ok(json!(holm(&numbers(p_values))));
    }
    if let Some(counts) = request.get("mcnemar") {
        return Ok(json!(McNemar::new(counts[0].as_u64().unwrap_or(0), counts[1].as_u64().unwrap_or(0))));
    }
    if let Some(targets) = request.get("targets") {
        let (targets, scores) = (numbers(targets), numbers(&request["scores"]));
        let rows = ScoreRows::new(&targets, &scores)?;
        let figures =
            ScoreFigure::ALL.iter().map(|&figure| (figure.name().to_owned(), of(score_estimate(figure, rows))));
        return Ok(figures.collect::<serde_json::Map<_, _>>().into());
    }
    let labels = indices(&request["labels"]);
    let n_classes = request["n_classes"].as_u64().unwrap_or(0) as usize;
    let (predictions, values) = (indices(&request["predictions"]), numbers(&request["probabilities"]));
    let first = ClassEvaluation::new(ClassRows::new(&labels, &predictions, Probabilities::new(&values, n_classes)?)?);
    let mut figures: Vec<(String, Figure)> =
        Figure::all(n_classes, true).into_iter().map(|figure| (figure.name(), figure)).collect();
    for class in 0..n_classes {
        let of_class = [Score::Precision, Score::Recall, Score::F1].map(|score| Figure::OfClass(score, class));
        figures.extend(of_class.map(|figure| (format!("{}.{class}", figure.name()), figure)));
    }
    if request["task"] == "label_issues" {
        return Ok(json!(find_label_issues(&labels, Probabilities::new(&values, n_classes)?)?));
    }
    if request["task"] == "calibration" {
        return calibration(&first);
    }
    let second = &request["second"];
    if second.is_object() {
        let (predictions, values) = (indices(&second["predictions"]), numbers(&second["probabilities"]));
        let second = ClassRows::new(&labels, &predictions, Probabilities::new(&values, n_classes)?)?;
        let second = ClassEvaluation::new(second);
        let differences =
            figures.into_iter().map(|(name, figure)| (name, difference(paired_difference(figure, &first, &second))));
        return Ok(differences.collect::<serde_json::Map<_, _>>().into());
    }
    let figures = figures.into_iter().map(|(name, figure)| (name, of(first.estimate(figure))));
    Ok(figures.collect::<serde_json::Map<_, _>>().into())
}

fn calibration(evaluation: &ClassEvaluation) -> Result<Value, Box<dyn std::error::Error>> {
    let rows = evaluation.rows();
    let logits: Vec<f32> = rows.probabilities().rows().flatten().map(|p| p.ln() as f32).collect();
    Ok(json!({
        "reliability": reliability(rows.labels(), rows.probabilities(), 15),
        "temperature": fit_temperature(rows.labels(), &logits, rows.n_classes())?,
        "roc": roc_curve(rows, 1, 500)?,
        "precision_recall": precision_recall_curve(rows, 1, 500)?,
    }))
}

fn of(estimate: Result<Estimate, Reason>) -> Value {
    match estimate {
        Ok(estimate) => match estimate.interval() {
            Ok(interval) => json!({ "value": estimate.value, "interval": interval }),
            Err(reason) => json!({ "value": estimate.value, "no_interval": reason }),
        },
        Err(reason) => json!({ "value": null, "undefined": reason }),
    }
}

fn difference(difference: Result<Difference, Reason>) -> Value {
    difference.map_or_else(|reason| json!({ "undefined": reason }), |difference| json!(difference))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    value.as_array().into_iter().flatten().filter_map(Value::as_u64).map(|index| index as usize).collect()
}
