//! Tensor counts: how many numbers a run keeps, from the shapes of its tensors alone, before any weight is loaded. What a
//! run takes of memory and of the disk is told from them.

use bert::Compute;
use checkpoint::{BertConfig, expected_tensors};
use tch::Device;

use crate::settings::{Plan, Rule};

const WORD_EMBEDDINGS: &str = "bert.embeddings.word_embeddings.weight";

/// Numbers, float32 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TensorCounts {
    /// All parameters, adapters included.
    pub(crate) parameters: usize,
    /// Those that are trained.
    pub(crate) trained: usize,
    /// Gradients that are kept whole: all but those of the word embeddings on the CPU, which are rows.
    pub(crate) gradients: usize,
    /// The optimizer's state.
    pub(crate) moments: usize,
    /// The largest tensor of that state.
    pub(crate) largest_moment: usize,
    /// Whether a moving average of the weights is kept.
    pub(crate) has_average: bool,
}

impl TensorCounts {
    /// Of a run of `plan` on a model of `config` with so many outputs; `drawn`: the tensors that its checkpoint does not bring.
    pub(crate) fn new(plan: &Plan, config: &BertConfig, n_outputs: usize, drawn: &[String], compute: Compute) -> Self {
        let lora = plan.weights.lora.as_ref();
        let specs = expected_tensors(config, n_outputs);
        let adapters = lora.map_or_else(Vec::new, |lora| lora.shapes(config));
        let is_trained = |name: &str| match lora {
            Some(_) => name.starts_with("classifier.") || drawn.iter().any(|drawn| drawn == name),
            None => !plan.weights.freezes(name),
        };
        let is_sparse = |name: &str| name == WORD_EMBEDDINGS && compute.device == Device::Cpu;
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let of_adapters: usize = adapters.iter().map(|shape| size(shape)).sum();
        let trained = || specs.iter().filter(|spec| is_trained(&spec.name));
        let n_trained = of_adapters + trained().map(|spec| size(&spec.shape)).sum::<usize>();
        let dense = trained().filter(|spec| !is_sparse(&spec.name)).map(|spec| size(&spec.shape));
        let (moments, largest_moment) = match plan.optimizer.rule {
            Rule::Elementwise(rule) => (rule.n_moments() * n_trained, n_trained.min(rule.n_moments() * n_trained)),
            Rule::Adafactor(_) => {
                let factored = |shape: &[usize]| if shape.len() == 2 { shape.iter().sum() } else { size(shape) };
                let sizes =
                    adapters.iter().map(|shape| factored(shape)).chain(trained().map(|spec| factored(&spec.shape)));
                (sizes.clone().sum(), sizes.max().unwrap_or(0))
            }
        };
        Self {
            parameters: of_adapters + specs.iter().map(|spec| size(&spec.shape)).sum::<usize>(),
            trained: n_trained,
            gradients: of_adapters + dense.sum::<usize>(),
            moments,
            largest_moment,
            has_average: plan.weights.ema_decay.is_some(),
        }
    }
}
