//! Rows on which evaluations disagree: `disagreements.jsonl`.

use run_files::predictions::{Outcomes, Predictions};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::evaluations::{Evaluated, Evaluation};

/// A row for which not all predict the same class; of a regression, one of those that lie farthest apart.
#[derive(Debug, Serialize)]
pub(crate) struct Disagreement {
    pub(crate) id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    pub(crate) label: Value,
    /// By the names of the evaluations.
    pub(crate) predictions: Map<String, Value>,
}

/// Of a regression so many rows are listed.
const MAX_SCORES: usize = 1000;

/// All rows of classifiers that disagree, in their order; of regressions those with the largest range, the largest first.
pub(crate) fn disagreements(evaluations: &[Evaluation], read: &[Evaluated]) -> Vec<Disagreement> {
    let all: Vec<&Predictions> = read.iter().map(|evaluated| &evaluated.predictions).collect();
    let texts = read.iter().find_map(|evaluated| {
        let index = evaluated.text_columns.names.iter().position(|name| name == "text")?;
        evaluated.text_columns.values.get(index)
    });
    let rows = match &all[0].outcomes {
        Outcomes::Classes { .. } => {
            (0..all[0].len()).filter(|&row| all.iter().any(|other| class(other, row) != class(all[0], row))).collect()
        }
        Outcomes::Scores { .. } => farthest_apart(&all),
    };
    let disagreement = |row: usize| Disagreement {
        id: all[0].ids[row],
        text: texts.and_then(|texts| texts.get(row)?.clone()),
        label: label(all[0], row),
        predictions: evaluations
            .iter()
            .zip(&all)
            .map(|(evaluation, predictions)| (evaluation.name.clone(), prediction(predictions, row)))
            .collect(),
    };
    rows.into_iter().map(disagreement).collect()
}

fn class(predictions: &Predictions, row: usize) -> Option<i32> {
    match &predictions.outcomes {
        Outcomes::Classes { predictions, .. } => predictions.get(row).copied(),
        Outcomes::Scores { .. } => None,
    }
}

fn score(predictions: &Predictions, row: usize) -> f32 {
    match &predictions.outcomes {
        Outcomes::Scores { predictions, .. } => predictions.get(row).copied().unwrap_or(f32::NAN),
        Outcomes::Classes { .. } => f32::NAN,
    }
}

fn farthest_apart(all: &[&Predictions]) -> Vec<usize> {
    let range = |row: usize| {
        let scores = || all.iter().map(|predictions| score(predictions, row));
        scores().fold(f32::MIN, f32::max) - scores().fold(f32::MAX, f32::min)
    };
    let mut rows: Vec<(usize, f32)> = (0..all[0].len()).map(|row| (row, range(row))).collect();
    rows.retain(|&(_, range)| range > 0.0);
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.truncate(MAX_SCORES);
    rows.into_iter().map(|(row, _)| row).collect()
}

fn label(predictions: &Predictions, row: usize) -> Value {
    match &predictions.outcomes {
        Outcomes::Classes { labels, .. } => {
            labels[row].map_or(Value::Null, |label| predictions.label_names[label as usize].clone().into())
        }
        Outcomes::Scores { labels, .. } => labels[row].map_or(Value::Null, Value::from),
    }
}

fn prediction(predictions: &Predictions, row: usize) -> Value {
    match class(predictions, row) {
        Some(class) => predictions.label_names[class as usize].clone().into(),
        None => score(predictions, row).into(),
    }
}
