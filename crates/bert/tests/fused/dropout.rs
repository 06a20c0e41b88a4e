//! The kernel's dropout: its share, and the same masks on the way back.

use std::sync::PoisonError;

use bert::{Mode, Parameter, Parameters, Precision};
use checkpoint::BertConfig;
use serde_json::json;
use tch::{Device, Kind, Tensor};

use crate::models::{DRAWING, batch, config, forward_backward, kernel, random_parameters, sites};

/// With dropout everywhere the loss is still a function of the weights: its slope along a direction is what the gradients
/// say, so that the way back draws the masks of the way there.
#[test]
fn gradients_go_through_the_masks_of_the_forward_pass() {
    let config = config(2, "gelu");
    let sites = sites(0.2, 0.3, 5);
    let mut model = kernel(random_parameters(&config), &config, Precision::Float32);
    let (_, gradients) = forward_backward(&model, &sites);
    let direction = |parameter: &Parameter| Tensor::randn(parameter.tensor.size(), (Kind::Float, Device::Cpu));
    let alone = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let directions: Vec<Tensor> = model.parameters().list.iter().map(direction).collect();
    drop(alone);
    let slope: f64 = gradients.iter().zip(&directions).map(|(g, d)| (g * d).sum(Kind::Double).double_value(&[])).sum();
    let mut loss_at = |distance: f64| {
        for (parameter, direction) in model.parameters().list.iter().zip(&directions) {
            tch::no_grad(|| drop(parameter.tensor.shallow_clone().g_add_(&(direction * distance))));
        }
        model.read_weights().unwrap();
        let (logits, _) = forward_backward(&model, &sites);
        let losses = logits.log_softmax(-1, Kind::Double).select(1, 1) * -1.0;
        let halves = [losses.narrow(0, 0, 5), losses.narrow(0, 5, 3)];
        halves.iter().map(|half| half.mean(Kind::Double).double_value(&[])).sum::<f64>()
    };
    let distance = 1e-3;
    let (ahead, behind) = (loss_at(distance), loss_at(-2.0 * distance));
    let measured = (ahead - behind) / (2.0 * distance);
    assert!((measured - slope).abs() < 0.01 * slope.abs().max(1.0), "{measured} along the line, {slope} by gradients");
}

/// A layer whose attention is uniform and whose values are one constant: the hidden state of a first token is the sum of the
/// probabilities that were kept, which is one on average and varies by p / (1 - p) / length.
#[test]
fn attention_drops_the_right_share() {
    let config: BertConfig = serde_json::from_value(json!({
        "vocab_size": 4, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
        "intermediate_size": 4, "max_position_embeddings": 64
    }))
    .unwrap();
    let parameters = Parameters::zeros(&config, 2, Device::Cpu);
    let set = |name: &str, row: i64, values: [f32; 4]| {
        tch::no_grad(|| parameters.get(name).tensor.view([-1, 4]).get(row).copy_(&Tensor::from_slice(&values)));
    };
    let layer = |name: &str| format!("bert.encoder.layer.0.{name}");
    let (state, value) = ([1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]); // at right angles, and with a mean of zero
    set("bert.embeddings.LayerNorm.bias", 0, state);
    set(&layer("attention.self.query.bias"), 2, value);
    for norm in ["attention.output.LayerNorm.weight", "output.LayerNorm.weight"] {
        set(&layer(norm), 0, [1.0; 4]);
    }
    for row in 0..4 {
        let unit: [f32; 4] = std::array::from_fn(|column| f32::from(u8::from(column as i64 == row)));
        set(&layer("attention.output.dense.weight"), row, unit);
        set("bert.pooler.dense.weight", row, unit.map(|x| x * 1e-3)); // where tanh is straight
    }
    set("classifier.weight", 0, state);
    set("classifier.weight", 1, value);

    let (length, n, p) = (50, 600, 0.2);
    let sentences = vec![vec![1; length]; n];
    let model = kernel(parameters, &config, Precision::Float32);
    let logits = model.forward(&batch(&sentences), Mode::Train(&sites(0.0, p, 1))).unwrap();
    let sums = logits.select(1, 1) / logits.select(1, 0);
    let mean = sums.mean(Kind::Double).double_value(&[]);
    let variance = (&sums - 1.0).square().mean(Kind::Double).double_value(&[]);
    let expected = p / (1.0 - p) / length as f64;
    assert!((mean - 1.0).abs() < 6.0 * (expected / n as f64).sqrt(), "mean {mean}");
    assert!((variance / expected - 1.0).abs() < 6.0 * (2.0 / n as f64).sqrt(), "variance {variance}, not {expected}");
}
