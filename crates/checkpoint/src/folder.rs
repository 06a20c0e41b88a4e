//! Model folder: `config.json`, weights as `model.safetensors` or in several files with their index, and the files of its
//! tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::BertConfig;
use crate::error::CheckpointError;
use crate::no_weights::no_weights_hint;
use crate::outputs::Outputs;
use crate::shards::{WEIGHTS, WEIGHTS_INDEX, shards};
use crate::tokenizer_files::tokenizer_files;
use crate::weights::Weights;

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
        if !path.join(WEIGHTS).is_file() && !path.join(WEIGHTS_INDEX).is_file() {
            return Err(missing(WEIGHTS, no_weights_hint(|name| path.join(name).is_file())));
        }
        if !path.join("tokenizer.json").is_file() && !path.join("vocab.txt").is_file() {
            return Err(missing("tokenizer.json", ", nor a vocab.txt".to_owned()));
        }
        let folder = Self { path: path.to_owned(), config };
        folder.weights()?.check(&folder.config)?;
        Ok(folder)
    }

    /// The path of `config.json`.
    pub fn config_path(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// The files of its weights, by their names: `model.safetensors`, or the index of several and these.
    ///
    /// # Errors
    /// Fails when the index cannot be read.
    pub fn weight_files(&self) -> Result<Vec<(String, PathBuf)>, CheckpointError> {
        let names = if self.path.join(WEIGHTS).is_file() {
            vec![WEIGHTS.to_owned()]
        } else {
            [vec![WEIGHTS_INDEX.to_owned()], shards(&self.path.join(WEIGHTS_INDEX))?].concat()
        };
        Ok(names.into_iter().map(|name| (name.clone(), self.path.join(name))).collect())
    }

    /// Opens its weights.
    ///
    /// # Errors
    /// Fails when a file of them is missing, cannot be read or is damaged.
    pub fn weights(&self) -> Result<Weights, CheckpointError> {
        Weights::open(&self.path)
    }

    /// Reads all weights, to know that each of their numbers is finite; a program that loads them needs no such check.
    ///
    /// # Errors
    /// Fails, naming the tensor, where one is not, and when they cannot be read.
    pub fn check_numbers(&self) -> Result<(), CheckpointError> {
        self.weights()?.check_numbers()
    }

    /// What the outputs of its classifier mean; `None` where it has none.
    ///
    /// # Errors
    /// Fails when the weights cannot be read, and when the config speaks of other outputs.
    pub fn outputs(&self) -> Result<Option<Outputs>, CheckpointError> {
        let Some(n) = self.weights()?.n_outputs(&self.config) else { return Ok(None) };
        let outputs = self.config.outputs(n);
        outputs.map(Some).map_err(|problem| CheckpointError::Config { path: self.config_path(), problem })
    }

    /// The files that make the folder's tokenizer: their names and paths.
    pub fn tokenizer_files(&self) -> Vec<(&'static str, PathBuf)> {
        tokenizer_files(&self.path)
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
