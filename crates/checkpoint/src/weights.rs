//! Weights of a model folder: one file or several, every spelling of the names, under the canonical ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::BertConfig;
use crate::error::CheckpointError;
use crate::names::{Role, common_prefix, expected_tensors, role};
use crate::safetensors_file::{SafetensorsFile, TensorEntry};
use crate::shards::{Index, WEIGHTS, WEIGHTS_INDEX};

/// The open files of a folder's weights.
#[derive(Debug)]
pub struct Weights {
    /// The file that says which tensors there are: the one file, or the index of several.
    path: PathBuf,
    files: Vec<SafetensorsFile>,
    prefix: String,
    /// The index of the file and the name there of each tensor, by its canonical name.
    tensors: BTreeMap<String, (usize, String)>,
    /// The names of heads' tensors that no classifier has.
    other_heads: Vec<String>,
}

impl Weights {
    /// Opens the weights of `folder`: reads what tensors there are, but none of them.
    ///
    /// # Errors
    /// Fails when a file is missing, cannot be read or is damaged, where the index and the files differ, and where two tensors
    /// are one.
    pub(crate) fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let (path, files) = match folder.join(WEIGHTS) {
            path if path.is_file() => {
                let file = SafetensorsFile::open(&path)?;
                (path, vec![file])
            }
            _ => open_shards(folder)?,
        };
        let names = files.iter().flat_map(|file| file.entries.keys().map(String::as_str));
        let prefix = match common_prefix(names) {
            Ok(prefix) => prefix.to_owned(),
            Err((tensor, problem)) => return Err(tensor_error(&path, tensor, problem)),
        };
        let mut weights = Self { path, files, prefix, tensors: BTreeMap::new(), other_heads: Vec::new() };
        for (index, file) in weights.files.iter().enumerate() {
            for name in file.entries.keys() {
                match role(&name[weights.prefix.len()..]) {
                    Role::Buffer => {}
                    Role::OtherHead => weights.other_heads.push(name.clone()),
                    Role::Model(canonical) => {
                        if let Some((_, other)) = weights.tensors.insert(canonical, (index, name.clone())) {
                            return Err(file.tensor_error(name, format!("is the same tensor as {other}")));
                        }
                    }
                }
            }
        }
        Ok(weights)
    }

    /// The canonical names of the tensors that it has.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensors of heads that no classifier has, by the names that the files give them.
    pub fn other_heads(&self) -> &[String] {
        &self.other_heads
    }

    /// The dtype and shape of the tensor `canonical`.
    pub fn entry(&self, canonical: &str) -> Option<&TensorEntry> {
        let (file, name) = self.tensors.get(canonical)?;
        self.files[*file].entries.get(name)
    }

    /// The file that has the tensor `canonical`, and its name there.
    pub fn locate(&mut self, canonical: &str) -> Option<(&mut SafetensorsFile, &str)> {
        let (file, name) = self.tensors.get(canonical)?;
        Some((&mut self.files[*file], name))
    }

    /// The numbers of the tensor `canonical`, row by row, as float32.
    ///
    /// # Errors
    /// Fails when there is no such tensor, it cannot be read, or it holds no floating-point numbers.
    pub fn floats(&mut self, canonical: &str) -> Result<Vec<f32>, CheckpointError> {
        let Some((file, name)) = self.locate(canonical) else { return Err(self.tensor_error(canonical, "missing")) };
        let element = file.entries.get(name).and_then(|entry| entry.element);
        let bytes = file.read(name)?;
        match element {
            Some(element) => Ok(element.floats(&bytes)),
            None => Err(self.tensor_error(canonical, "no tensor of floating-point numbers")),
        }
    }

    /// The size of the classifier, where there is one.
    pub fn n_outputs(&self, config: &BertConfig) -> Option<usize> {
        let (weight, bias) = (self.entry("classifier.weight")?, self.entry("classifier.bias")?);
        let &[n] = bias.shape.as_slice() else { return None };
        (n > 0 && weight.shape == [n, config.hidden_size]).then_some(n)
    }

    /// What has to be said of the names: a prefix that was cut off, tensors that are left aside.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.prefix.is_empty() {
            remarks.push(format!("every tensor's name begins with {}, which is cut off", self.prefix));
        }
        if !self.other_heads.is_empty() {
            remarks.push(format!("left aside, as of another task: {}", by_module(&self.other_heads, &self.prefix)));
        }
        remarks
    }

    /// An error about the tensor `name`, of the file that has it.
    pub fn tensor_error(&self, name: &str, problem: impl Into<String>) -> CheckpointError {
        match self.tensors.get(name) {
            Some((file, name)) => self.files[*file].tensor_error(name, problem),
            None => tensor_error(&self.path, name, problem),
        }
    }

    /// The encoder is complete; pooler and classifier are optional, and a classifier may have any number of outputs.
    pub(crate) fn check(&self, config: &BertConfig) -> Result<(), CheckpointError> {
        let specs = expected_tensors(config, 1);
        for (canonical, (file, name)) in &self.tensors {
            let Some(spec) = specs.iter().find(|spec| spec.name == *canonical) else {
                return Err(self.tensor_error(canonical, unexpected(canonical, config)));
            };
            let entry = &self.files[*file].entries[name];
            if entry.shape != spec.shape && !canonical.starts_with("classifier.") {
                let problem = format!("has shape {:?}; config.json asks for {:?}", entry.shape, spec.shape);
                return Err(self.tensor_error(canonical, problem));
            }
            if !entry.element.is_some_and(|element| element.is_float()) {
                return Err(self.tensor_error(canonical, "expected numbers of type F32, F16, BF16 or F64"));
            }
        }
        let optional = |name: &str| name.starts_with("bert.pooler.") || name.starts_with("classifier.");
        match specs.iter().find(|spec| !optional(&spec.name) && !self.tensors.contains_key(&spec.name)) {
            Some(spec) => Err(self.tensor_error(&spec.name, "missing")),
            None => Ok(()),
        }
    }

    /// Reads every tensor, to know that each of their numbers is finite.
    pub(crate) fn check_numbers(&mut self) -> Result<(), CheckpointError> {
        self.tensors.values().try_for_each(|(file, name)| self.files[*file].read(name).map(drop))
    }
}

/// What is wrong with a tensor of the encoder that the config does not ask for.
fn unexpected(canonical: &str, config: &BertConfig) -> String {
    let layer = canonical.strip_prefix("bert.encoder.layer.").and_then(|rest| rest.split('.').next()?.parse().ok());
    match (layer, config.num_hidden_layers) {
        (Some(layer), n_layers) if (n_layers..usize::MAX).contains(&layer) => format!(
            "unexpected: num_hidden_layers of config.json is {n_layers}, and this is of layer {layer}, counted from 0; write the \
             number of layers that the file has, or remove the layers that are not meant from the file"
        ),
        _ => "unexpected: this BERT has no such tensor".to_owned(),
    }
}

/// The files that the index names, each tensor where the index has it.
fn open_shards(folder: &Path) -> Result<(PathBuf, Vec<SafetensorsFile>), CheckpointError> {
    let path = folder.join(WEIGHTS_INDEX);
    let index = Index::read(&path)?;
    let names = index.files();
    if let Some(missing) = names.iter().find(|name| !folder.join(name).is_file()) {
        let problem = format!("weight_map names {missing}, which is not there; expected all its files in the folder");
        return Err(CheckpointError::Config { path, problem });
    }
    let files = names.iter().map(|name| SafetensorsFile::open(&folder.join(name))).collect::<Result<Vec<_>, _>>()?;
    for (tensor, listed) in &index.file_of {
        let mut holders = names.iter().zip(&files).filter(|(_, file)| file.entries.contains_key(tensor));
        let problem = match (holders.next(), holders.next()) {
            (Some((name, _)), None) if name == listed => continue,
            (Some((name, _)), None) => format!("weight_map puts it into {listed}, but {name} has it"),
            (Some((one, _)), Some((other, _))) => {
                format!("it is in {one} and in {other}; expected it in {listed} alone")
            }
            (None, _) => format!("weight_map puts it into {listed}, which has no such tensor"),
        };
        return Err(tensor_error(&path, tensor, problem));
    }
    Ok((path, files))
}

fn tensor_error(path: &Path, tensor: &str, problem: impl Into<String>) -> CheckpointError {
    CheckpointError::Tensor { path: path.to_owned(), tensor: tensor.to_owned(), problem: problem.into() }
}

/// Names of tensors by the module that each begins with: `cls.* (7 tensors)`.
fn by_module(names: &[String], prefix: &str) -> String {
    let mut modules: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let name = &name[prefix.len()..];
        *modules.entry(name.split_once('.').map_or(name, |(module, _)| module)).or_default() += 1;
    }
    let module = |(module, n): (&str, usize)| format!("{module}.* ({n} tensor{})", if n == 1 { "" } else { "s" });
    modules.into_iter().map(module).collect::<Vec<_>>().join(", ")
}
