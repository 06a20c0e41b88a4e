//! Tensor counts: how many numbers a run keeps, from the shapes of its tensors alone, before any weight is loaded. What a
//! run takes of memory and of the disk is told from them.

use bert::{Compute, has_sparse_gradient};
use checkpoint::{BertConfig, expected_tensors};

use crate::settings::{Plan, Rule};

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
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let of_adapters: usize = adapters.iter().map(|shape| size(shape)).sum();
        let trained = || specs.iter().filter(|spec| is_trained(&spec.name));
        let n_trained = of_adapters + trained().map(|spec| size(&spec.shape)).sum::<usize>();
        let dense =
            trained().filter(|spec| !has_sparse_gradient(&spec.name, compute.device)).map(|spec| size(&spec.shape));
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

#[cfg(test)]
mod tests {
    use bert::Precision;
    use checkpoint::ModelFolder;
    use clap::Parser;
    use corpus::tokens::Labels;
    use tch::Device;
    use tch::Tensor;

    use super::*;
    use crate::settings::{Args, RunFacts};
    use crate::training::loss::Objective;
    use crate::training::trainer::{Trainer, TrainerSetup};

    #[test]
    fn what_is_counted_is_what_a_trainer_has() {
        let folder = ModelFolder::open(&testkit::fixture("small-bert")).unwrap();
        let (config, device) = (&folder.config, Device::Cpu);
        let compute = Compute { device, precision: Precision::Float32, threads: 1 };
        for flags in [
            "",
            "--optim sgd",
            "--optim sgd --sgd-momentum 0.9 --ema-decay 0.9",
            "--optim adafactor",
            "--freeze-embeddings --freeze-layers 1",
            "--lora-rank 2 --lora-targets query,intermediate,output",
            "--lora-rank 3 --optim adafactor",
        ] {
            let line = format!("bert-finetune --tokens tokens --model model --out train {flags}");
            let args = Args::parse_from(line.split_whitespace());
            let plan = Plan::resolve(&args, &compute, config, RunFacts { has_validation: true, processes: 1 }).unwrap();
            // Five outputs, so that the classifier is drawn.
            let (parameters, loaded) = bert::load(&folder, 5, 1, device).unwrap();
            let objective = Objective::new(&plan.objective, &Labels::Classes(vec![Some(0)]), 5, device);
            let setup = TrainerSetup { plan: &plan, config, compute, team: None, recording: None };
            let trainer = Trainer::new(parameters, &loaded.new, objective, setup).unwrap();
            let counts = TensorCounts::new(&plan, config, 5, &loaded.new, compute);
            let parameters = trainer.parameters();
            assert_eq!(counts.parameters, parameters.count(), "{flags}");
            assert_eq!(counts.trained, parameters.count_trained(), "{flags}");
            let dense = parameters.trained().filter(|parameter| !parameter.has_sparse_gradient());
            assert_eq!(counts.gradients, dense.map(|parameter| parameter.tensor.numel()).sum::<usize>(), "{flags}");
            assert_eq!(counts.has_average, trainer.ema.is_some(), "{flags}");
            // Of an element-wise optimizer a parameter's moments begin at a cache line.
            let state: usize = trainer.optimizer_state().values().map(Tensor::numel).sum();
            let padding = state.checked_sub(counts.moments);
            assert!(padding.is_some_and(|padding| padding < 2 * 16 * parameters.list.len()), "{flags}: {padding:?}");
        }
    }
}
