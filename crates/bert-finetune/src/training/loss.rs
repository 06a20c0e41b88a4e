//! Training loss: cross entropy with label smoothing, class weights and focal loss, or the mean squared error.

use corpus::tokens::Labels;
use tch::{Device, Kind, Reduction, Tensor};

use crate::settings::{ClassWeights, ObjectivePlan};

/// What is minimized, with the weights of the classes worked out.
///
/// The loss of a row with the true class y and probabilities p is
/// `(1 - e) * (1 - p_y)^gamma * -log p_y + e * mean_k(-log p_k)` with the label smoothing e and the gamma of focal loss
/// (Lin et al., "Focal loss for dense object detection", 2017); the mean over the rows of a forward pass is weighted by the weight
/// of y: without smoothing that is PyTorch's `CrossEntropyLoss`, which with it weights the smoothed part by every class instead.
/// Scores have the squared error.
#[derive(Debug)]
pub(crate) struct Objective {
    smoothing: f64,
    gamma: f64,
    /// `(n_classes)`, float32.
    class_weights: Option<Tensor>,
}

impl Objective {
    /// `labels` are those of the train split, from which `auto` weights follow.
    pub(crate) fn new(plan: &ObjectivePlan, labels: &Labels, n_outputs: usize, device: Device) -> Self {
        let class_weights = match &plan.class_weights {
            ClassWeights::Equal => None,
            ClassWeights::Given(weights) => Some(weights.clone()),
            ClassWeights::Auto => Some(balanced(labels, n_outputs)),
        };
        Self {
            smoothing: plan.label_smoothing_factor,
            gamma: plan.focal_loss_gamma,
            class_weights: class_weights.map(|weights| float_tensor(weights, device)),
        }
    }

    /// The weight of each class, where they are weighted.
    pub(crate) fn class_weights(&self) -> Option<Vec<f64>> {
        let weights = self.class_weights.as_ref()?.to_device(Device::Cpu).to_kind(Kind::Double);
        Vec::try_from(&weights).ok()
    }

    /// The same objective over tensors on the CPU, where evaluation sums up.
    pub(crate) fn on_cpu(&self) -> Self {
        let class_weights = self.class_weights.as_ref().map(|weights| weights.to_device(Device::Cpu));
        Self { class_weights, ..*self }
    }

    /// What [`Self::mean`] reads of the labels of these rows, on the CPU: classes `(rows)`, int64, or scores `(rows)`, float32.
    pub(crate) fn targets(&self, labels: &Labels, rows: &[usize]) -> Tensor {
        match labels {
            Labels::Scores(scores) => {
                let scores = rows.iter().map(|&row| f64::from(scores[row].unwrap_or(0.0))).collect();
                float_tensor(scores, Device::Cpu)
            }
            Labels::Classes(classes) => {
                let classes: Vec<i64> = rows.iter().map(|&row| i64::from(classes[row].unwrap_or(0))).collect();
                Tensor::from_slice(&classes)
            }
        }
    }

    /// The mean over rows as a scalar. `logits`: `(rows, n_outputs)`, float32; `targets` on the same device.
    pub(crate) fn mean(&self, logits: &Tensor, targets: &Tensor) -> Tensor {
        match targets.kind() {
            Kind::Int64 => self.cross_entropy(logits, targets),
            _ => logits.squeeze_dim(1).mse_loss(targets, Reduction::Mean),
        }
    }

    fn cross_entropy(&self, logits: &Tensor, targets: &Tensor) -> Tensor {
        if self.smoothing == 0.0 && self.gamma == 0.0 && self.class_weights.is_none() {
            return logits.cross_entropy_for_logits(targets);
        }
        let log_probs = logits.log_softmax(-1, Kind::Float); // (rows, n_classes)
        let log_prob = log_probs.gather(1, &targets.unsqueeze(1), false).squeeze_dim(1); // (rows)
        let mut losses = -&log_prob;
        if self.gamma > 0.0 {
            // At 0 a root has no derivative.
            let hardness = (-log_prob.exp() + 1.0).clamp_min(1e-7).pow_tensor_scalar(self.gamma);
            losses = hardness * losses;
        }
        if self.smoothing > 0.0 {
            let spread = -log_probs.mean_dim(&[-1_i64][..], false, Kind::Float);
            losses = losses * (1.0 - self.smoothing) + spread * self.smoothing;
        }
        match &self.class_weights {
            None => losses.mean(Kind::Float),
            Some(weights) => {
                let weights = weights.index_select(0, targets);
                (losses * &weights).sum(Kind::Float) / weights.sum(Kind::Float)
            }
        }
    }
}

/// `rows / (classes * rows of the class)`, as scikit-learn's `balanced`; a class without rows has weight 1, so that the rows that an
/// evaluation may have of it count as errors.
fn balanced(labels: &Labels, n_classes: usize) -> Vec<f64> {
    let Labels::Classes(labels) = labels else { return Vec::new() };
    let mut counts = vec![0_usize; n_classes];
    for &label in labels.iter().flatten() {
        counts[label as usize] += 1;
    }
    let rows: usize = counts.iter().sum();
    let weight = |count| if count == 0 { 1.0 } else { rows as f64 / (n_classes * count) as f64 };
    counts.into_iter().map(weight).collect()
}

fn float_tensor(values: Vec<f64>, device: Device) -> Tensor {
    Tensor::from_slice(&values).to_kind(Kind::Float).to_device(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 9] = [1.0, -0.5, 0.25, 0.0, 2.0, -1.0, 0.5, 0.5, -0.75];

    fn loss(label_smoothing_factor: f64, class_weights: ClassWeights, focal_loss_gamma: f64) -> f64 {
        let labels = Labels::Classes(vec![Some(0), Some(2), Some(1)]);
        let plan = ObjectivePlan { label_smoothing_factor, class_weights, focal_loss_gamma };
        let objective = Objective::new(&plan, &labels, 3, Device::Cpu);
        let logits = Tensor::from_slice(&LOGITS).view([3, 3]);
        objective.mean(&logits, &objective.targets(&labels, &[0, 1, 2])).double_value(&[])
    }

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value}, expected {expected}");
    }

    /// Plain, smoothed, and weighted without smoothing: PyTorch's `cross_entropy`; focal: its formula with PyTorch's `log_softmax`.
    #[test]
    fn losses_are_those_of_the_reference() {
        assert_close(loss(0.0, ClassWeights::Equal, 0.0), 1.508282042);
        assert_close(loss(0.1, ClassWeights::Equal, 0.0), 1.502726486);
        assert_close(loss(0.0, ClassWeights::Given(vec![0.5, 1.0, 2.0]), 0.0), 2.123058364);
        assert_close(loss(0.0, ClassWeights::Equal, 2.0), 1.086588732);
        // Smoothed and weighted: each row of the smoothed ones by its true class.
        assert_close(loss(0.1, ClassWeights::Given(vec![0.5, 1.0, 2.0]), 0.0), 2.069486935);
    }

    #[test]
    fn automatic_weights_make_every_class_count_alike() {
        let labels = Labels::Classes([0, 0, 0, 1].map(Some).to_vec());
        assert_eq!(balanced(&labels, 3), [4.0 / 9.0, 4.0 / 3.0, 1.0]);
    }
}
