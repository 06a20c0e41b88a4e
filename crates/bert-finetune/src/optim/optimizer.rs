//! The optimizer over the leaves that are learned, with its state in flat buffers.

use std::collections::BTreeMap;

use bert::{Leaf, Parameters};
use checkpoint::BertConfig;
use tch::{Kind, Tensor};
use bert_kernels::{Encoder, Gradient, DeferredRows, ParameterRun, Table, UpdateRule, UpdateStep};

use crate::optim::adafactor::Adafactor;
use crate::settings::{OptimizerPlan, Rule};

/// What moves the weights.
#[derive(Debug)]
pub(crate) struct Optimizer {
    method: Method,
    /// Of each leaf that is learned, in their order: its highest learning rate.
    highest_rates: Vec<f64>,
    plan: OptimizerPlan,
}

#[derive(Debug)]
enum Method {
    /// Element by element: up to two moments, each one buffer for all leaves that are learned.
    Elementwise {
        rule: UpdateRule,
        moments: Vec<Tensor>,
        /// The word table's, on the CPU where it is learned.
        late: Option<DeferredRows>,
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
            let size = parameters.trained().map(Leaf::padded_size).sum::<i64>();
            let zeros = || Tensor::zeros([size], (Kind::Float, parameters.flat.device()));
            let late = words(parameters).map(|leaf| DeferredRows::new(leaf.tensor.size()[0] as usize));
            Method::Elementwise { rule, moments: (0..rule.n_moments()).map(|_| zeros()).collect(), late }
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
        let rate = |leaf: &Leaf| highest_rate(&plan, &leaf.parts[0].name, config.num_hidden_layers);
        Self { method, highest_rates: parameters.trained().map(rate).collect(), plan }
    }

    /// The tensors that a checkpoint has to keep, by name; every row of every table is up to date.
    pub(crate) fn state(&self) -> BTreeMap<String, Tensor> {
        assert!(self.is_flushed(), "rows catch up before the state is read");
        match &self.method {
            Method::Elementwise { moments, .. } => {
                let names = ["exp_avg", "exp_avg_sq"].map(str::to_owned);
                names.into_iter().zip(moments.iter().map(Tensor::shallow_clone)).collect()
            }
            Method::Factored(adafactor) => adafactor.state(),
        }
    }

    /// Updates the parameters in place, and the copies that `kernel` has of the matrices. `gradients` are those of the leaves
    /// that are learned, in their order. Rows without a gradient may be late from here on.
    pub(crate) fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &[Gradient],
        rates: StepRates,
        kernel: Option<&mut Encoder>,
    ) -> anyhow::Result<()> {
        // The filler behind a batch has a row, too, which no sentence may have.
        if let Some(Gradient::Rows { rows, .. }) = gradients.first() {
            self.apply_deferred(parameters, rows);
        }
        let leaves = || parameters.trained().zip(gradients).zip(&self.highest_rates);
        let decay_of = |leaf: &Leaf| if leaf.decay { self.plan.weight_decay } else { 0.0 };
        match &mut self.method {
            Method::Elementwise { rule, moments, late } => {
                let mut runs = Vec::with_capacity(gradients.len());
                let (mut offset, mut late) = (0, late.as_mut());
                for ((leaf, gradient), highest) in leaves() {
                    let own = |flat: &Tensor| flat.narrow(0, offset, leaf.tensor.numel() as i64).view_as(&leaf.tensor);
                    runs.push(ParameterRun {
                        param: leaf.tensor.detach(),
                        gradient,
                        first: moments.first().map(own),
                        second: moments.get(1).map(own),
                        learning_rate: highest * rates.factor,
                        weight_decay: decay_of(leaf),
                        late: if matches!(gradient, Gradient::Rows { .. }) { late.take() } else { None },
                    });
                    offset += leaf.padded_size();
                }
                let (step, grad_scale) = (rates.step + 1, rates.grad_scale);
                bert_kernels::update(&mut runs, UpdateStep { rule: *rule, step, grad_scale }, kernel)?;
            }
            Method::Factored(adafactor) => {
                for (place, ((leaf, gradient), highest)) in leaves().enumerate() {
                    let gradient = gradient.to_dense() * rates.grad_scale;
                    adafactor.update(
                        (place, leaf),
                        &gradient,
                        rates.step + 1,
                        (highest * rates.factor, decay_of(leaf)),
                    );
                }
            }
        }
        Ok(())
    }

    /// Whether [`Self::step`] brings a kernel's copies up to date.
    pub(crate) fn moves_copies(&self) -> bool {
        matches!(self.method, Method::Elementwise { .. })
    }

    /// Whether another number of threads gives other bytes on the CPU: Adafactor's means are libtorch's.
    pub(crate) fn depends_on_threads(&self) -> bool {
        matches!(self.method, Method::Factored(_))
    }

    /// Brings the rows `ids` of the word table up to date, which a batch is about to read.
    pub(crate) fn apply_deferred(&mut self, parameters: &Parameters, ids: &[i64]) {
        /// A row that waits for longer is brought up to date with all others, so that the past stays short.
        const LONGEST_PAST: usize = 1024;
        if let Method::Elementwise { rule, moments, late: Some(late) } = &mut self.method {
            let Some(table) = word_table(parameters, *rule, moments, self.plan.weight_decay) else { return };
            if late.n_steps() < LONGEST_PAST {
                late.apply_deferred(&table, ids);
            } else {
                late.apply_all_deferred(&table);
            }
        }
    }

    /// Brings every row up to date. That changes no number of what follows.
    pub(crate) fn flush(&mut self, parameters: &Parameters) {
        if let Method::Elementwise { rule, moments, late: Some(late) } = &mut self.method
            && let Some(table) = word_table(parameters, *rule, moments, self.plan.weight_decay)
        {
            late.apply_all_deferred(&table);
        }
    }

    /// Whether no row is late.
    pub(crate) fn is_flushed(&self) -> bool {
        match &self.method {
            Method::Elementwise { late: Some(late), .. } => late.n_steps() == 0,
            _ => true,
        }
    }
}

/// The word table where it is learned on the CPU. It is the first leaf, and its moments are the first in their buffers.
fn words(parameters: &Parameters) -> Option<&Leaf> {
    let on_cpu = parameters.flat.device() == tch::Device::Cpu;
    parameters.trained().next().filter(|leaf| on_cpu && leaf.is_words())
}

fn word_table(parameters: &Parameters, rule: UpdateRule, moments: &[Tensor], weight_decay: f64) -> Option<Table> {
    let leaf = words(parameters)?;
    let own = |flat: &Tensor| flat.narrow(0, 0, leaf.tensor.numel() as i64).view_as(&leaf.tensor);
    let (first, second) = (moments.first().map(own), moments.get(1).map(own));
    Some(Table { param: leaf.tensor.detach(), first, second, weight_decay, rule })
}

/// The highest learning rate of the leaf of the tensor `name`: less with every layer further down, and the classifier's
/// its own.
fn highest_rate(plan: &OptimizerPlan, name: &str, n_layers: usize) -> f64 {
    if name.starts_with("classifier.") {
        return plan.head_learning_rate.unwrap_or(plan.learning_rate);
    }
    let layers_above = if name.starts_with("bert.embeddings.") {
        n_layers
    } else {
        let layer = name.strip_prefix("bert.encoder.layer.").and_then(|rest| rest.split('.').next()?.parse().ok());
        layer.map_or(0, |layer: usize| n_layers - 1 - layer)
    };
    let steps_down = if name.starts_with("bert.pooler.") { 0 } else { layers_above as i32 + 1 };
    plan.learning_rate * plan.layerwise_lr_decay.powi(steps_down)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// A BERT of no use but for its shapes: the word table stands for a matrix, the norm's bias for a vector.
    fn config() -> BertConfig {
        serde_json::from_value(serde_json::json!({
            "vocab_size": 4, "hidden_size": 6, "num_hidden_layers": 2, "num_attention_heads": 1,
            "intermediate_size": 6, "max_position_embeddings": 4
        }))
        .unwrap()
    }

    const MATRIX: &str = "bert.embeddings.word_embeddings.weight";
    const VECTOR: &str = "bert.embeddings.LayerNorm.bias";

    fn plan(rule: Rule, weight_decay: f64) -> OptimizerPlan {
        OptimizerPlan {
            rule,
            learning_rate: 0.05,
            head_learning_rate: None,
            layerwise_lr_decay: 1.0,
            weight_decay,
            max_grad_norm: 0.0,
        }
    }

    fn tensor(values: &Value) -> Tensor {
        let flat = |row: &Value| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
        match values[0].as_array() {
            None => Tensor::from_slice(&flat(values)).to_kind(Kind::Float),
            Some(row) => {
                let rows = values.as_array().unwrap().iter().flat_map(flat).collect::<Vec<_>>();
                Tensor::from_slice(&rows).to_kind(Kind::Float).view([-1, row.len() as i64])
            }
        }
    }

    /// `tests/fixtures/optimizers.json` holds what the optimizers of PyTorch, and the reference's Adafactor, do to a
    /// matrix and a vector. Weight decay is for matrices only here, so the vector is compared where there is none.
    #[test]
    fn every_optimizer_moves_the_weights_as_the_reference_does() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/optimizers.json");
        let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in table["cases"].as_array().unwrap() {
            let kwargs = &case["kwargs"];
            let number = |name: &str, default: f64| kwargs[name].as_f64().unwrap_or(default);
            let beta = |place: usize, default: f64| kwargs["betas"][place].as_f64().unwrap_or(default);
            let (adam_beta1, adam_beta2, adam_epsilon) = (beta(0, 0.9), beta(1, 0.999), number("eps", 1e-8));
            let rule = match case["optimizer"].as_str().unwrap() {
                "adamw" => Rule::Adamw { adam_beta1, adam_beta2, adam_epsilon },
                "adam" => Rule::Adam { adam_beta1, adam_beta2, adam_epsilon },
                "sgd" => Rule::Sgd { sgd_momentum: number("momentum", 0.0) },
                _ => Rule::Adafactor,
            };
            let weight_decay = number("weight_decay", 0.0);
            let (plan, config) = (plan(rule, weight_decay), config());
            let mut parameters = Parameters::zeros(&config, 2, tch::Device::Cpu);
            parameters.freeze(|name| name != MATRIX && name != VECTOR);
            for (leaf, name) in parameters.trained().zip(["matrix", "vector"]) {
                tch::no_grad(|| leaf.tensor.shallow_clone().copy_(&tensor(&table["start"][name])));
            }
            let mut optimizer = Optimizer::new(plan, &parameters, &config);
            for (step, after) in case["after"].as_array().unwrap().iter().enumerate() {
                let gradient = |name: &str| Gradient::new(&tensor(&table["gradients"][step][name])).unwrap();
                let factor = table["learning_rates"][step].as_f64().unwrap() / plan.learning_rate;
                let rates = StepRates { step: step as u64, factor, grad_scale: 1.0 };
                optimizer.step(&parameters, &[gradient("matrix"), gradient("vector")], rates, None).unwrap();
                for (leaf, name) in parameters.trained().zip(["matrix", "vector"]) {
                    let difference = (&leaf.tensor - tensor(&after[name])).abs().max().double_value(&[]);
                    let comparable = leaf.decay || weight_decay == 0.0;
                    assert!(!comparable || difference < 5e-6, "{rule:?}, step {step}: {name} differs by {difference}");
                }
            }
        }
    }

    #[test]
    fn rates_fall_from_layer_to_layer_and_the_head_has_its_own() {
        let plan =
            OptimizerPlan { layerwise_lr_decay: 0.5, head_learning_rate: Some(0.1), ..plan(Rule::Adafactor, 0.0) };
        let of = |name: &str| highest_rate(&plan, name, 2);
        assert_eq!(of("classifier.weight"), 0.1);
        assert_eq!(of("bert.pooler.dense.weight"), 0.05);
        assert_eq!(of("bert.encoder.layer.1.output.dense.weight"), 0.025);
        assert_eq!(of("bert.encoder.layer.0.output.dense.bias"), 0.0125);
        assert_eq!(of(MATRIX), 0.00625);
    }
}
