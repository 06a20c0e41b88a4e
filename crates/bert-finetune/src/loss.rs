//! The loss of a micro-batch.

use sst::tokens::Labels;
use tch::{Device, Kind, Reduction, Tensor};

/// The mean over the rows `rows`: cross entropy for classes, squared error for scores.
///
/// `logits`: `(rows, n_outputs)`, float32. The result is a scalar.
pub(crate) fn mean_loss(logits: &Tensor, labels: &Labels, rows: &[usize], device: Device) -> Tensor {
    match labels {
        Labels::Classes(classes) => {
            let targets: Vec<i64> = rows.iter().map(|&row| i64::from(classes[row].unwrap_or(0))).collect();
            logits.cross_entropy_for_logits(&Tensor::from_slice(&targets).to_device(device))
        }
        Labels::Scores(scores) => {
            let targets: Vec<f32> = rows.iter().map(|&row| scores[row].unwrap_or(0.0)).collect();
            let targets = Tensor::from_slice(&targets).to_kind(Kind::Float).to_device(device);
            logits.squeeze_dim(1).mse_loss(&targets, Reduction::Mean)
        }
    }
}
