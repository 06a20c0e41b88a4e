//! The files that are written, run by the runtime, against what Transformers computes: the small BERTs of `tests/fixtures/parity`, which
//! have every activation, odd shapes, bare and old names, one to five outputs.

use std::fs;
use std::path::Path;

use checkpoint::{ModelFolder, SafetensorsFile};
use serde_json::Value;
use testkit::fixture;

use super::*;
use crate::onnx::{Products, TrainedClassifier, write_classifier};

struct Variant {
    folder: ModelFolder,
    n_outputs: usize,
    rows: Vec<Vec<i32>>,
    /// Of Transformers, `(rows, n_outputs)`.
    logits: Vec<f32>,
}

impl Variant {
    fn all() -> Vec<Self> {
        let entries = fs::read_dir(fixture("parity")).unwrap();
        let variants: Vec<Self> = entries.map(|entry| Self::read(&entry.unwrap().path())).collect();
        assert_eq!(variants.len(), 4);
        variants
    }

    fn read(path: &Path) -> Self {
        let rows: Vec<Value> = serde_json::from_slice(&fs::read(path.join("data.json")).unwrap()).unwrap();
        let logits = SafetensorsFile::open(&path.join("expected.safetensors")).unwrap().read("logits").unwrap();
        let folder = ModelFolder::open(path).unwrap();
        Self {
            n_outputs: folder.config.id2label.as_ref().unwrap().len(),
            folder,
            rows: rows.iter().map(|row| serde_json::from_value(row["input_ids"].clone()).unwrap()).collect(),
            logits: logits.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        }
    }

    fn rows(&self) -> Vec<&[i32]> {
        self.rows.iter().map(Vec::as_slice).collect()
    }

    fn file(&self, products: Products) -> Vec<u8> {
        let mut file = Vec::new();
        let weights = self.folder.weights().unwrap();
        let classifier = TrainedClassifier { config: &self.folder.config, weights, n_outputs: self.n_outputs };
        write_classifier(&mut file, classifier, products, &[("labels", "[]".to_owned())]).unwrap();
        file
    }

    fn session(&self, products: Products) -> Session {
        opened(self.file(products)).unwrap()
    }

    fn largest_difference(&self, logits: &[f32]) -> f32 {
        assert_eq!(logits.len(), self.logits.len());
        let differences = logits.iter().zip(&self.logits).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, |largest, difference| if difference > largest { difference } else { largest })
    }
}

fn opened(file: Vec<u8>) -> anyhow::Result<Session> {
    Session::decode(Path::new("model.onnx"), file.into())
}

#[test]
fn float32_is_what_transformers_computes_in_batches_and_alone() {
    for variant in Variant::all() {
        let session = variant.session(Products::Float32);
        let together = session.logits(&variant.rows(), 0).unwrap();
        let difference = variant.largest_difference(&together);
        assert!(difference < 2e-6, "{}: {difference}", variant.folder.path.display());
        let alone: Vec<f32> = variant.rows().iter().flat_map(|row| session.logits(&[row], 0).unwrap()).collect();
        let difference = variant.largest_difference(&alone);
        assert!(difference < 2e-6, "{}: {difference}", variant.folder.path.display());
    }
}

#[test]
fn int8_is_near_it() {
    for variant in Variant::all() {
        let session = variant.session(Products::Int8);
        let alone: Vec<f32> = variant.rows().iter().flat_map(|row| session.logits(&[row], 0).unwrap()).collect();
        let difference = variant.largest_difference(&alone);
        assert!(difference > 1e-6 && difference < 0.1, "{}: {difference}", variant.folder.path.display());
    }
}

#[test]
fn the_same_model_has_the_same_bytes_and_every_truncation_is_noticed() {
    let variant = Variant::all().remove(0);
    for products in [Products::Float32, Products::Int8] {
        let file = variant.file(products);
        assert!(file == variant.file(products));
        for length in (0..file.len()).step_by(97) {
            assert!(opened(file[..length].to_vec()).is_err(), "{length} of {} bytes", file.len());
        }
    }
}

#[test]
fn a_changed_number_changes_what_is_said() {
    let variant = Variant::all().remove(0);
    let mut file = variant.file(Products::Float32);
    let last = file.len() - 1;
    file[last] ^= 0x40; // the exponent of the last number
    let logits = opened(file).unwrap().logits(&variant.rows(), 0).unwrap();
    assert!(variant.largest_difference(&logits) > 1e-3);
}

#[test]
fn a_text_of_more_tokens_than_positions_is_an_error() {
    let variant = Variant::all().remove(0);
    let row = vec![1; variant.folder.config.max_position_embeddings + 1];
    let problem = format!("{:#}", variant.session(Products::Float32).logits(&[&row], 0).unwrap_err());
    assert!(problem.starts_with("model.onnx cannot be computed: bert/embeddings/add_positions: "), "{problem}");
}
