//! Agreement with the reference on the small random BERTs of `tests/fixtures/parity`: other shapes, activations, numbers of
//! outputs, and spellings of the tensors' names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod backward;
mod variant;

use backward::backward;
use bert::{Batch, Compute, DropoutCounters, DropoutRates, DropoutSites, Mode, Model, Precision, infer};
use tch::{Kind, Tensor};
use variant::{Variant, device};

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn norm(tensor: &Tensor) -> f64 {
    tensor.norm().double_value(&[])
}

/// `(sentences, n_outputs)`
fn logits(variant: &Variant, sentences: &[&[i32]], precision: Precision) -> Tensor {
    let parameters = variant.parameters();
    let model = tch::no_grad(|| Model::new(parameters, &variant.folder.config, precision)).unwrap();
    let logits = infer(&model, sentences, variant.n_outputs, |_| ()).unwrap();
    Tensor::from_slice(&logits).view([-1, variant.n_outputs as i64]).to_device(device())
}

#[test]
fn logits_are_those_of_the_padded_reference_however_the_sentences_are_batched() {
    for mut variant in Variant::all() {
        let expected = variant.expected("logits");
        let together = logits(&variant, &variant.sentences(), Precision::Float32);
        assert!(largest_difference(&together, &expected) < 1e-5, "{}", variant.name);
        for (row, sentence) in variant.sentences().into_iter().enumerate() {
            let alone = logits(&variant, &[sentence], Precision::Float32);
            let difference = largest_difference(&alone, &expected.narrow(0, row as i64, 1));
            assert!(difference < 1e-5, "{}: sentence {row} alone differs by {difference}", variant.name);
        }
    }
}

#[test]
fn bf16_stays_near_float32() {
    for mut variant in Variant::all() {
        let logits = logits(&variant, &variant.sentences(), Precision::Bf16);
        let difference = largest_difference(&logits, &variant.expected("logits"));
        assert!(difference < 0.15 && difference > 0.0, "{}: bf16 differs by {difference}", variant.name);
        // The head multiplies in float32: its logits are no numbers of bfloat16.
        let rounded = logits.to_kind(Kind::BFloat16).to_kind(Kind::Float);
        assert!(logits.ne_tensor(&rounded).all().int64_value(&[]) != 0, "{}: logits are rounded", variant.name);
    }
}

/// Each gradient tensor: the norm of the difference is at most 1e-5 of its norm + 1e-8 of the global norm.
///
/// The true gradient of `key.bias` is zero: a shift of all scores of a row changes no softmax. What both sides have there
/// is rounding alone, and is held to 1e-7 of the global norm.
#[test]
fn loss_and_every_gradient_are_those_of_the_reference() {
    for mut variant in Variant::all() {
        let name = variant.name.clone();
        let batch = Batch::new(&variant.sentences()[..6], device());
        let computed = backward(variant.parameters(), &variant.folder.config, &batch, &variant.targets(6)).unwrap();
        let (loss, expected) = (computed.loss.double_value(&[]), variant.expected("loss").double_value(&[0]));
        assert!((loss - expected).abs() < 1e-5, "{name}: loss {loss}, not {expected}");

        assert_eq!(computed.gradients.len(), variant.n_gradients(), "{name}");
        for (tensor, gradient) in &computed.gradients {
            let expected = variant.expected(&format!("gradient/{tensor}"));
            let of_global = if tensor.ends_with("key.bias") { 1e-7 } else { 1e-8 };
            let allowed = 1e-5 * norm(&expected) + of_global * computed.global_norm;
            let difference = norm(&(gradient - &expected));
            assert!(difference <= allowed, "{name}: {tensor}: {difference:e} is more than {allowed:e}");
        }
    }
}

#[test]
fn dropout_depends_on_the_counters_alone() {
    let variant = &Variant::all()[0];
    let parameters = variant.parameters();
    let model = tch::no_grad(|| Model::new(parameters, &variant.folder.config, Precision::Float32)).unwrap();
    let batch = Batch::new(&variant.sentences()[..6], device());
    let rates = DropoutRates { hidden: 0.1, attention: 0.1, classifier: 0.1 };
    let logits = |seed, step, micro_batch| {
        let sites = DropoutSites::new(rates, DropoutCounters { seed, step, micro_batch });
        tch::no_grad(|| model.forward(&batch, Mode::Train(&sites)).unwrap())
    };
    assert!(largest_difference(&logits(42, 3, 1), &logits(42, 3, 1)) == 0.0);
    for other in [logits(43, 3, 1), logits(42, 4, 1), logits(42, 3, 0)] {
        assert!(largest_difference(&logits(42, 3, 1), &other) > 1e-3);
    }
}

/// What a run of the reference's Trainer reads, epoch by epoch; `tests/reference/test_order.py` has the same literals.
#[test]
fn the_order_of_an_epoch_is_that_of_the_reference() {
    assert_eq!(
        bert::random::permutation(20, 42, 0),
        [2, 14, 18, 15, 1, 10, 0, 4, 6, 11, 8, 3, 7, 17, 13, 12, 19, 5, 16, 9]
    );
    assert_eq!(
        bert::random::permutation(33, 7, 3),
        [
            32, 30, 28, 10, 19, 1, 14, 13, 29, 5, 7, 22, 31, 23, 8, 20, 27, 16, 4, 21, 26, 24, 18, 3, 6, 2, 0, 12, 15,
            17, 25, 9, 11
        ]
    );
}

#[test]
fn automatic_precision_is_one_that_the_machine_has() {
    let compute = Compute::resolve("cpu", Some(1), "auto").unwrap();
    compute.load_libtorch().unwrap();
    let cpu = bert_kernels::cpu_features();
    let expected = if cpu.avx512_bf16 || cpu.amx_bf16 { Precision::Bf16 } else { Precision::Float32 };
    assert_eq!(compute.precision, expected);
}
