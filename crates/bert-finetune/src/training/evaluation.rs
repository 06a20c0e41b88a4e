//! Evaluation of the validation split during training: loss, accuracy, precision, recall, F1 and MCC, or the errors and
//! correlations of scores; of texts that are read in windows, by the mean of their windows' logits. In: the model with its current weights. Out: the figures that `log.jsonl` holds.

use anyhow::Context;
use bert::{Model, Part, WindowPooling, infer_part};
use corpus::tokens::{Labels, TokenSet};
use metrics::{Classification, ConfusionMatrix, Regression};
use run_files::log::Evaluation;
use tch::{Tensor, no_grad};

use crate::processes::Team;
use crate::training::loss::Objective;

/// Who evaluates, and by what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) objective: &'a Objective,
    /// The processes that share the work; `None` for one alone.
    pub(crate) team: Option<&'a Team>,
}

/// Evaluates `model` on `set`, every row of which has a label.
pub(crate) fn evaluate(
    model: &Model,
    set: &TokenSet,
    n_outputs: usize,
    by: Evaluator<'_>,
) -> anyhow::Result<Evaluation> {
    let Evaluator { objective, team } = by;
    let sentences: Vec<&[i32]> = (0..set.len()).map(|row| set.input_ids(row)).collect();
    let part = team.map_or(Part { index: 0, of: 1 }, |team| Part { index: team.rank(), of: team.size() });
    let mut logits = infer_part(model, &sentences, n_outputs, part)?;
    if let Some(team) = team {
        logits = team.merge(&logits)?;
    }
    let logits = WindowPooling::Mean.pool(&logits, n_outputs, &set.window_offsets);
    let labels = set.labels.of_rows(set.first_rows());
    let texts: Vec<usize> = (0..set.n_texts()).collect();
    let table = Tensor::from_slice(&logits).view([-1, n_outputs as i64]);
    let eval_loss =
        no_grad(|| objective.on_cpu().mean(&table, &objective.targets(&labels, &texts))).f_double_value(&[])?;
    let figures = match &labels {
        Labels::Classes(labels) => class_figures(labels, &logits, set, n_outputs),
        Labels::Scores(scores) => score_figures(scores, &logits),
    };
    Ok(Evaluation { eval_loss, ..figures.context("cannot evaluate the validation split")? })
}

fn class_figures(
    labels: &[Option<i32>],
    logits: &[f32],
    set: &TokenSet,
    n_outputs: usize,
) -> anyhow::Result<Evaluation> {
    let labels: Vec<usize> = labels.iter().flatten().map(|&label| label as usize).collect();
    let predictions: Vec<usize> = logits.chunks(n_outputs).map(bert::argmax).collect();
    let figures = Classification::new(&ConfusionMatrix::new(&labels, &predictions, &set.metadata.label_names)?);
    Ok(Evaluation {
        eval_loss: 0.0, // of the objective
        eval_accuracy: Some(figures.accuracy),
        eval_precision: Some(figures.weighted.precision),
        eval_recall: Some(figures.weighted.recall),
        eval_f1: Some(figures.weighted.f1),
        eval_f1_macro: Some(figures.macro_.f1),
        eval_mcc: Some(figures.mcc),
        eval_mse: None,
        eval_pearson: None,
        eval_spearman: None,
    })
}

fn score_figures(scores: &[Option<f32>], predictions: &[f32]) -> anyhow::Result<Evaluation> {
    let targets: Vec<f64> = scores.iter().flatten().map(|&score| f64::from(score)).collect();
    let predictions: Vec<f64> = predictions.iter().map(|&score| f64::from(score)).collect();
    let figures = Regression::new(&targets, &predictions)?;
    Ok(Evaluation {
        eval_loss: 0.0,
        eval_mse: Some(figures.mse),
        eval_pearson: figures.pearson,
        eval_spearman: figures.spearman,
        eval_accuracy: None,
        eval_precision: None,
        eval_recall: None,
        eval_f1: None,
        eval_f1_macro: None,
        eval_mcc: None,
    })
}
