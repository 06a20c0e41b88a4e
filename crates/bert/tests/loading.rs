//! Loading is strict, and takes every spelling of a BERT's tensor names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use std::fs::File;
use std::path::{Path, PathBuf};

use bert::Parameters;
use checkpoint::{Element, ModelFolder, SafetensorsFile, TensorBytes, write_safetensors};
use tch::Device;
use tempfile::TempDir;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/small-bert")
}

type NamedTensor = (String, Vec<usize>, Vec<u8>);

/// The fixture's folder with its tensors changed by `change`.
fn changed(change: impl Fn(&mut Vec<NamedTensor>)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "vocab.txt"] {
        std::os::unix::fs::symlink(fixture().join(name), folder.path().join(name)).unwrap();
    }
    let mut file = SafetensorsFile::open(&fixture().join("model.safetensors")).unwrap();
    let names: Vec<String> = file.entries.keys().cloned().collect();
    let read = |name: String| {
        let bytes = file.read(&name).unwrap();
        let shape = file.entries[&name].shape.clone();
        (name, shape, bytes)
    };
    let mut tensors: Vec<NamedTensor> = names.into_iter().map(read).collect();
    change(&mut tensors);
    let tensors = tensors.into_iter().map(|(name, shape, bytes)| TensorBytes {
        name,
        element: Element::F32,
        shape,
        bytes: Box::new(move || Ok(bytes)),
    });
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    let mut target = File::create(folder.path().join("model.safetensors")).unwrap();
    write_safetensors(&mut target, tensors.collect()).unwrap();
    folder
}

fn load(folder: &Path, n_outputs: usize) -> Result<(Parameters, bert::LoadReport), bert::BertError> {
    bert::load(&ModelFolder::open(folder)?, n_outputs, 42, Device::Cpu)
}

fn rename(tensors: &mut Vec<NamedTensor>, rename: impl Fn(&str) -> String) {
    for (name, ..) in tensors {
        *name = rename(name);
    }
}

#[test]
fn old_names_and_a_missing_prefix_mean_the_same_weights() {
    let (expected, _) = load(&fixture(), 3).unwrap();
    let spellings: [fn(&str) -> String; 3] = [
        |name| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
        |name| name.strip_prefix("bert.").unwrap_or(name).to_owned(),
        str::to_owned,
    ];
    for spelling in spellings {
        let folder = changed(|tensors| rename(tensors, spelling));
        let (parameters, report) = load(folder.path(), 3).unwrap();
        assert_eq!(parameters.flat, expected.flat);
        assert!(report.new.is_empty());
    }
}

#[test]
fn a_missing_head_is_drawn_from_the_seed_and_said() {
    let folder = changed(|tensors| {
        tensors.retain(|(name, ..)| !name.contains("pooler") && !name.contains("classifier"));
        tensors.push(("cls.predictions.bias".to_owned(), vec![1], vec![0; 4]));
    });
    let (first, report) = load(folder.path(), 2).unwrap();
    assert_eq!(
        report.new,
        ["bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"]
    );
    assert_eq!(report.ignored, ["cls.predictions.bias"]);
    let (second, _) = load(folder.path(), 2).unwrap();
    assert_eq!(first.flat, second.flat);

    let tensor = |name: &str| first.get(name).tensor.shallow_clone();
    let deviation = tensor("bert.pooler.dense.weight").std(true).double_value(&[]);
    assert!((deviation - 0.2).abs() < 0.02, "900 numbers with initializer_range 0.2 have deviation {deviation}");
    assert_eq!(tensor("bert.pooler.dense.bias").abs().sum(tch::Kind::Float).double_value(&[]), 0.0);
}

#[test]
fn a_classifier_of_another_size_is_drawn_anew() {
    let (_, report) = load(&fixture(), 5).unwrap();
    assert_eq!(report.new, ["classifier.weight", "classifier.bias"]);
}

#[test]
fn what_is_missing_unexpected_or_misshapen_is_named() {
    let refusal = |change: fn(&mut Vec<NamedTensor>)| {
        let folder = changed(change);
        let message = load(folder.path(), 3).unwrap_err().to_string();
        message.split_once("model.safetensors: ").unwrap().1.to_owned()
    };
    assert_eq!(
        refusal(|tensors| tensors.retain(|(name, ..)| name != "bert.encoder.layer.1.output.dense.bias")),
        "tensor bert.encoder.layer.1.output.dense.bias: missing"
    );
    assert_eq!(
        refusal(|tensors| tensors.push(("bert.encoder.layer.2.output.dense.bias".to_owned(), vec![1], vec![0; 4]))),
        "tensor bert.encoder.layer.2.output.dense.bias: unexpected: num_hidden_layers of config.json is 2, and this is of layer 2, \
         counted from 0; write the number of layers that the file has, or remove the layers that are not meant from the file"
    );
    assert_eq!(
        refusal(|tensors| {
            let (_, shape, _) =
                tensors.iter_mut().find(|(name, ..)| name.contains("intermediate.dense.weight")).unwrap();
            shape.swap(0, 1);
        }),
        "tensor bert.encoder.layer.0.intermediate.dense.weight: has shape [30, 44]; config.json asks for [44, 30]"
    );
}
