//! Products of bytes: near the reference, and the same bits however many threads there are. Skipped, with a word, where the
//! processor has none.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "shared with tests that read more of it")]
mod variant;

use bert::{BertError, Compute, DropoutCounters, DropoutRates, DropoutSites, Mode, Model, Precision, infer};
use tch::{Device, Tensor};
use variant::Variant;

fn has_int8() -> bool {
    let has = bert_kernels::Int8Encoder::runs();
    if !has {
        eprintln!("skipped: this processor has no products of bytes");
    }
    has
}

fn model(variant: &Variant) -> Model {
    let (parameters, _) = bert::load(&variant.folder, variant.n_outputs, 0, Device::Cpu).unwrap();
    tch::no_grad(|| Model::new(parameters, &variant.folder.config, Precision::Int8)).unwrap()
}

fn logits(model: &Model, variant: &Variant, sentences: &[&[i32]]) -> Vec<f32> {
    infer(model, sentences, variant.n_outputs, |_| ()).unwrap()
}

#[test]
fn logits_are_near_those_of_the_reference() {
    for mut variant in Variant::all() {
        if !has_int8() {
            return;
        }
        let logits = logits(&model(&variant), &variant, &variant.sentences());
        let expected = variant.expected("logits").to_device(Device::Cpu).flatten(0, -1);
        let difference = (Tensor::from_slice(&logits) - expected).abs().max().double_value(&[]);
        assert!(difference < 0.15 && difference > 0.0, "{}: int8 differs by {difference}", variant.name);
    }
}

#[test]
fn no_bit_depends_on_the_threads_and_the_batch_changes_only_the_heads_roundings() {
    for variant in Variant::all() {
        if !has_int8() {
            return;
        }
        let model = model(&variant);
        assert!(!model.depends_on_threads());
        let together = logits(&model, &variant, &variant.sentences());
        let alone: Vec<f32> =
            variant.sentences().into_iter().flat_map(|sentence| logits(&model, &variant, &[sentence])).collect();
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(together.iter().zip(&alone).all(near), "{}: {together:?}, alone {alone:?}", variant.name);
        let threads = tch::get_num_threads();
        tch::set_num_threads(1);
        let one_thread = logits(&model, &variant, &variant.sentences());
        tch::set_num_threads(threads);
        assert_eq!(together, one_thread, "{}", variant.name);
    }
}

#[test]
fn there_is_no_training_in_bytes() {
    if !has_int8() {
        return;
    }
    let variant = &Variant::all()[0];
    let model = model(variant);
    let rates = DropoutRates { hidden: 0.1, attention: 0.1, classifier: 0.1 };
    let sites = DropoutSites::new(rates, DropoutCounters { seed: 42, step: 0, micro_batch: 0 });
    let batch = bert::Batch::new(&variant.sentences()[..2], Device::Cpu);
    let refused = model.forward(&batch, Mode::Train(&sites)).unwrap_err();
    assert!(matches!(&refused, BertError::Unavailable(message) if message.contains("not for training")), "{refused}");
}

#[test]
fn it_is_asked_for_and_never_chosen() {
    assert_ne!(Compute::resolve("cpu", Some(1), "auto").unwrap().precision, Precision::Int8);
    match Compute::resolve("cpu", Some(1), "int8") {
        Ok(compute) => assert_eq!(compute.precision, Precision::Int8),
        Err(refused) => {
            assert!(!bert_kernels::cpu_features().avx512_vnni);
            assert!(refused.is_bad_input() && refused.to_string().contains("AVX512_VNNI"), "{refused}");
        }
    }
}
