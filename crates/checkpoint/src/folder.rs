//! Model folder: `config.json`, weights as `model.safetensors` or in several files with their index, and the files of its
//! tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::BertConfig;
use crate::error::CheckpointError;
use crate::no_weights::no_weights_hint;
use crate::outputs::Outputs;
use crate::shards::{WEIGHTS, WEIGHTS_INDEX, shards};
use crate::tokenizer_files::{TOKENIZER_JSON, VOCAB_TXT, tokenizer_files};
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
        let config = Self::read_config(path)?;
        if !path.join(WEIGHTS).is_file() && !path.join(WEIGHTS_INDEX).is_file() {
            let hint = dangling(path, &[WEIGHTS, WEIGHTS_INDEX]).unwrap_or_else(|| no_weights_hint(&files(path)));
            return Err(missing(WEIGHTS, hint));
        }
        if !path.join(TOKENIZER_JSON).is_file() && !path.join(VOCAB_TXT).is_file() {
            let hint = dangling(path, &[TOKENIZER_JSON, VOCAB_TXT]);
            return Err(missing("tokenizer.json", hint.unwrap_or_else(|| ", nor a vocab.txt".to_owned())));
        }
        let folder = Self { path: path.to_owned(), config };
        folder.weights()?.check(&folder.config)?;
        Ok(folder)
    }

    /// Reads the config of the model folder `path` alone.
    ///
    /// # Errors
    /// Fails where there is no such folder, and where its config is missing, damaged or not that of a BERT.
    pub fn read_config(path: &Path) -> Result<BertConfig, CheckpointError> {
        if !path.is_dir() {
            let what = if path.exists() { "is a file, not a model folder" } else { "does not exist" };
            return Err(CheckpointError::NoFolder {
                path: path.to_owned(),
                problem: format!("{what}{}", of_hub(path)),
            });
        }
        if !path.join("config.json").is_file() {
            let hint = dangling(path, &["config.json"]).unwrap_or_else(|| no_config_hint(path));
            return Err(CheckpointError::MissingFile { folder: path.to_owned(), file: "config.json", hint });
        }
        BertConfig::read(&path.join("config.json"))
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

/// What a folder without `config.json` is, and what to do.
fn no_config_hint(path: &Path) -> String {
    let has = |name: &str| path.join(name).exists();
    if has("adapter_config.json") {
        return "; it is an adapter of PEFT, which changes the weights of another model: load both with PEFT, and save what \
                merge_and_unload() returns with save_pretrained, together with the tokenizer"
            .to_owned();
    }
    if has("bert_config.json") {
        return "; its bert_config.json is that of a BERT of TensorFlow: copy it as config.json with a line \"model_type\": \
                \"bert\", and what has to be done with its weights is said next"
            .to_owned();
    }
    // `train` of a trial, `hf` of an export, a commit in the hub's cache.
    let models = |folder: &Path| -> Vec<PathBuf> {
        let folders = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.filter(|folder| folder.join("config.json").is_file()).collect()
    };
    let found = models(path);
    let mut found = if found.is_empty() { models(&path.join("snapshots")) } else { found };
    found.sort_by_key(|model| (number_at_end(model), model.clone()));
    match found.as_slice() {
        [model] => format!("; the model is in {}", model.display()),
        [.., last] if number_at_end(last).is_some() => {
            format!(
                "; there are {} models in it, as a training saves them: the latest is {}, and trainer_state.json in it says which was \
                 best",
                found.len(),
                last.display()
            )
        }
        [first, ..] => format!("; there are {} models in it, such as {}", found.len(), first.display()),
        [] if is_own_checkpoint(path) => "; it is a checkpoint that bert-finetune goes on from; the model of a finished run is \
                                          beside the folder of its checkpoints"
            .to_owned(),
        [] => "; a model folder has config.json, model.safetensors and tokenizer.json or vocab.txt, as `save_pretrained` of \
                 Transformers, `sst-fetch model` and `bert-export` write them"
            .to_owned(),
    }
}

/// `500` of `checkpoint-500`.
fn number_at_end(folder: &Path) -> Option<u64> {
    folder.file_name()?.to_str()?.rsplit_once('-')?.1.parse().ok()
}

/// Whether a folder is a checkpoint of `bert-finetune`, or holds such.
fn is_own_checkpoint(folder: &Path) -> bool {
    let is_step = |name: &std::ffi::OsStr| {
        name.to_str().is_some_and(|name| name.strip_prefix("step-").is_some_and(|step| step.parse::<u64>().is_ok()))
    };
    folder.file_name().is_some_and(is_step)
        || fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| is_step(&entry.file_name()))
}

/// What to say of a path that is no folder, where it looks like the name of a repository: that only one program downloads.
fn of_hub(path: &Path) -> String {
    let text = path.to_string_lossy();
    let name = text.strip_prefix("hub:").unwrap_or(&text);
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c))
    };
    if path.exists() || name.split('/').count() > 2 || !name.split('/').all(is_part) {
        return String::new();
    }
    format!(
        "; a model of the Hugging Face Hub is brought into a folder by `sst-fetch model --source hub:{name} --out FOLDER`"
    )
}

/// What to say of the first of these files that is a link to nothing.
fn dangling(folder: &Path, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let target = fs::read_link(folder.join(name)).ok()?;
        Some(format!(": {name} is a link to {}, which is not there", target.display()))
    })
}

/// The files of a folder and of its folders, by their paths in it.
fn files(folder: &Path) -> Vec<String> {
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let below = |name: String| {
        let mut found: Vec<String> = names(&folder.join(&name)).iter().map(|file| format!("{name}/{file}")).collect();
        found.push(name);
        found
    };
    names(folder).into_iter().flat_map(below).collect()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of the test's own")]
mod tests {
    use super::*;

    fn refusal(files: &[&str], path: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            fs::write(folder.path().join(file), r#"{"model_type": "bert"}"#).unwrap();
        }
        let error = ModelFolder::open(&folder.path().join(path)).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_folder_that_is_no_model_is_told_for_what_it_is() {
        assert_eq!(refusal(&["x"], "x"), "DIR/x is a file, not a model folder");
        assert_eq!(refusal(&[], "x"), "DIR/x does not exist");
        assert!(
            refusal(&[], "").contains("has no config.json; a model folder has config.json, model.safetensors and ")
        );
        assert!(refusal(&["adapter_config.json"], "").contains("it is an adapter of PEFT"));
        assert!(refusal(&["bert_config.json", "bert_model.ckpt.index"], "").contains("that of a BERT of TensorFlow"));
        assert!(refusal(&["snapshots/1/config.json"], "").ends_with("; the model is in DIR/snapshots/1"));
        assert!(refusal(&["hf/config.json"], "").ends_with("; the model is in DIR/hf"));
        let named = refusal(&["config.json", "vocab.txt", "onnx/model.onnx"], "");
        assert!(named.contains("of weights it has onnx/model.onnx: only safetensors are read"), "{named}");
    }

    #[test]
    fn a_name_of_the_hub_is_told_where_to_go() {
        let problem = |path: &str| ModelFolder::open(Path::new(path)).unwrap_err().to_string();
        for name in ["bert-base-uncased-x", "hub:owner/name", "owner/name@v1"] {
            let source = format!("`sst-fetch model --source hub:{} --out FOLDER`", name.trim_start_matches("hub:"));
            assert!(problem(name).ends_with(&source), "{name}");
        }
        for path in ["/a/b", "a/b/c", "./a", "../b"] {
            assert_eq!(problem(path), format!("{path} does not exist"));
        }
    }

    #[test]
    fn a_link_to_nothing_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("../../blobs/0", folder.path().join("config.json")).unwrap();
        let error = ModelFolder::open(folder.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("has no config.json: config.json is a link to ../../blobs/0, which is not there"),
            "{error}"
        );
    }
}
