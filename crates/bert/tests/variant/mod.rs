//! The small BERTs of `tests/fixtures/parity`, with what the reference computes; `tests/reference/models_fixture.py` makes them.

use std::path::{Path, PathBuf};

use bert::Parameters;
use checkpoint::{ModelFolder, SafetensorsFile};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

/// One of the folders.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) folder: ModelFolder,
    pub(crate) n_outputs: usize,
    sentences: Vec<Vec<i32>>,
    labels: Vec<f64>,
    expected: SafetensorsFile,
}

/// Tests on CUDA with `BERT_TEST_DEVICE=cuda`; else on the CPU.
pub(crate) fn device() -> Device {
    match std::env::var("BERT_TEST_DEVICE").as_deref() {
        Ok("cuda") => Device::Cuda(0),
        _ => Device::Cpu,
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

impl Variant {
    /// Every folder there is.
    pub(crate) fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(fixtures().join("parity")).unwrap();
        let variants: Vec<Self> = entries.map(|entry| Self::read(&entry.unwrap().path())).collect();
        assert_eq!(variants.len(), 4);
        variants
    }

    fn read(path: &Path) -> Self {
        let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(path.join("data.json")).unwrap()).unwrap();
        let folder = ModelFolder::open(path).unwrap();
        Self {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            n_outputs: folder.config.id2label.as_ref().unwrap().len(),
            folder,
            sentences: rows.iter().map(|row| serde_json::from_value(row["input_ids"].clone()).unwrap()).collect(),
            labels: rows.iter().map(|row| row["labels"].as_f64().unwrap()).collect(),
            expected: SafetensorsFile::open(&path.join("expected.safetensors")).unwrap(),
        }
    }

    pub(crate) fn sentences(&self) -> Vec<&[i32]> {
        self.sentences.iter().map(Vec::as_slice).collect()
    }

    /// The labels of the first rows: scores where there is one output, else classes.
    pub(crate) fn targets(&self, n_rows: usize) -> Tensor {
        let kind = if self.n_outputs == 1 { Kind::Float } else { Kind::Int64 };
        Tensor::from_slice(&self.labels[..n_rows]).to_kind(kind).to_device(device())
    }

    /// What the reference computes.
    pub(crate) fn expected(&mut self, name: &str) -> Tensor {
        let shape: Vec<i64> = self.expected.entries[name].shape.iter().map(|&size| size as i64).collect();
        Tensor::f_from_data_size(&self.expected.read(name).unwrap(), &shape, Kind::Float).unwrap().to_device(device())
    }

    /// How many gradients the reference has.
    pub(crate) fn n_gradients(&self) -> usize {
        self.expected.entries.keys().filter(|name| name.starts_with("gradient/")).count()
    }

    pub(crate) fn parameters(&self) -> Parameters {
        let (parameters, report) = bert::load(&self.folder, self.n_outputs, 0, device()).unwrap();
        assert!(report.new.is_empty() && report.ignored.is_empty(), "{}: {report:?}", self.name);
        parameters
    }
}
