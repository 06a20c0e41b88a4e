//! The encoder's kernel against the same model made of libtorch's operators: shapes that fill no panel, sentences of one
//! token and of many, dropout, accumulation, frozen parameters, both precisions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod models;
mod dropout;

use bert::{Mode, Parameter, Parameters, Precision};
use bert_kernels::global_norm;
use checkpoint::BertConfig;

use models::*;

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
