//! The optimizer over the leaves that are learned, with its state in flat buffers.

use std::collections::BTreeMap;

use bert::{Leaf, Parameters};
use checkpoint::BertConfig;
use tch::{Kind, Tensor};
use torch_ext::{Gradient, ParameterRun, UpdateRule, UpdateStep};

use crate::adafactor::Adafactor;
use crate::settings::{OptimizerPlan, Rule};

/// What moves the weights.
#[derive(Debug)]
pub(crate) struct Optimizer {
    method: Method,
    /// Of each leaf that is learned, in their order: its share of the highest learning rate.
    rate_factors: Vec<f64>,
    plan: OptimizerPlan,
}

#[derive(Debug)]
enum Method {
    /// Element by element: up to two moments, each one buffer for all leaves that are learned.
    Elementwise {
        rule: UpdateRule,
        moments: Vec<Tensor>,
    },
    Factored(Adafactor),
}

/// What a step is told beside the gradients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepRates {
    /// Steps done before.
    pub(crate) step: u64,
    /// The share of the highest learning rate.
    pub(crate) factor: f64,
    /// Every gradient is multiplied by this.
    pub(crate) grad_scale: f64,
}

impl Optimizer {
    /// A state of zeros.
    pub(crate) fn new(plan: OptimizerPlan, parameters: &Parameters, config: &BertConfig) -> Self {
        let elementwise = |rule: UpdateRule| {
            let size = parameters.trained().map(|leaf| padded(leaf)).sum::<i64>();
            let zeros = || Tensor::zeros([size], (Kind::Float, parameters.flat.device()));
            Method::Elementwise { rule, moments: (0..rule.n_moments()).map(|_| zeros()).collect() }
        };
        let method = match plan.rule {
            Rule::Adamw { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps } => {
                elementwise(UpdateRule::Adamw { beta1, beta2, eps })
            }
            Rule::Adam { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps } => {
                elementwise(UpdateRule::Adam { beta1, beta2, eps })
            }
            Rule::Sgd { sgd_momentum } => elementwise(UpdateRule::Sgd { momentum: sgd_momentum }),
            Rule::Adafactor => Method::Factored(Adafactor::new(parameters)),
        };
        let factor = |leaf: &Leaf| rate_factor(&plan, &leaf.parts[0].name, config.num_hidden_layers);
        Self { method, rate_factors: parameters.trained().map(factor).collect(), plan }
    }

    /// The tensors that a checkpoint has to keep, by name.
    pub(crate) fn state(&self) -> BTreeMap<String, Tensor> {
        match &self.method {
            Method::Elementwise { moments, .. } => {
                let names = ["exp_avg", "exp_avg_sq"].map(str::to_owned);
                names.into_iter().zip(moments.iter().map(Tensor::shallow_clone)).collect()
            }
            Method::Factored(adafactor) => adafactor.state(),
        }
    }

    /// Updates the parameters in place. `gradients` are those of the leaves that are learned, in their order.
    pub(crate) fn step(&mut self, parameters: &Parameters, gradients: &[Gradient], rates: StepRates) {
        let highest = self.plan.learning_rate * rates.factor;
        let leaves = || parameters.trained().zip(gradients).zip(&self.rate_factors);
        let decay_of = |leaf: &Leaf| if leaf.decay { self.plan.weight_decay } else { 0.0 };
        match &mut self.method {
            Method::Elementwise { rule, moments } => {
                let mut runs = Vec::with_capacity(gradients.len());
                let mut offset = 0;
                for ((leaf, gradient), factor) in leaves() {
                    let n = leaf.tensor.numel() as i64;
                    let own = |flat: &Tensor| flat.narrow(0, offset, n).view_as(&leaf.tensor);
                    runs.push(ParameterRun {
                        param: leaf.tensor.detach(),
                        gradient,
                        first: moments.first().map(own),
                        second: moments.get(1).map(own),
                        learning_rate: highest * factor,
                        weight_decay: decay_of(leaf),
                    });
                    offset += padded(leaf);
                }
                let (step, grad_scale) = (rates.step + 1, rates.grad_scale);
                torch_ext::update(&runs, UpdateStep { rule: *rule, step, grad_scale });
            }
            Method::Factored(adafactor) => {
                for (place, ((leaf, gradient), factor)) in leaves().enumerate() {
                    let gradient = gradient.to_dense() * rates.grad_scale;
                    adafactor.update((place, leaf), &gradient, rates.step + 1, (highest * factor, decay_of(leaf)));
                }
            }
        }
    }
}

/// The room of a leaf in a buffer: leaves begin at cache lines, as in [`Parameters::flat`].
fn padded(leaf: &Leaf) -> i64 {
    (leaf.tensor.numel() as i64 + 15) / 16 * 16
}

/// The share of the highest learning rate that the leaf of the tensor `name` gets: less with every layer further down,
/// and the classifier its own.
fn rate_factor(plan: &OptimizerPlan, name: &str, n_layers: usize) -> f64 {
    if name.starts_with("classifier.") {
        return plan.head_learning_rate.map_or(1.0, |rate| rate / plan.learning_rate);
    }
    let layers_above = if name.starts_with("bert.embeddings.") {
        n_layers
    } else {
        let layer = name.strip_prefix("bert.encoder.layer.").and_then(|rest| rest.split('.').next()?.parse().ok());
        layer.map_or(0, |layer: usize| n_layers - 1 - layer)
    };
    let steps_down = if name.starts_with("bert.pooler.") { 0 } else { layers_above as i32 + 1 };
    plan.layerwise_lr_decay.powi(steps_down)
}
