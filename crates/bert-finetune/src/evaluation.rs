//! The validation split under the weights of the moment.

use anyhow::Context;
use bert::{Model, infer};
use metrics::{Classification, ConfusionMatrix};
use serde::{Deserialize, Serialize};
use sst::tokens::{Labels, TokenSet};
use tch::{Device, Tensor, no_grad};

use crate::args::Metric;
use crate::loss::mean_loss;

/// Figures of one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evaluation {
    /// Mean over the sentences.
    pub(crate) eval_loss: f64,
    /// Of classes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_accuracy: Option<f64>,
    /// Weighted by support; of classes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eval_f1: Option<f64>,
}

impl Evaluation {
    /// The figure that chooses the best checkpoint, turned so that more is better.
    pub(crate) fn merit(&self, metric: Option<Metric>) -> f64 {
        match metric {
            Some(Metric::Loss) => -self.eval_loss,
            Some(Metric::F1) => self.eval_f1.unwrap_or(-self.eval_loss),
            Some(Metric::Accuracy) | None => self.eval_accuracy.unwrap_or(-self.eval_loss),
        }
    }
}

/// Evaluates `model` on `set`, every row of which has a label.
pub(crate) fn evaluate(model: &Model, set: &TokenSet, n_outputs: usize, device: Device) -> anyhow::Result<Evaluation> {
    let sentences: Vec<&[i32]> = (0..set.len()).map(|row| set.input_ids(row)).collect();
    let logits = infer(model, &sentences, n_outputs, device, |_| ())?;
    let rows: Vec<usize> = (0..set.len()).collect();
    let table = Tensor::from_slice(&logits).view([-1, n_outputs as i64]);
    let eval_loss = no_grad(|| mean_loss(&table, &set.labels, &rows, Device::Cpu)).f_double_value(&[])?;
    let Labels::Classes(labels) = &set.labels else {
        return Ok(Evaluation { eval_loss, eval_accuracy: None, eval_f1: None });
    };
    let labels: Vec<usize> = labels.iter().flatten().map(|&label| label as usize).collect();
    let predictions: Vec<usize> = logits.chunks(n_outputs).map(bert::argmax).collect();
    let matrix = ConfusionMatrix::new(&labels, &predictions, &set.metadata.label_names)
        .context("the validation split cannot be evaluated")?;
    let figures = Classification::new(&matrix);
    Ok(Evaluation { eval_loss, eval_accuracy: Some(figures.accuracy), eval_f1: Some(figures.weighted.f1) })
}
