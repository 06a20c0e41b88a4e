//! Model folder: `config.json`, `model.safetensors`, and the files of its tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::BertConfig;
use crate::error::CheckpointError;
use crate::names::expected_tensors;
use crate::safetensors_file::SafetensorsFile;
use crate::tokenizer_files::tokenizer_files;

/// A model folder whose config and table of tensors were checked.
#[derive(Debug)]
pub struct ModelFolder {
    /// The folder.
    pub path: PathBuf,
    /// Its config.
    pub config: BertConfig,
}

impl ModelFolder {
    /// Opens `path` and checks that it is a BERT whose encoder is complete.
    ///
    /// # Errors
    /// Fails when a file is missing or damaged, when the config is not that of a BERT, and when a tensor of the encoder
    /// is missing, unexpected or misshapen.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let missing = |file, hint: String| CheckpointError::MissingFile { folder: path.to_owned(), file, hint };
        if !path.join("config.json").is_file() {
            return Err(missing("config.json", no_config_hint(path)));
        }
        let config = BertConfig::read(&path.join("config.json"))?;
        if !path.join("model.safetensors").is_file() {
            return Err(missing("model.safetensors", no_weights_hint(path).to_owned()));
        }
        if !path.join("tokenizer.json").is_file() && !path.join("vocab.txt").is_file() {
            return Err(missing("tokenizer.json", ", nor a vocab.txt".to_owned()));
        }
        let folder = Self { path: path.to_owned(), config };
        folder.check_tensors(&folder.weights()?)?;
        Ok(folder)
    }

    /// The path of `config.json`.
    pub fn config_path(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// The path of `model.safetensors`.
    pub fn weights_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// Opens `model.safetensors`.
    ///
    /// # Errors
    /// Fails when it cannot be read or is damaged.
    pub fn weights(&self) -> Result<SafetensorsFile, CheckpointError> {
        SafetensorsFile::open(&self.weights_path())
    }

    /// Reads all weights, to know that each of their numbers is finite; a program that loads them needs no such check.
    ///
    /// # Errors
    /// Fails, naming the tensor, where one is not, and when they cannot be read.
    pub fn check_numbers(&self) -> Result<(), CheckpointError> {
        let mut weights = self.weights()?;
        weights.canonical_names()?.values().try_for_each(|name| weights.read(name).map(drop))
    }

    /// The files that make the folder's tokenizer: their names and paths.
    pub fn tokenizer_files(&self) -> Vec<(&'static str, PathBuf)> {
        tokenizer_files(&self.path)
    }

    /// The encoder is complete; pooler and classifier are optional, and a classifier may have any number of outputs.
    fn check_tensors(&self, weights: &SafetensorsFile) -> Result<(), CheckpointError> {
        let specs = expected_tensors(&self.config, 1);
        let found = weights.canonical_names()?;
        for (canonical, name) in &found {
            let Some(spec) = specs.iter().find(|spec| spec.name == *canonical) else {
                return Err(weights.tensor_error(name, "unexpected: this BERT has no such tensor"));
            };
            let entry = &weights.entries[name];
            let any_shape = canonical.starts_with("classifier.");
            if entry.shape != spec.shape && !any_shape {
                let problem = format!("has shape {:?}; config.json asks for {:?}", entry.shape, spec.shape);
                return Err(weights.tensor_error(name, problem));
            }
        }
        let optional = |name: &str| name.starts_with("bert.pooler.") || name.starts_with("classifier.");
        match specs.iter().find(|spec| !optional(&spec.name) && !found.contains_key(&spec.name)) {
            Some(spec) => Err(weights.tensor_error(&spec.name, "missing")),
            None => Ok(()),
        }
    }
}

/// Points to the model in the folder: `train` of a trial, `hf` of an export.
fn no_config_hint(path: &Path) -> String {
    let folders = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let model = folders.map(|name| path.join(name)).filter(|folder| folder.join("config.json").is_file()).min();
    match model {
        Some(model) => format!("; the model is in {}", model.display()),
        None => "; a model folder is what `sst-fetch model` makes".to_owned(),
    }
}

fn no_weights_hint(path: &Path) -> &'static str {
    if path.join("model.safetensors.index.json").is_file() {
        "; sharded checkpoints are not supported: save it as one file"
    } else if path.join("pytorch_model.bin").is_file() {
        "; pytorch_model.bin is a pickle and is never read: save the model as safetensors"
    } else {
        ""
    }
}
