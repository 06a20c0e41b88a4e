//! A small BERT with random weights, as the kernel and as libtorch's operators compute it, its sentences and its gradients.

use std::sync::{Mutex, PoisonError};

use bert::{Batch, DropoutCounters, DropoutRates, DropoutSites, Gradients, Model, Parameters, Precision};
use checkpoint::BertConfig;
use serde_json::json;
use tch::{Device, Kind, Tensor};

pub(crate) fn config(layers: usize, activation: &str) -> BertConfig {
    serde_json::from_value(json!({
        "vocab_size": 50, "hidden_size": 84, "num_hidden_layers": layers, "num_attention_heads": 3,
        "intermediate_size": 150, "max_position_embeddings": 128, "hidden_act": activation
    }))
    .unwrap()
}

/// Libtorch has one generator for all tests, so only one of them draws at a time.
pub(crate) static DRAWING: Mutex<()> = Mutex::new(());

/// Random weights, the norms' around one; the same at each call.
pub(crate) fn random_parameters(config: &BertConfig) -> Parameters {
    let _alone = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(7);
    let parameters = Parameters::zeros(config, 2, Device::Cpu);
    for parameter in &parameters.list {
        let mean = if parameter.name().ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let values = Tensor::randn(parameter.tensor.size(), (Kind::Float, Device::Cpu)) * 0.1 + mean;
        tch::no_grad(|| parameter.tensor.shallow_clone().copy_(&values));
    }
    parameters.trainable()
}

/// The same numbers as `parameters`, frozen where `is_frozen` says so.
pub(crate) fn frozen_copy(parameters: &Parameters, is_frozen: impl Fn(&str) -> bool) -> Parameters {
    let mut copy = parameters.deep_copy();
    copy.freeze(is_frozen);
    copy.trainable()
}

pub(crate) fn sentences() -> Vec<Vec<i32>> {
    [1, 90, 16, 17, 33, 2, 64, 5].iter().map(|&n| (0..n).map(|i| 1 + (i * 7 + n) % 49).collect()).collect()
}

pub(crate) fn batch(sentences: &[Vec<i32>]) -> Batch {
    Batch::new(&sentences.iter().map(Vec::as_slice).collect::<Vec<_>>(), Device::Cpu)
}

pub(crate) fn sites(hidden: f64, attention: f64, step: u64) -> DropoutSites {
    let rates = DropoutRates { hidden, attention, classifier: hidden };
    DropoutSites::new(rates, DropoutCounters { seed: 42, step, micro_batch: 0 })
}

pub(crate) fn forward_backward(model: &Model, sites: &DropoutSites) -> (Tensor, Vec<Tensor>) {
    let (logits, gradients) = two_micro_batches(model, sites);
    (logits, dense(&gradients))
}

/// Logits and gradients of two micro-batches, which add up.
pub(crate) fn two_micro_batches(model: &Model, sites: &DropoutSites) -> (Tensor, Gradients) {
    let mut gradients = model.gradients();
    let logits: Vec<Tensor> = sentences().chunks(5).map(|half| add(model, sites, half, &mut gradients)).collect();
    (Tensor::cat(&logits, 0), gradients)
}

pub(crate) fn gradients_of(model: &Model, sites: &DropoutSites, sentences: &[Vec<i32>]) -> Gradients {
    let mut gradients = model.gradients();
    let _ = add(model, sites, sentences, &mut gradients);
    gradients
}

/// Adds the gradients of one micro-batch; returns its logits.
pub(crate) fn add(model: &Model, sites: &DropoutSites, sentences: &[Vec<i32>], gradients: &mut Gradients) -> Tensor {
    let batch = batch(sentences);
    let forward = model.forward_train(&batch, sites).unwrap();
    let targets = Tensor::from_slice(&vec![1_i64; sentences.len()]);
    let loss = forward.logits.cross_entropy_for_logits(&targets);
    let logits = forward.logits.detach();
    forward.backward(&loss, gradients).unwrap();
    logits
}

pub(crate) fn dense(gradients: &Gradients) -> Vec<Tensor> {
    gradients.as_slice().iter().map(|gradient| gradient.to_dense().copy()).collect()
}

pub(crate) fn norm(tensor: &Tensor) -> f64 {
    tensor.norm().double_value(&[])
}

pub(crate) fn kernel(parameters: Parameters, config: &BertConfig, precision: Precision) -> Model {
    let model = Model::new(parameters, config, precision).unwrap();
    let is_kernel = !model.depends_on_threads();
    assert!(precision == Precision::Bf16 || is_kernel, "every processor has the kernel in float32");
    model
}

pub(crate) fn operators(parameters: Parameters, config: &BertConfig, precision: Precision) -> Model {
    Model::with_operators(parameters, config, precision).unwrap()
}

/// How far `ours` is from `theirs`, as a share of its own norm, or of a thousandth of all gradients' where it is small.
pub(crate) fn distances(ours: &[Tensor], theirs: &[Tensor]) -> Vec<f64> {
    let whole = theirs.iter().map(norm).map(|norm| norm * norm).sum::<f64>().sqrt();
    ours.iter().zip(theirs).map(|(ours, theirs)| norm(&(ours - theirs)) / (norm(theirs) + 1e-3 * whole)).collect()
}
