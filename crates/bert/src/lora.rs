//! LoRA, low-rank adaptation: beside a frozen matrix W, a product B·A of two small ones is trained.
//!
//! Hu et al., "LoRA: low-rank adaptation of large language models" (2021). With rank r and the factor alpha / r, a layer
//! gives `x Wᵀ + alpha / r · (x Aᵀ) Bᵀ`. A is drawn, B is zero, so that training begins at the model as it is. At the end
//! the product is added to W, and nothing of it is left in the model's shape.

use std::collections::BTreeMap;
use std::str::FromStr;

use checkpoint::{BertConfig, TensorSpec};
use serde::Serialize;
use tch::no_grad;

use crate::parameters::{Adapter, CheckpointTensor, Parameter, Parameters};
use crate::random::uniform_tensor;

/// Which matrices are adapted, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lora {
    /// Rows of A and columns of B.
    #[serde(rename = "lora_rank")]
    pub rank: usize,
    /// The product counts alpha / rank.
    #[serde(rename = "lora_alpha")]
    pub alpha: f64,
    /// The matrices with a product beside them, in every layer.
    #[serde(rename = "lora_targets")]
    pub targets: Vec<LoraTarget>,
}

impl Lora {
    /// The shapes of A `(rank, n_in)` and B `(n_out, rank)` of every adapter in a model of this config.
    pub fn shapes(&self, config: &BertConfig) -> Vec<[usize; 2]> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let of_target = |target: &LoraTarget| {
            let (n_out, n_in) = match target {
                LoraTarget::Intermediate => (intermediate, hidden),
                LoraTarget::Output => (hidden, intermediate),
                LoraTarget::Query | LoraTarget::Key | LoraTarget::Value | LoraTarget::AttentionOutput => {
                    (hidden, hidden)
                }
            };
            [[self.rank, n_in], [n_out, self.rank]]
        };
        (0..config.num_hidden_layers).flat_map(|_| self.targets.iter().flat_map(of_target)).collect()
    }
}

/// A matrix of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraTarget {
    /// `attention.self.query`
    Query,
    /// `attention.self.key`
    Key,
    /// `attention.self.value`
    Value,
    /// `attention.output.dense`
    AttentionOutput,
    /// `intermediate.dense`
    Intermediate,
    /// `output.dense`
    Output,
}

impl LoraTarget {
    /// Every target, in the order of a layer.
    pub const ALL: [Self; 6] =
        [Self::Query, Self::Key, Self::Value, Self::AttentionOutput, Self::Intermediate, Self::Output];

    /// As it is typed and serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Key => "key",
            Self::Value => "value",
            Self::AttentionOutput => "attention_output",
            Self::Intermediate => "intermediate",
            Self::Output => "output",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Query => "attention.self.query",
            Self::Key => "attention.self.key",
            Self::Value => "attention.self.value",
            Self::AttentionOutput => "attention.output.dense",
            Self::Intermediate => "intermediate.dense",
            Self::Output => "output.dense",
        }
    }
}

impl FromStr for LoraTarget {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| format!("{name} is not one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

impl Parameters {
    /// These parameters, all frozen but the classifier's and those in `new`, which were drawn, with the products of `lora`
    /// beside them. A is a function of `seed`, uniform in ±1/√n_in as a new linear layer of PyTorch.
    #[must_use]
    pub fn with_adapters(self, lora: &Lora, config: &BertConfig, new: &[String], seed: u64) -> Self {
        let mut groups: Vec<Vec<TensorSpec>> = self.list.iter().map(specs).collect();
        let shapes: BTreeMap<String, Vec<i64>> =
            self.checkpoint_tensors().map(|(_, tensor)| (tensor.name.clone(), tensor.shape.clone())).collect();
        let mut adapters = Vec::new();
        for layer in 0..config.num_hidden_layers {
            for target in &lora.targets {
                let path = format!("bert.encoder.layer.{layer}.{}", target.path());
                let target = format!("{path}.weight");
                let (n_out, n_in) = (shapes[&target][0] as usize, shapes[&target][1] as usize);
                let (a, b, scale) = (groups.len(), groups.len() + 1, lora.alpha / lora.rank as f64);
                groups.push(vec![TensorSpec { name: format!("{path}.lora_A"), shape: vec![lora.rank, n_in] }]);
                groups.push(vec![TensorSpec { name: format!("{path}.lora_B"), shape: vec![n_out, lora.rank] }]);
                adapters.push(Adapter { target, a, b, scale });
            }
        }
        let mut adapted = Self::from_groups(groups, self.flat.device());
        for (old, new) in self.list.iter().zip(&adapted.list) {
            no_grad(|| new.tensor.shallow_clone().copy_(&old.tensor));
        }
        for adapter in &adapters {
            let parameter = &adapted.list[adapter.a];
            let shape = parameter.tensor.size();
            // Streams of their own: those of the model's tensors are their indices in the checkpoint.
            let rng_stream = 1 << 32 | adapter.a as u64;
            let drawn = uniform_tensor(&shape, 1.0 / (shape[1] as f64).sqrt(), seed, rng_stream);
            Self::set(parameter, &parameter.checkpoint_tensors[0], &drawn);
        }
        adapted.adapters = adapters;
        for parameter in &mut adapted.list[..self.list.len()] {
            let name = &parameter.checkpoint_tensors[0].name;
            parameter.trainable = name.starts_with("classifier.") || new.contains(name);
        }
        adapted
    }

    /// The parameters of the plain model: every product added to its tensor. Without adapters these ones, on the same
    /// memory.
    #[must_use]
    pub fn merged(&self) -> Self {
        if self.adapters.is_empty() {
            return self.on_buffer(self.flat.shallow_clone());
        }
        let plain: Vec<&Parameter> = self.list.iter().filter(|parameter| !is_adapter(parameter)).collect();
        let merged = Self::from_groups(plain.iter().map(|parameter| specs(parameter)).collect(), self.flat.device());
        no_grad(|| {
            for (old, new) in plain.iter().zip(&merged.list) {
                new.tensor.shallow_clone().copy_(&old.tensor);
            }
            for adapter in &self.adapters {
                let (parameter, target) = merged.checkpoint_tensor(&adapter.target);
                let product = self.list[adapter.b].tensor.matmul(&self.list[adapter.a].tensor) * adapter.scale;
                let _ = target.view_of(&parameter.tensor.detach()).g_add_(&product);
            }
        });
        merged
    }

    fn checkpoint_tensor(&self, name: &str) -> (&Parameter, &CheckpointTensor) {
        let found = self.checkpoint_tensors().find(|(_, tensor)| tensor.name == name);
        found.unwrap_or_else(|| unreachable!("{name} is a tensor of every BERT"))
    }
}

fn is_adapter(parameter: &Parameter) -> bool {
    parameter.name().ends_with(".lora_A") || parameter.name().ends_with(".lora_B")
}

fn specs(parameter: &Parameter) -> Vec<TensorSpec> {
    let spec = |tensor: &CheckpointTensor| TensorSpec {
        name: tensor.name.clone(),
        shape: tensor.shape.iter().map(|&size| size as usize).collect(),
    };
    parameter.checkpoint_tensors.iter().map(spec).collect()
}
