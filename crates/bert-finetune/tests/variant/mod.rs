//! A small BERT of `tests/fixtures/parity` with its sentences, the arguments of its run, and what the reference's Trainer
//! made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use checkpoint::SafetensorsFile;
use corpus::task::Task;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use serde_json::{Value, json};
use stage::{CommonArgs, Job, OutputWriter, Stage};

/// One of the folders.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) expected: SafetensorsFile,
}

impl Variant {
    /// Every folder there is.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/parity");
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let variants: Vec<Self> = paths
            .map(|path| Self {
                name: path.file_name().unwrap().to_str().unwrap().to_owned(),
                expected: SafetensorsFile::open(&path.join("expected.safetensors")).unwrap(),
                path,
            })
            .collect();
        assert_eq!(variants.len(), 4);
        variants
    }

    /// The arguments of the run as flags: they have the reference's names.
    pub(crate) fn flags(&self) -> String {
        let arguments: BTreeMap<String, Value> = self.json("training.json");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let flag = |(name, value): (&String, &Value)| format!("--{} {}", name.replace('_', "-"), text(value));
        arguments.iter().map(flag).collect::<Vec<_>>().join(" ")
    }

    /// Writes a folder as `sst-tokenize` would: the sentences as the train split.
    pub(crate) fn write_tokens(&self, out: PathBuf) {
        let common = CommonArgs { force: true, ..CommonArgs::quiet(out) };
        let stage = Stage { name: "sst-tokenize", version: 1 };
        let mut work = Job::new(stage, &common).plan(&json!({})).unwrap().begin().unwrap().unwrap();
        work.output("train.parquet", |file| Ok(self.token_set().write(file)?)).unwrap();
        work.finish().unwrap();
    }

    /// Numbers that the reference has as float64.
    pub(crate) fn doubles(&mut self, name: &str) -> Vec<f64> {
        let bytes = self.expected.read(name).unwrap();
        bytes.chunks(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap())).collect()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_slice(&fs::read(self.path.join(name)).unwrap()).unwrap()
    }

    fn token_set(&self) -> TokenSet {
        let rows: Vec<Value> = self.json("data.json");
        let config: Value = self.json("config.json");
        let names: BTreeMap<usize, String> = serde_json::from_value(config["id2label"].clone()).unwrap();
        let label_names: Vec<String> = names.into_values().collect();
        let sentence = |row: &Value| serde_json::from_value(row["input_ids"].clone()).unwrap();
        let sentences: Vec<Vec<i32>> = rows.iter().map(sentence).collect();
        let labels = rows.iter().map(|row| row["labels"].clone());
        let (task, label_names, labels) = if label_names.len() == 1 {
            let scores = labels.map(|score| serde_json::from_value(score).unwrap()).collect();
            (Task::Regression, Vec::new(), Labels::Scores(scores))
        } else {
            let classes = labels.map(|class| serde_json::from_value(class).unwrap()).collect();
            (Task::Labels, label_names, Labels::Classes(classes))
        };
        let metadata = TokensMetadata::new(task, label_names, 24);
        TokenSet::of_rows(metadata, &sentences, labels)
    }
}
