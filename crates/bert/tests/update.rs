//! Optimizer updates through the model: numbers are the same whenever somebody reads them in between.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use bert::{Batch, DropoutCounters, DropoutRates, DropoutSites, Model, ParameterUpdate, Parameters, Precision};
use bert_kernels::{UpdateRule, UpdateStep};
use checkpoint::BertConfig;
use serde_json::json;
use tch::{Device, Kind, Tensor};

fn model(with_operators: bool) -> Model {
    let config: BertConfig = serde_json::from_value(json!({
        "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 48, "max_position_embeddings": 16
    }))
    .unwrap();
    tch::manual_seed(3);
    let parameters = Parameters::zeros(&config, 2, Device::Cpu);
    for parameter in &parameters.list {
        let values = Tensor::randn(parameter.tensor.size(), (Kind::Float, Device::Cpu)) * 0.1;
        tch::no_grad(|| parameter.tensor.shallow_clone().copy_(&values));
    }
    let new = if with_operators { Model::with_operators } else { Model::new };
    new(parameters.trainable(), &config, Precision::Float32).unwrap()
}

/// The parameters and moments after ten steps whose batches read a few words each.
fn trained(mut model: Model, rule: UpdateRule, read_every_step: bool) -> Vec<Tensor> {
    let parameters = || model.parameters().trained();
    let decays: Vec<f64> = parameters().map(|parameter| if parameter.decay { 0.1 } else { 0.0 }).collect();
    let moments: Vec<Vec<Tensor>> = parameters()
        .map(|parameter| rule.moment_names().iter().map(|_| parameter.tensor.detach().zeros_like()).collect())
        .collect();
    let mut gradients = model.gradients();
    let no_dropout = DropoutSites::new(DropoutRates::NONE, DropoutCounters::default());
    for step in 1..=10 {
        gradients.clear();
        for micro_batch in 0..2 {
            let sentence: Vec<i32> = (0..7).map(|i| 1 + (step * step + micro_batch * 5 + i * i) % 59).collect();
            let batch = Batch::new(&[&sentence, &sentence[..3]], Device::Cpu);
            let forward = model.forward_train(&batch, &no_dropout).unwrap();
            let loss = forward.logits.cross_entropy_for_logits(&Tensor::from_slice(&[0_i64, 1]));
            forward.backward(&loss, &mut gradients).unwrap();
        }
        let update = |(moments, &weight_decay): (&Vec<Tensor>, &f64)| ParameterUpdate {
            moments: moments.iter().map(Tensor::shallow_clone).collect(),
            learning_rate: 1e-2 / f64::from(step),
            weight_decay,
        };
        let updates = moments.iter().zip(&decays).map(update).collect();
        let step = UpdateStep { rule, step: step as u64, grad_scale: 0.5 };
        model.update(&gradients, updates, step).unwrap();
        if read_every_step {
            model.flush_deferred_rows();
        }
    }
    let parameters = model.parameters().flat.copy();
    [parameters].into_iter().chain(moments.into_iter().flatten()).collect()
}

#[test]
fn deferred_rows_come_to_the_same_bits_whenever_they_are_read() {
    for rule in UpdateRule::EACH {
        for with_operators in [false, true] {
            let [deferred, read] = [false, true].map(|read| trained(model(with_operators), rule, read));
            assert_eq!(deferred, read, "{rule:?}, operators: {with_operators}");
        }
    }
}
