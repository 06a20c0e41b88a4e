//! Optimizer: AdamW, Adam, SGD or Adafactor over the parameters that are trained, with learning rates for each of them.

use std::collections::BTreeMap;

use bert::{Gradients, Model, Parameter, ParameterUpdate, Parameters, layer_of, size_side_by_side, views_side_by_side};
use bert_kernels::{UpdateRule, UpdateStep};
use checkpoint::BertConfig;
use tch::{Kind, Tensor};

use crate::optim::adafactor::{Adafactor, AdafactorStep};
use crate::optim::lr_scheduler::LearningRates;
use crate::settings::{OptimizerPlan, Rule};

/// The optimizer with its state.
#[derive(Debug)]
pub(crate) struct Optimizer {
    method: Method,
    /// One for each trained parameter, in their order.
    options: Vec<ParameterOptions>,
}

/// What PyTorch's optimizers keep for a group of parameters.
#[derive(Debug, Clone, Copy)]
struct ParameterOptions {
    /// The highest learning rate.
    learning_rate: f64,
    weight_decay: f64,
}

#[derive(Debug)]
enum Method {
    Elementwise(Elementwise),
    Adafactor(Adafactor),
}

/// Up to two moments, each one buffer for all trained parameters.
#[derive(Debug)]
struct Elementwise {
    rule: UpdateRule,
    /// In the order of the rule's `moment_names`.
    buffers: Vec<Tensor>,
    /// Of each trained parameter, views into the buffers.
    moments: Vec<Vec<Tensor>>,
}

/// What a step depends on beside the gradients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepRates {
    /// Steps done before.
    pub(crate) step: u64,
    pub(crate) learning_rates: LearningRates,
    /// Every gradient is multiplied by this.
    pub(crate) grad_scale: f64,
}

impl Optimizer {
    /// A state of zeros.
    pub(crate) fn new(plan: OptimizerPlan, parameters: &Parameters, config: &BertConfig) -> Self {
        let options = |parameter: &Parameter| ParameterOptions {
            learning_rate: highest_rate(&plan, parameter.name(), config.num_hidden_layers),
            weight_decay: if parameter.decay { plan.weight_decay } else { 0.0 },
        };
        let method = match plan.rule {
            Rule::Elementwise(rule) => Method::Elementwise(Elementwise::new(rule, parameters)),
            Rule::Adafactor(_) => Method::Adafactor(Adafactor::new(parameters)),
        };
        Self { method, options: parameters.trained().map(options).collect() }
    }

    /// The tensors that a checkpoint has to keep, by name, every number up to date with `model`.
    pub(crate) fn state(&self, model: &Model) -> BTreeMap<String, Tensor> {
        model.flush_deferred_rows();
        match &self.method {
            Method::Elementwise(Elementwise { rule, buffers, .. }) => {
                let names = rule.moment_names().iter().map(|&name| name.to_owned());
                names.zip(buffers.iter().map(Tensor::shallow_clone)).collect()
            }
            Method::Adafactor(adafactor) => adafactor.state(),
        }
    }

    /// Of an element-wise optimizer its rule, and each trained parameter's part with its highest learning rate.
    pub(crate) fn elementwise(&self) -> Option<(UpdateRule, Vec<ParameterUpdate>)> {
        let Method::Elementwise(elementwise) = &self.method else { return None };
        Some((elementwise.rule, elementwise.updates(&self.options, LearningRates::Fraction(1.0))))
    }

    /// Whether a step is the same formula for every number.
    pub(crate) fn is_elementwise(&self) -> bool {
        matches!(self.method, Method::Elementwise(_))
    }

    /// Updates the parameters of `model` in place.
    pub(crate) fn step(&mut self, model: &mut Model, gradients: &Gradients, rates: StepRates) -> anyhow::Result<()> {
        let StepRates { step, learning_rates, grad_scale } = rates;
        let step = step + 1;
        match &mut self.method {
            Method::Elementwise(elementwise) => {
                let updates = elementwise.updates(&self.options, learning_rates);
                model.update(gradients, updates, UpdateStep { rule: elementwise.rule, step, grad_scale })?;
            }
            Method::Adafactor(adafactor) => model.update_each(gradients, |position, parameter, gradient| {
                let ParameterOptions { learning_rate, weight_decay } = self.options[position];
                let options = AdafactorStep { step, learning_rate: learning_rates.of(learning_rate), weight_decay };
                adafactor.update(position, parameter, &(gradient * grad_scale), options);
            })?,
        }
        Ok(())
    }

    /// Whether another number of threads gives other bytes on the CPU: Adafactor's means are libtorch's.
    pub(crate) fn depends_on_threads(&self) -> bool {
        matches!(self.method, Method::Adafactor(_))
    }
}

impl Elementwise {
    fn new(rule: UpdateRule, parameters: &Parameters) -> Self {
        let size = size_side_by_side(parameters.trained());
        let options = (Kind::Float, parameters.flat.device());
        let buffers: Vec<Tensor> = (0..rule.n_moments()).map(|_| Tensor::zeros([size], options)).collect();
        let mut moments: Vec<Vec<Tensor>> = parameters.trained().map(|_| Vec::new()).collect();
        for buffer in &buffers {
            for (moments, view) in moments.iter_mut().zip(views_side_by_side(buffer, parameters.trained())) {
                moments.push(view);
            }
        }
        Self { rule, buffers, moments }
    }

    /// The part of each trained parameter in a step.
    fn updates(&self, options: &[ParameterOptions], learning_rates: LearningRates) -> Vec<ParameterUpdate> {
        let update = |(moments, options): (&Vec<Tensor>, &ParameterOptions)| ParameterUpdate {
            moments: moments.iter().map(Tensor::shallow_clone).collect(),
            learning_rate: learning_rates.of(options.learning_rate),
            weight_decay: options.weight_decay,
        };
        self.moments.iter().zip(options).map(update).collect()
    }
}

/// The highest learning rate of the parameter `name`: lower with every layer further down, and the classifier's its own.
fn highest_rate(plan: &OptimizerPlan, name: &str, n_layers: usize) -> f64 {
    if name.starts_with("classifier.") {
        return plan.head_learning_rate.unwrap_or(plan.learning_rate);
    }
    let layers_above = if name.starts_with("bert.embeddings.") {
        n_layers
    } else {
        layer_of(name).map_or(0, |layer| n_layers - 1 - layer)
    };
    let steps_down = if name.starts_with("bert.pooler.") { 0 } else { layers_above as i32 + 1 };
    plan.learning_rate * plan.layerwise_lr_decay.powi(steps_down)
}

#[cfg(test)]
mod tests {
    use bert::Precision;
    use std::collections::BTreeSet;

    use clap::{CommandFactory, Parser};
    use serde_json::Value;

    use super::*;
    use crate::settings::OptimizerArgs;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        optimizer: OptimizerArgs,
    }

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

    fn plan(flags: &str) -> OptimizerPlan {
        let words = ["program", "--learning-rate", "0.05"].into_iter().chain(flags.split_whitespace());
        OptimizerPlan::resolve(&Flags::parse_from(words).optimizer).unwrap()
    }

    /// The flags of an optimizer with these arguments of PyTorch's.
    fn flags(optimizer: &str, kwargs: &Value) -> String {
        let arguments = [
            ("adam-beta1", &kwargs["betas"][0]),
            ("adam-beta2", &kwargs["betas"][1]),
            ("adam-epsilon", &kwargs["eps"]),
            ("sgd-momentum", &kwargs["momentum"]),
            ("weight-decay", &kwargs["weight_decay"]),
        ];
        let given = arguments.into_iter().filter(|(_, value)| value.is_number());
        given.fold(format!("--optim {optimizer}"), |flags, (name, value)| format!("{flags} --{name} {value}"))
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
        let mut seen = BTreeSet::new();
        for case in table["cases"].as_array().unwrap() {
            let flags = flags(case["optimizer"].as_str().unwrap(), &case["kwargs"]);
            seen.insert(case["optimizer"].as_str().unwrap().to_owned());
            let (plan, config) = (plan(&flags), config());
            let mut parameters = Parameters::zeros(&config, 2, tch::Device::Cpu);
            parameters.freeze(|name| name != MATRIX && name != VECTOR);
            for (parameter, name) in parameters.trained().zip(["matrix", "vector"]) {
                tch::no_grad(|| parameter.tensor.shallow_clone().copy_(&tensor(&table["start"][name])));
            }
            let mut model = Model::with_operators(parameters, &config, Precision::Float32).unwrap();
            let mut optimizer = Optimizer::new(plan, model.parameters(), &config);
            for (step, after) in case["after"].as_array().unwrap().iter().enumerate() {
                let tensors = ["matrix", "vector"].map(|name| tensor(&table["gradients"][step][name]));
                let gradients = Gradients::from_tensors(model.parameters(), &tensors).unwrap();
                let fraction = table["learning_rates"][step].as_f64().unwrap() / plan.learning_rate;
                let learning_rates = LearningRates::Fraction(fraction);
                let rates = StepRates { step: step as u64, learning_rates, grad_scale: 1.0 };
                optimizer.step(&mut model, &gradients, rates).unwrap();
                for (parameter, name) in model.parameters().trained().zip(["matrix", "vector"]) {
                    let difference = (&parameter.tensor - tensor(&after[name])).abs().max().double_value(&[]);
                    let comparable = parameter.decay || plan.weight_decay == 0.0;
                    assert!(!comparable || difference < 5e-6, "{flags}, step {step}: {name} differs by {difference}");
                }
            }
        }
        let command = Flags::command();
        let optim = command.get_arguments().find(|argument| argument.get_id() == "optim").unwrap();
        let ours: BTreeSet<String> =
            optim.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        assert_eq!(ours, seen);
    }

    #[test]
    fn rates_fall_from_layer_to_layer_and_the_head_has_its_own() {
        let plan = plan("--layerwise-lr-decay 0.5 --head-learning-rate 0.1");
        let rate = |name: &str| highest_rate(&plan, name, 2);
        assert_eq!(rate("classifier.weight"), 0.1);
        assert_eq!(rate("bert.pooler.dense.weight"), 0.05);
        assert_eq!(rate("bert.encoder.layer.1.output.dense.weight"), 0.025);
        assert_eq!(rate("bert.encoder.layer.0.output.dense.bias"), 0.0125);
        assert_eq!(rate(MATRIX), 0.00625);
    }
}
