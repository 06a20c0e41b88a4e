//! Low-rank adaptation: beside a matrix W that is kept, a product B·A of two small ones is learned.
//!
//! Hu et al., "LoRA: low-rank adaptation of large language models" (2021). With rank r and the factor alpha / r, a layer
//! gives `x Wᵀ + alpha / r · (x Aᵀ) Bᵀ`. A is drawn, B is zero, so that training begins at the model as it is. At the end
//! the product is added to W, and nothing of it is left in the model's shape.

use std::collections::BTreeMap;

use checkpoint::{BertConfig, TensorSpec};
use clap::ValueEnum;
use serde::Serialize;
use tch::no_grad;

use crate::Parameters;
use crate::parameters::{Leaf, Part};
use crate::random::uniform_tensor;

/// What is adapted, and how.
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

/// A matrix of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
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

/// The product beside one tensor of the checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Adapter {
    /// The tensor's canonical name.
    pub(crate) target: String,
    /// Places of A `(rank, n_in)` and B `(n_out, rank)` among the leaves.
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) scale: f64,
}

impl Parameters {
    /// These parameters, all kept but the classifier's and those in `new`, which were drawn, with the products of `lora`
    /// beside them. A is a function of `seed`, uniform in ±1/√n_in as a new linear layer of PyTorch.
    #[must_use]
    pub fn with_adapters(self, lora: &Lora, config: &BertConfig, new: &[String], seed: u64) -> Self {
        let mut groups: Vec<Vec<TensorSpec>> = self.leaves.iter().map(specs_of).collect();
        let shapes: BTreeMap<String, Vec<i64>> =
            self.parts().map(|(_, part)| (part.name.clone(), part.shape.clone())).collect();
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
        let mut adapted = Self::of_groups(groups, self.flat.device());
        for (old, new) in self.leaves.iter().zip(&adapted.leaves) {
            no_grad(|| new.tensor.shallow_clone().copy_(&old.tensor));
        }
        for adapter in &adapters {
            let leaf = &adapted.leaves[adapter.a];
            let shape = leaf.tensor.size();
            // Streams of their own: those of the model's tensors are their places among the parts.
            let stream = 1 << 32 | adapter.a as u64;
            let drawn = uniform_tensor(&shape, 1.0 / (shape[1] as f64).sqrt(), seed, stream);
            adapted.set(leaf, &leaf.parts[0], &drawn);
        }
        adapted.adapters = adapters;
        let n_old = self.leaves.len();
        for leaf in &mut adapted.leaves[..n_old] {
            let name = &leaf.parts[0].name;
            leaf.trainable = name.starts_with("classifier.") || new.contains(name);
        }
        adapted
    }

    /// The parameters of the plain model: every product added to its tensor. Without adapters these ones, on the same
    /// memory.
    #[must_use]
    pub fn merged(&self) -> Self {
        if self.adapters.is_empty() {
            return self.over(self.flat.shallow_clone());
        }
        let plain: Vec<&Leaf> = self.leaves.iter().filter(|leaf| !is_adapter(leaf)).collect();
        let merged = Self::of_groups(plain.iter().map(|leaf| specs_of(leaf)).collect(), self.flat.device());
        no_grad(|| {
            for (old, new) in plain.iter().zip(&merged.leaves) {
                new.tensor.shallow_clone().copy_(&old.tensor);
            }
            for adapter in &self.adapters {
                let (leaf, part) = merged.part(&adapter.target);
                let product = self.leaves[adapter.b].tensor.matmul(&self.leaves[adapter.a].tensor) * adapter.scale;
                let _ = leaf.part_of(&leaf.tensor.detach(), part).g_add_(&product);
            }
        });
        merged
    }

    fn part(&self, name: &str) -> (&Leaf, &Part) {
        let found = self.parts().find(|(_, part)| part.name == name);
        found.unwrap_or_else(|| unreachable!("{name} is a tensor of every BERT"))
    }

    /// The product beside the tensor `name`.
    pub(crate) fn adapter(&self, name: &str) -> Option<&Adapter> {
        self.adapters.iter().find(|adapter| adapter.target == name)
    }
}

fn is_adapter(leaf: &Leaf) -> bool {
    let name = &leaf.parts[0].name;
    name.ends_with(".lora_A") || name.ends_with(".lora_B")
}

fn specs_of(leaf: &Leaf) -> Vec<TensorSpec> {
    let spec = |part: &Part| TensorSpec {
        name: part.name.clone(),
        shape: part.shape.iter().map(|&size| size as usize).collect(),
    };
    leaf.parts.iter().map(spec).collect()
}
