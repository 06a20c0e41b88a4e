//! Baseline: TF-IDF with logistic or ridge regression, trained on the texts that the model was trained on; what a figure has to
//! stand beside. `baseline.json`.

use std::ops::ControlFlow;

use baseline::{Baseline, RidgeBaseline};
use corpus::raw::RawReader;
use corpus::tokens::{Labels, TokensReader};
use metrics::{ClassEvaluation, ClassRows, Difference, Figure, McNemar, ScoreFigure, ScoreRows};
use metrics::{paired_difference, paired_score_difference};
use run_files::metrics_json::Metrics;
use serde::Serialize;
use stage::ensure_input;

use super::inference::PART;
use super::inputs::Raw;
use super::score::score;
use crate::labeled::{Labeled, LabeledClasses};

/// The baseline beside the model.
#[derive(Debug, Serialize)]
pub(crate) struct BaselineReport {
    pub(crate) method: &'static str,
    /// Texts that it was trained on.
    pub(crate) n_train: usize,
    pub(crate) metrics: Metrics,
    /// By how much the model's accuracy, or its mean squared error, is larger.
    pub(crate) difference: Option<Difference>,
    /// Of classifiers: who is right where the other is not, the baseline first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mcnemar: Option<McNemar>,
}

impl BaselineReport {
    /// Its accuracy, or its mean squared error.
    pub(crate) fn headline(&self) -> f64 {
        match &self.metrics {
            Metrics::Classes(metrics) => metrics.classification.accuracy,
            Metrics::Scores(metrics) => metrics.regression.mse,
        }
    }
}

/// What a baseline is trained for: the texts of the train split that have a target.
pub(crate) struct TrainTargets {
    ids: Vec<i64>,
    targets: Labels,
}

/// Trains a baseline on the texts and targets of the train split, and evaluates it on the rows of `labeled`, whose ids are `ids` of
/// all predictions.
///
/// # Errors
/// Fails when a text cannot be read.
pub(crate) fn baseline_report(
    raw: &Raw,
    train_targets: TrainTargets,
    ids: &[i64],
    labeled: &Labeled,
    metrics: &Metrics,
) -> anyhow::Result<Option<BaselineReport>> {
    let Some(train) = &raw.train else { return Ok(None) };
    let TrainTargets { ids: train_ids, targets } = train_targets;
    let train_texts = texts(raw, &RawReader::open(train)?, &train_ids)?;
    let labeled_ids: Vec<i64> = labeled.rows().iter().map(|&row| ids[row]).collect();
    let split_texts = texts(raw, &RawReader::open(&raw.split)?, &labeled_ids)?;
    let n_train = train_texts.len();
    let evaluated = metrics.evaluated().clone();
    Ok(Some(match (labeled, targets) {
        (Labeled::Classes(classes), Labels::Classes(targets)) => {
            let targets: Vec<usize> = targets.into_iter().flatten().map(|class| class as usize).collect();
            let names = classes.label_names;
            let baseline = Baseline::fit(&train_texts, &targets, names.len())?;
            let of_baseline = classes.with_probabilities(baseline.predict_proba(&split_texts));
            let (difference, mcnemar) = class_difference(&of_baseline, classes)?;
            BaselineReport {
                method: "TF-IDF of words with logistic regression (L2, C = 1), as scikit-learn's defaults",
                n_train,
                metrics: score(&Labeled::Classes(of_baseline), evaluated)?,
                difference,
                mcnemar: Some(mcnemar),
            }
        }
        (Labeled::Scores(scores), Labels::Scores(targets)) => {
            let targets: Vec<f64> = targets.into_iter().flatten().map(f64::from).collect();
            let baseline = RidgeBaseline::fit(&train_texts, &targets)?;
            let of_baseline = scores.with_predictions(baseline.predict(&split_texts));
            let rows: [ScoreRows; 2] = [of_baseline.score_rows()?, scores.score_rows()?];
            BaselineReport {
                method: "TF-IDF of words with ridge regression (alpha = 1), as scikit-learn's defaults",
                n_train,
                difference: paired_score_difference(ScoreFigure::Mse, rows[0], rows[1]).ok(),
                metrics: score(&Labeled::Scores(of_baseline), evaluated)?,
                mcnemar: None,
            }
        }
        _ => return Ok(None), // a token file of another task is refused before
    }))
}

fn class_difference(
    baseline: &LabeledClasses,
    model: &LabeledClasses,
) -> anyhow::Result<(Option<Difference>, McNemar)> {
    let (first, second): (ClassRows, ClassRows) = (baseline.class_rows()?, model.class_rows()?);
    let mcnemar = McNemar::of_predictions(first.labels(), first.predictions(), second.predictions());
    let evaluations = [ClassEvaluation::new(first), ClassEvaluation::new(second)];
    Ok((paired_difference(Figure::Accuracy, &evaluations[0], &evaluations[1]).ok(), mcnemar))
}

/// The ids and targets of the texts of the train split; `None` where no baseline was requested.
///
/// # Errors
/// Fails when the split cannot be read or has no labels.
pub(crate) fn train_targets(raw: &Raw) -> anyhow::Result<Option<TrainTargets>> {
    let Some(tokens) = &raw.train_tokens else { return Ok(None) };
    let (mut ids, mut classes, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    TokensReader::open(tokens)?.for_each_part(PART, &mut |part| {
        let labeled = part.labeled();
        let rows = labeled.first_rows();
        ids.extend(rows.iter().map(|&row| labeled.ids[row]));
        match labeled.labels.of_rows(rows) {
            Labels::Classes(of_part) => classes.extend(of_part),
            Labels::Scores(of_part) => scores.extend(of_part),
        }
        ControlFlow::Continue(())
    })?;
    ensure_input!(!ids.is_empty(), "--baseline: the train split has no labels");
    let targets = if scores.is_empty() { Labels::Classes(classes) } else { Labels::Scores(scores) };
    Ok(Some(TrainTargets { ids, targets }))
}

/// The texts with these ascending ids.
fn texts(raw: &Raw, reader: &RawReader, ids: &[i64]) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::with_capacity(ids.len());
    raw.texts.for_each(reader, ids, &mut |_, record| {
        texts.push(record.text);
        Ok(())
    })?;
    Ok(texts)
}
