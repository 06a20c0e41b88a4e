//! Agreement with the reference on a small random BERT: `tests/fixtures/small-bert`, made by
//! `tests/peers/make_fixtures.py` with the live reference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use std::path::{Path, PathBuf};

use bert::{Batch, Compute, DropoutRates, DropoutSites, Mode, Model, Parameters, Precision, infer};
use checkpoint::{ModelFolder, SafetensorsFile};
use tch::{Device, Kind, Tensor};
use torch_ext::Gradient;

/// Tests on CUDA with `BERT_TEST_DEVICE=cuda`; else on the CPU.
fn device() -> Device {
    match std::env::var("BERT_TEST_DEVICE").as_deref() {
        Ok("cuda") => Device::Cuda(0),
        _ => Device::Cpu,
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/small-bert")
}

struct Data {
    folder: ModelFolder,
    sentences: Vec<Vec<i32>>,
    labels: Vec<i64>,
    expected: SafetensorsFile,
}

impl Data {
    fn read() -> Self {
        let rows: serde_json::Value =
            serde_json::from_slice(&std::fs::read(fixture().join("data.json")).unwrap()).unwrap();
        let rows = rows.as_array().unwrap();
        let ids = |row: &serde_json::Value| {
            row["input_ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap() as i32).collect()
        };
        Self {
            folder: ModelFolder::open(&fixture()).unwrap(),
            sentences: rows.iter().map(ids).collect(),
            labels: rows.iter().map(|row| row["labels"].as_i64().unwrap()).collect(),
            expected: SafetensorsFile::open(&fixture().join("expected.safetensors")).unwrap(),
        }
    }

    fn sentences(&self) -> Vec<&[i32]> {
        self.sentences.iter().map(Vec::as_slice).collect()
    }

    fn expected(&mut self, name: &str) -> Tensor {
        let shape: Vec<i64> = self.expected.entries[name].shape.iter().map(|&size| size as i64).collect();
        Tensor::f_from_data_size(&self.expected.read(name).unwrap(), &shape, Kind::Float).unwrap().to_device(device())
    }

    fn parameters(&self) -> Parameters {
        let (parameters, report) = bert::load(&self.folder, 3, 0, device()).unwrap();
        assert!(report.new.is_empty() && report.ignored.is_empty());
        parameters
    }
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn rows(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).view([-1, 3]).to_device(device())
}

#[test]
fn logits_are_those_of_the_padded_reference_however_the_sentences_are_batched() {
    let mut data = Data::read();
    let expected = data.expected("logits");
    let parameters = data.parameters();
    let model = tch::no_grad(|| Model::new(&parameters, &data.folder.config, Precision::Float32));

    let together = infer(&model, &data.sentences(), 3, device(), |_| ()).unwrap();
    assert!(largest_difference(&rows(&together), &expected) < 1e-5);
    for (row, sentence) in data.sentences().into_iter().enumerate() {
        let alone = infer(&model, &[sentence], 3, device(), |_| ()).unwrap();
        let difference = largest_difference(&rows(&alone), &expected.narrow(0, row as i64, 1));
        assert!(difference < 1e-5, "sentence {row} alone differs by {difference}");
    }
}

#[test]
fn bf16_stays_near_float32() {
    let mut data = Data::read();
    let expected = data.expected("logits");
    let parameters = data.parameters();
    let model = tch::no_grad(|| Model::new(&parameters, &data.folder.config, Precision::Bf16));
    let logits = infer(&model, &data.sentences(), 3, device(), |_| ()).unwrap();
    let difference = largest_difference(&rows(&logits), &expected);
    assert!(difference < 0.15 && difference > 0.0, "bf16 differs by {difference}");
}

/// Each gradient tensor: the norm of the difference is at most 1e-5 of its norm + 1e-8 of the global norm.
///
/// The true gradient of `key.bias` is zero: a shift of all scores of a row changes no softmax. What both sides have there
/// is rounding alone, and is held to 1e-7 of the global norm.
#[test]
fn loss_and_every_gradient_are_those_of_the_reference() {
    let mut data = Data::read();
    let parameters = data.parameters().trainable();
    let model = Model::new(&parameters, &data.folder.config, Precision::Float32);
    let rates = DropoutRates { hidden: 0.0, attention: 0.0, classifier: 0.0 };
    let sites = DropoutSites::new(rates, 0, 0, 0, 0);
    let logits = model.forward(&Batch::new(&data.sentences()[..6], device()), Mode::Train(&sites)).unwrap();
    let loss = logits.cross_entropy_for_logits(&Tensor::from_slice(&data.labels[..6]).to_device(device()));
    assert!((loss.double_value(&[]) - data.expected("loss").double_value(&[0])).abs() < 1e-5);

    let leaves: Vec<&Tensor> = parameters.leaves.iter().map(|leaf| &leaf.tensor).collect();
    let gradients = Tensor::run_backward(&[&loss], &leaves, false, false);
    let gradients: Vec<Gradient> = gradients.iter().map(|gradient| Gradient::new(gradient).unwrap()).collect();
    let global = torch_ext::global_norm(&gradients);
    let mut compared = 0;
    for (leaf, gradient) in parameters.leaves.iter().zip(&gradients) {
        let dense = gradient.to_dense().view_as(&leaf.tensor);
        for part in &leaf.parts {
            let expected = data.expected(&format!("gradient/{}", part.name));
            let difference = (leaf.part_of(&dense, part) - &expected).norm().double_value(&[]);
            let of_global = if part.name.ends_with("key.bias") { 1e-7 } else { 1e-8 };
            let allowed = 1e-5 * expected.norm().double_value(&[]) + of_global * global;
            assert!(difference <= allowed, "{}: {difference:e} is more than {allowed:e}", part.name);
            compared += 1;
        }
    }
    assert_eq!(compared, 41);
}

#[test]
fn dropout_depends_on_the_counters_alone() {
    let data = Data::read();
    let parameters = data.parameters();
    let model = tch::no_grad(|| Model::new(&parameters, &data.folder.config, Precision::Float32));
    let batch = Batch::new(&data.sentences()[..6], device());
    let rates = DropoutRates { hidden: 0.1, attention: 0.1, classifier: 0.1 };
    let logits = |seed, step, micro_batch| {
        let sites = DropoutSites::new(rates, seed, step, micro_batch, 0);
        tch::no_grad(|| model.forward(&batch, Mode::Train(&sites)).unwrap())
    };
    assert!(largest_difference(&logits(42, 3, 1), &logits(42, 3, 1)) == 0.0);
    for other in [logits(43, 3, 1), logits(42, 4, 1), logits(42, 3, 0)] {
        assert!(largest_difference(&logits(42, 3, 1), &other) > 1e-3);
    }
}

#[test]
fn the_order_of_an_epoch_is_that_of_the_reference() {
    // torch.randperm(10, generator=torch.Generator().manual_seed(42)) and of 43
    assert_eq!(bert::random::permutation(10, 42, 0), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
    assert_eq!(bert::random::permutation(10, 42, 1), bert::random::permutation(10, 43, 0));
}

#[test]
fn automatic_precision_is_one_that_the_machine_has() {
    let args = bert::ComputeArgs { device: "cpu".to_owned(), threads: Some(1), precision: "auto".to_owned() };
    let compute = Compute::resolve(&args).unwrap();
    let cpu = torch_ext::cpu_features();
    let expected = if cpu.avx512_bf16 || cpu.amx_bf16 { Precision::Bf16 } else { Precision::Float32 };
    assert_eq!(compute.precision, expected);
}
