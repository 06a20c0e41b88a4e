//! AdamW over the leaves of the model, with its state in two flat buffers beside the parameters'.

use bert::Parameters;
use tch::Tensor;
use torch_ext::{AdamWStep, Gradient, ParameterRun};

use crate::plan::Plan;

/// The two moments of every parameter, laid out like [`Parameters::flat`].
#[derive(Debug)]
pub(crate) struct Optimizer {
    pub(crate) exp_avg: Tensor,
    pub(crate) exp_avg_sq: Tensor,
}

impl Optimizer {
    /// Moments of zero.
    pub(crate) fn new(parameters: &Parameters) -> Self {
        Self { exp_avg: parameters.flat.zeros_like(), exp_avg_sq: parameters.flat.zeros_like() }
    }

    /// Updates the parameters in place. `step` counts from 0; `gradients` are in the order of the leaves, and each is
    /// multiplied by `grad_scale`.
    pub(crate) fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &[Gradient],
        plan: &Plan,
        (step, learning_rate, grad_scale): (u64, f64, f64),
    ) {
        let runs: Vec<ParameterRun<'_>> = parameters
            .leaves
            .iter()
            .zip(gradients)
            .map(|(leaf, gradient)| {
                let own = |flat: &Tensor| flat.narrow(0, leaf.offset, leaf.tensor.numel() as i64).view_as(&leaf.tensor);
                ParameterRun {
                    param: own(&parameters.flat),
                    gradient,
                    exp_avg: own(&self.exp_avg),
                    exp_avg_sq: own(&self.exp_avg_sq),
                    learning_rate,
                    weight_decay: if leaf.decay { plan.weight_decay } else { 0.0 },
                }
            })
            .collect();
        let (beta1, beta2, eps) = (plan.adam_beta1, plan.adam_beta2, plan.adam_epsilon);
        torch_ext::adamw(&runs, AdamWStep { beta1, beta2, eps, step: step + 1, grad_scale });
    }
}
