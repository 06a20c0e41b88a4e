//! The validation split under the weights of the moment.

use anyhow::Context;
use bert::{Model, infer};
use corpus::tokens::{Labels, TokenSet};
use metrics::{Classification, ConfusionMatrix, Regression};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor, no_grad};

use crate::settings::{BestModelCriterion, Metric};
use crate::training::loss::Objective;

/// Figures of one evaluation; those of scores and those of classes exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Evaluation {
    /// The training objective: the mean over the sentences.
    pub(crate) eval_loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_accuracy: Option<f64>,
    /// Weighted by support, as recall and F1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_precision: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_recall: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_f1: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_f1_macro: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_mcc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_mse: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_pearson: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_spearman: Option<f64>,
}

impl Evaluation {
    /// The figure that chooses the best checkpoint; a correlation that is not defined counts as none, 0.
    pub(crate) fn value(&self, metric: Metric) -> f64 {
        let value = match metric {
            Metric::Loss => Some(self.eval_loss),
            Metric::Accuracy => self.eval_accuracy,
            Metric::Precision => self.eval_precision,
            Metric::Recall => self.eval_recall,
            Metric::F1 => self.eval_f1,
            Metric::F1Macro => self.eval_f1_macro,
            Metric::Mcc => self.eval_mcc,
            Metric::Mse => self.eval_mse,
            Metric::Pearson => self.eval_pearson,
            Metric::Spearman => self.eval_spearman,
        };
        value.unwrap_or(0.0)
    }

    /// The same, turned so that more is better.
    pub(crate) fn merit(&self, judge: BestModelCriterion) -> f64 {
        let value = self.value(judge.metric);
        if judge.greater_is_better { value } else { -value }
    }
}

/// Evaluates `model` on `set`, every row of which has a label.
pub(crate) fn evaluate(
    model: &Model,
    set: &TokenSet,
    n_outputs: usize,
    objective: &Objective,
    device: Device,
) -> anyhow::Result<Evaluation> {
    let sentences: Vec<&[i32]> = (0..set.len()).map(|row| set.input_ids(row)).collect();
    let logits = infer(model, &sentences, n_outputs, device, |_| ())?;
    let rows: Vec<usize> = (0..set.len()).collect();
    let table = Tensor::from_slice(&logits).view([-1, n_outputs as i64]);
    let eval_loss = no_grad(|| objective.on_cpu().mean(&table, &set.labels, &rows)).f_double_value(&[])?;
    let figures = match &set.labels {
        Labels::Classes(labels) => of_classes(labels, &logits, set, n_outputs),
        Labels::Scores(scores) => of_scores(scores, &logits),
    };
    Ok(Evaluation { eval_loss, ..figures.context("the validation split cannot be evaluated")? })
}

fn of_classes(labels: &[Option<i32>], logits: &[f32], set: &TokenSet, n_outputs: usize) -> anyhow::Result<Evaluation> {
    let labels: Vec<usize> = labels.iter().flatten().map(|&label| label as usize).collect();
    let predictions: Vec<usize> = logits.chunks(n_outputs).map(bert::argmax).collect();
    let figures = Classification::new(&ConfusionMatrix::new(&labels, &predictions, &set.metadata.label_names)?);
    Ok(Evaluation {
        eval_accuracy: Some(figures.accuracy),
        eval_precision: Some(figures.weighted.precision),
        eval_recall: Some(figures.weighted.recall),
        eval_f1: Some(figures.weighted.f1),
        eval_f1_macro: Some(figures.macro_.f1),
        eval_mcc: Some(figures.mcc),
        ..Evaluation::default()
    })
}

fn of_scores(scores: &[Option<f32>], predictions: &[f32]) -> anyhow::Result<Evaluation> {
    let targets: Vec<f64> = scores.iter().flatten().map(|&score| f64::from(score)).collect();
    let predictions: Vec<f64> = predictions.iter().map(|&score| f64::from(score)).collect();
    let figures = Regression::new(&targets, &predictions)?;
    Ok(Evaluation {
        eval_mse: Some(figures.mse),
        eval_pearson: figures.pearson,
        eval_spearman: figures.spearman,
        ..Evaluation::default()
    })
}
