//! `BertConfig`: the `config.json` of a BERT, read once and checked once.
//!
//! Keys, defaults and what may be null are those of `BertConfig` in Transformers 5.23. What only training or generation asks
//! for is passed over.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::activation::Activation;
use crate::error::CheckpointError;
use crate::json_keys::{Keys, whole_number, wrong};
use crate::json_text::parse_json_object;
use crate::shards::{WEIGHTS, WEIGHTS_INDEX};

/// The shape of a BERT, and what its classifier was trained for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct BertConfig {
    /// Rows of the word embeddings.
    pub vocab_size: usize,
    /// Size of a token's hidden state.
    pub hidden_size: usize,
    /// Number of encoder layers.
    pub num_hidden_layers: usize,
    /// Attention heads per layer; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Size of the intermediate layer of the feed-forward network.
    pub intermediate_size: usize,
    /// The activation of the intermediate layer.
    pub hidden_act: Activation,
    /// Dropout of hidden states.
    pub hidden_dropout_prob: f64,
    /// Dropout of attention probabilities.
    pub attention_probs_dropout_prob: f64,
    /// Dropout before the classifier; `hidden_dropout_prob` where absent.
    pub classifier_dropout: Option<f64>,
    /// Rows of the position embeddings: the longest input in tokens.
    pub max_position_embeddings: usize,
    /// Rows of the token type embeddings.
    pub type_vocab_size: usize,
    /// Standard deviation of newly initialized weights.
    pub initializer_range: f64,
    /// Added to the variance in every layer normalization.
    pub layer_norm_eps: f64,
    /// The id of `[PAD]`, whose row of the word embeddings gets no gradient; where there is none, every row gets one.
    pub pad_token_id: Option<usize>,
    /// Label names by output, where they are given.
    pub id2label: Option<BTreeMap<usize, String>>,
    /// The number of outputs, where it is given: configs of older versions, and those that were edited.
    pub num_labels: Option<usize>,
    /// What the classifier was trained for, where it is said.
    pub problem_type: Option<ProblemType>,
}

/// `problem_type`: the loss that a classifier was trained with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Mean squared error: scores.
    Regression,
    /// Cross entropy: one class of several.
    SingleLabelClassification,
    /// Binary cross entropy of each output: any number of labels.
    MultiLabelClassification,
}

impl BertConfig {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// Fails when it is not JSON, is of another architecture, or holds a key of a wrong type or a size that cannot be.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problem| CheckpointError::Config { path: path.to_owned(), problem })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let map = parse_json_object(text)?;
        match Keys(&map).text("model_type")? {
            Some("bert") => {}
            Some(other) => return Err(format!("model_type is {other}, but only bert is supported")),
            None if names_bert(&map) => {}
            None => return Err("it has no model_type; expected \"model_type\": \"bert\"".to_owned()),
        }
        Self::try_from(map)
    }

    /// The row of the word embeddings without a gradient, as PyTorch's functions take it: -1 where every row has one.
    pub fn padding_idx(&self) -> i64 {
        self.pad_token_id.map_or(-1, |id| id as i64)
    }

    /// Size of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

impl TryFrom<Map<String, Value>> for BertConfig {
    type Error = String;

    fn try_from(map: Map<String, Value>) -> Result<Self, String> {
        let keys = Keys(&map);
        refuse_unsupported(keys)?;
        let vocab_size = keys.size("vocab_size", 30_522, 1 << 24)?;
        let config = Self {
            vocab_size,
            hidden_size: keys.size("hidden_size", 768, 1 << 16)?,
            num_hidden_layers: keys.size("num_hidden_layers", 12, 1 << 10)?,
            num_attention_heads: keys.size("num_attention_heads", 12, 1 << 10)?,
            intermediate_size: keys.size("intermediate_size", 3072, 1 << 18)?,
            hidden_act: hidden_act(keys)?,
            hidden_dropout_prob: keys.probability("hidden_dropout_prob")?,
            attention_probs_dropout_prob: keys.probability("attention_probs_dropout_prob")?,
            classifier_dropout: keys.optional_probability("classifier_dropout")?,
            max_position_embeddings: keys.size("max_position_embeddings", 512, 1 << 20)?,
            type_vocab_size: keys.size("type_vocab_size", 2, 1 << 10)?,
            initializer_range: keys.number("initializer_range", 0.02)?,
            layer_norm_eps: keys.number("layer_norm_eps", 1e-12)?,
            pad_token_id: pad_token_id(keys, vocab_size)?,
            id2label: id2label(keys)?,
            num_labels: num_labels(keys)?,
            problem_type: problem_type(keys)?,
        };
        let Self { hidden_size: hidden, num_attention_heads: heads, layer_norm_eps, initializer_range, .. } = config;
        if !hidden.is_multiple_of(heads) {
            return Err(format!("hidden_size {hidden} is not a multiple of num_attention_heads {heads}"));
        }
        if !(layer_norm_eps > 0.0 && layer_norm_eps < 1.0) {
            return Err(format!("layer_norm_eps is {layer_norm_eps}; expected more than 0 and less than 1"));
        }
        if initializer_range < 0.0 {
            return Err(format!("initializer_range is {initializer_range}; expected 0 or more"));
        }
        Ok(config)
    }
}

/// What changes the numbers of a BERT and is not computed here.
fn refuse_unsupported(keys: Keys<'_>) -> Result<(), String> {
    if let Some(kind) = keys.text("position_embedding_type")?.filter(|&kind| kind != "absolute") {
        return Err(format!("position_embedding_type is {kind}, but only absolute is supported"));
    }
    for key in ["is_decoder", "add_cross_attention"] {
        if keys.flag(key)? {
            return Err(format!("{key} is true, but only encoders are supported"));
        }
    }
    if let Some(file) = keys.text("transformers_weights")?.filter(|file| ![WEIGHTS, WEIGHTS_INDEX].contains(file)) {
        return Err(format!(
            "transformers_weights says that the weights are in {file}, but those of {WEIGHTS} are read; rename that file, and take \
             the key out"
        ));
    }
    if keys.value("per_layer_config").and_then(Value::as_object).is_some_and(|layers| !layers.is_empty()) {
        return Err("it has a per_layer_config, but only layers of one size are supported".to_owned());
    }
    Ok(())
}

fn hidden_act(keys: Keys<'_>) -> Result<Activation, String> {
    let Some(value) = keys.0.get("hidden_act") else { return Ok(Activation::default()) };
    value
        .as_str()
        .and_then(Activation::of)
        .ok_or_else(|| wrong("hidden_act", value, &format!("one of {}", Activation::names())))
}

/// As in PyTorch, one below zero counts from the last row.
fn pad_token_id(keys: Keys<'_>, vocab_size: usize) -> Result<Option<usize>, String> {
    let value = match keys.0.get("pad_token_id") {
        None => return Ok(Some(0)),
        Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let id = match value {
        Value::Number(_) => whole_number("pad_token_id", value)?,
        _ => return Err(wrong("pad_token_id", value, "a whole number or null")),
    };
    let row = if id < 0 { id.saturating_add_unsigned(vocab_size as u64) } else { id };
    match usize::try_from(row).ok().filter(|&row| row < vocab_size) {
        Some(row) => Ok(Some(row)),
        None => Err(format!("pad_token_id {value} is not below vocab_size {vocab_size}")),
    }
}

/// Keys are numbers as texts, as Python's `int` takes them; a name that is a number or a truth value is Python's text of it.
fn id2label(keys: Keys<'_>) -> Result<Option<BTreeMap<usize, String>>, String> {
    let Some(value) = keys.value("id2label") else { return Ok(None) };
    let given = value.as_object().ok_or_else(|| wrong("id2label", value, "an object such as {\"0\": \"negative\"}"))?;
    let mut names = BTreeMap::new();
    for (key, name) in given {
        let digits = key.trim();
        let id: usize = digits
            .strip_prefix('+')
            .unwrap_or(digits)
            .parse()
            .map_err(|_| format!("id2label has the key {key:?}; expected \"0\", \"1\", .."))?;
        let name = match name {
            Value::String(name) => name.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            _ => return Err(wrong(&format!("id2label of {key:?}"), name, "a text")),
        };
        if names.insert(id, name).is_some() {
            return Err(format!("id2label names the output {id} twice"));
        }
    }
    Ok(Some(names))
}

fn num_labels(keys: Keys<'_>) -> Result<Option<usize>, String> {
    let Some(value) = keys.value("num_labels") else { return Ok(None) };
    match usize::try_from(whole_number("num_labels", value)?) {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(format!("num_labels is {value}; expected 1 or more")),
    }
}

fn problem_type(keys: Keys<'_>) -> Result<Option<ProblemType>, String> {
    let Some(value) = keys.value("problem_type") else { return Ok(None) };
    match value.as_str() {
        Some("regression") => Ok(Some(ProblemType::Regression)),
        Some("single_label_classification") => Ok(Some(ProblemType::SingleLabelClassification)),
        Some("multi_label_classification") => Ok(Some(ProblemType::MultiLabelClassification)),
        _ => Err(wrong(
            "problem_type",
            value,
            "regression, single_label_classification, multi_label_classification or null",
        )),
    }
}

/// Old checkpoints have no model_type, but name their architecture.
fn names_bert(config: &Map<String, Value>) -> bool {
    let architectures = config.get("architectures").and_then(Value::as_array);
    architectures
        .is_some_and(|names| names.iter().any(|name| name.as_str().is_some_and(|name| name.starts_with("Bert"))))
}

#[cfg(test)]
mod tests;
