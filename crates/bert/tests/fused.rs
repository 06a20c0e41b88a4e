//! The encoder's kernel against the same model made of libtorch's operators: shapes that fill no panel, sentences of one
//! token and of many, dropout, accumulation, frozen parameters, both precisions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use std::sync::{Mutex, PoisonError};

use bert::{
    Batch, DropoutCounters, DropoutRates, DropoutSites, Gradients, Mode, Model, Parameter, Parameters, Precision,
};
use bert_kernels::global_norm;
use checkpoint::BertConfig;
use serde_json::json;
use tch::{Device, Kind, Tensor};

fn config(layers: usize, activation: &str) -> BertConfig {
    serde_json::from_value(json!({
        "vocab_size": 50, "hidden_size": 84, "num_hidden_layers": layers, "num_attention_heads": 3,
        "intermediate_size": 150, "max_position_embeddings": 128, "hidden_act": activation
    }))
    .unwrap()
}

/// Libtorch has one generator for all tests, so only one of them draws at a time.
static DRAWING: Mutex<()> = Mutex::new(());

/// Random weights, the norms' around one; the same at each call.
fn random_parameters(config: &BertConfig) -> Parameters {
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
fn frozen_copy(parameters: &Parameters, is_frozen: impl Fn(&str) -> bool) -> Parameters {
    let mut copy = parameters.deep_copy();
    copy.freeze(is_frozen);
    copy.trainable()
}

fn sentences() -> Vec<Vec<i32>> {
    [1, 90, 16, 17, 33, 2, 64, 5].iter().map(|&n| (0..n).map(|i| 1 + (i * 7 + n) % 49).collect()).collect()
}

fn batch(sentences: &[Vec<i32>]) -> Batch {
    Batch::new(&sentences.iter().map(Vec::as_slice).collect::<Vec<_>>(), Device::Cpu)
}

fn sites(hidden: f64, attention: f64, step: u64) -> DropoutSites {
    let rates = DropoutRates { hidden, attention, classifier: hidden };
    DropoutSites::new(rates, DropoutCounters { seed: 42, step, micro_batch: 0, rank: 0 })
}

fn forward_backward(model: &Model, sites: &DropoutSites) -> (Tensor, Vec<Tensor>) {
    let (logits, gradients) = two_micro_batches(model, sites);
    (logits, dense(&gradients))
}

/// Logits and gradients of two micro-batches, which add up.
fn two_micro_batches(model: &Model, sites: &DropoutSites) -> (Tensor, Gradients) {
    let mut gradients = model.gradients();
    let logits: Vec<Tensor> = sentences().chunks(5).map(|half| add(model, sites, half, &mut gradients)).collect();
    (Tensor::cat(&logits, 0), gradients)
}

fn gradients_of(model: &Model, sites: &DropoutSites, sentences: &[Vec<i32>]) -> Gradients {
    let mut gradients = model.gradients();
    let _ = add(model, sites, sentences, &mut gradients);
    gradients
}

/// Adds the gradients of one micro-batch; returns its logits.
fn add(model: &Model, sites: &DropoutSites, sentences: &[Vec<i32>], gradients: &mut Gradients) -> Tensor {
    let batch = batch(sentences);
    let forward = model.forward_train(&batch, sites).unwrap();
    let targets = Tensor::from_slice(&vec![1_i64; sentences.len()]);
    let loss = forward.logits.cross_entropy_for_logits(&targets);
    let logits = forward.logits.detach();
    forward.backward(&loss, gradients).unwrap();
    logits
}

fn dense(gradients: &Gradients) -> Vec<Tensor> {
    gradients.as_slice().iter().map(|gradient| gradient.to_dense().copy()).collect()
}

fn norm(tensor: &Tensor) -> f64 {
    tensor.norm().double_value(&[])
}

fn kernel(parameters: Parameters, config: &BertConfig, precision: Precision) -> Model {
    let model = Model::new(parameters, config, precision).unwrap();
    let is_kernel = !model.depends_on_threads();
    assert!(precision == Precision::Bf16 || is_kernel, "every processor has the kernel in float32");
    model
}

fn operators(parameters: Parameters, config: &BertConfig, precision: Precision) -> Model {
    Model::with_operators(parameters, config, precision).unwrap()
}

/// How far `ours` is from `theirs`, as a share of its own norm, or of a thousandth of all gradients' where it is small.
fn distances(ours: &[Tensor], theirs: &[Tensor]) -> Vec<f64> {
    let whole = theirs.iter().map(norm).map(|norm| norm * norm).sum::<f64>().sqrt();
    ours.iter().zip(theirs).map(|(ours, theirs)| norm(&(ours - theirs)) / (norm(theirs) + 1e-3 * whole)).collect()
}

/// Dropout of attention is left out: each path draws masks of its own for it.
fn assert_agree(config: &BertConfig, parameters: impl Fn() -> Parameters) {
    let sites = sites(0.2, 0.0, 3);
    let (logits, gradients) = forward_backward(&kernel(parameters(), config, Precision::Float32), &sites);
    let operators = operators(parameters(), config, Precision::Float32);
    let (expected_logits, expected) = forward_backward(&operators, &sites);
    assert!(norm(&(logits - &expected_logits)) < 1e-5 * norm(&expected_logits));
    for (distance, parameter) in distances(&gradients, &expected).into_iter().zip(operators.parameters().trained()) {
        assert!(distance < 1e-5, "{} differs by {distance:e}", parameter.name());
    }
}

#[test]
fn logits_and_gradients_are_those_of_the_operators() {
    for (layers, activation) in [(3, "gelu"), (1, "gelu_new"), (2, "relu")] {
        let config = config(layers, activation);
        assert_agree(&config, || random_parameters(&config));
    }
}

/// Where a panel of a matrix is packed in more than one piece.
#[test]
fn wide_matrices_are_packed_whole() {
    for intermediate in [600, 1100] {
        let config = BertConfig { intermediate_size: intermediate, ..config(2, "gelu") };
        assert_agree(&config, || random_parameters(&config));
    }
}

/// It is not read again, also where a micro-batch was added and where a parameter is two matrices, as the last layer's first
/// is.
#[test]
fn what_the_kernel_wrote_it_has_added_up() {
    let config = config(2, "gelu");
    let model = kernel(random_parameters(&config), &config, Precision::Float32);
    let (_, gradients) = two_micro_batches(&model, &sites(0.2, 0.0, 3));
    let known = || model.gradient_norm(&gradients).unwrap();
    let (read, known_first) = (global_norm(gradients.as_slice(), None).unwrap(), known());
    assert!((known_first - read).abs() < 1e-12 * read, "{known_first} and {read}");
    let is_matrix = |parameter: &Parameter| parameter.name().contains("encoder.layer") && parameter.decay;
    let matrices: Vec<_> =
        model.parameters().trained().zip(gradients.as_slice()).filter(|(parameter, _)| is_matrix(parameter)).collect();
    assert_eq!(matrices.len(), 8, "four in each layer");
    for (_, gradient) in matrices {
        let _ = gradient.values().shallow_clone().zero_();
    }
    assert_eq!(known(), known_first);
    assert!(global_norm(gradients.as_slice(), None).unwrap() < 0.9 * read);
}

#[test]
fn bf16_is_no_further_from_float32_than_the_operators_are() {
    let config = config(3, "gelu");
    let sites = sites(0.2, 0.0, 3);
    let (_, exact) = forward_backward(&kernel(random_parameters(&config), &config, Precision::Float32), &sites);
    let (_, ours) = forward_backward(&kernel(random_parameters(&config), &config, Precision::Bf16), &sites);
    let (_, theirs) = forward_backward(&operators(random_parameters(&config), &config, Precision::Bf16), &sites);
    let mean = |distances: Vec<f64>| distances.iter().sum::<f64>() / distances.len() as f64;
    let (ours, theirs) = (mean(distances(&ours, &exact)), mean(distances(&theirs, &exact)));
    assert!(ours < 1.1 * theirs && theirs < 0.1, "{ours} and {theirs}");
}

#[test]
fn what_is_frozen_has_no_gradient_and_changes_no_other() {
    let config = config(3, "gelu");
    let freeze: [fn(&str) -> bool; 4] = [
        |name| !name.contains("word_embeddings"),
        |name| name.starts_with("bert.embeddings."),
        |name| name.starts_with("bert.embeddings.") || name.contains(".layer.0."),
        |name| name.contains("word_embeddings") || name.contains("output.dense") || name.ends_with("query.bias"),
    ];
    for is_frozen in freeze {
        let parameters = || frozen_copy(&random_parameters(&config), is_frozen);
        assert!(parameters().trained().count() < parameters().list.len());
        assert_agree(&config, parameters);
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let config = config(2, "gelu");
    let model = kernel(random_parameters(&config), &config, Precision::Float32);
    let with_threads = |threads| {
        tch::set_num_threads(threads);
        let (logits, gradients) = two_micro_batches(&model, &sites(0.1, 0.1, 1));
        let norm = model.gradient_norm(&gradients).unwrap();
        (logits, dense(&gradients), norm)
    };
    let (logits, gradients, norm) = with_threads(1);
    for threads in [2, 3, 7] {
        let (others, other_gradients, other_norm) = with_threads(threads);
        assert_eq!((others, other_norm), (logits.copy(), norm));
        for ((ours, other), parameter) in gradients.iter().zip(&other_gradients).zip(&model.parameters().list) {
            assert_eq!(ours, other, "{} with {threads} threads", parameter.name());
        }
    }
}

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

#[test]
fn a_token_without_a_row_is_named() {
    let config = config(1, "gelu");
    let model = kernel(random_parameters(&config), &config, Precision::Float32);
    let error = model.forward(&batch(&[vec![1, 50]]), Mode::Evaluate).unwrap_err().to_string();
    assert_eq!(error, "libtorch: token 50 is not below 50, the rows of its table");
}

/// Each batch is summed up before it is added: so a process may add what others have computed.
#[test]
fn accumulated_gradients_are_the_sums_of_the_batches_to_the_bit() {
    let config = config(2, "gelu");
    let model = kernel(random_parameters(&config), &config, Precision::Float32);
    let sites = sites(0.1, 0.1, 5);
    let (_, sums) = two_micro_batches(&model, &sites);
    let norm = model.gradient_norm(&sums).unwrap();
    assert_eq!(model.gradient_norm_of_sum(&sums).unwrap().to_bits(), norm.to_bits());
    let [first, second] = [0..5, 5..8].map(|half| dense(&gradients_of(&model, &sites, &sentences()[half])));
    assert!(dense(&sums).iter().zip(first.iter().zip(&second)).all(|(sum, (first, second))| *sum == first + second));
}
