//! `BertConfig`: the `config.json` of a BERT, read once and checked once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::activation::Activation;
use crate::error::CheckpointError;

/// The shape of a BERT. Names and defaults are those of the reference's `BertConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    #[serde(default)]
    pub hidden_act: Activation,
    /// Dropout of hidden states.
    #[serde(default = "tenth")]
    pub hidden_dropout_prob: f64,
    /// Dropout of attention probabilities.
    #[serde(default = "tenth")]
    pub attention_probs_dropout_prob: f64,
    /// Dropout before the classifier; `hidden_dropout_prob` where absent.
    #[serde(default)]
    pub classifier_dropout: Option<f64>,
    /// Rows of the position embeddings: the longest input in tokens.
    pub max_position_embeddings: usize,
    /// Rows of the token type embeddings.
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    /// Standard deviation of newly initialized weights.
    #[serde(default = "fiftieth")]
    pub initializer_range: f64,
    /// Added to the variance in every layer normalization.
    #[serde(default = "tiny")]
    pub layer_norm_eps: f64,
    /// The id of `[PAD]`, whose row of the word embeddings gets no gradient.
    #[serde(default)]
    pub pad_token_id: usize,
    /// Label names by output, where the checkpoint was fine-tuned.
    #[serde(default)]
    pub id2label: Option<BTreeMap<usize, String>>,
    /// `regression`, `single_label_classification`, or nothing.
    #[serde(default)]
    pub problem_type: Option<String>,
}

fn tenth() -> f64 {
    0.1
}
fn two() -> usize {
    2
}
fn fiftieth() -> f64 {
    0.02
}
fn tiny() -> f64 {
    1e-12
}

impl BertConfig {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// Fails when it is not JSON, is of another architecture, or holds a size that cannot be.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problem| CheckpointError::Config { path: path.to_owned(), problem })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))?;
        match value.get("model_type").and_then(Value::as_str) {
            Some("bert") => {}
            Some(other) => return Err(format!("model_type is {other}, but only bert is supported")),
            None if names_bert(&value) => {}
            None => return Err("it has no model_type; expected \"model_type\": \"bert\"".to_owned()),
        }
        if let Some(kind) = value.get("position_embedding_type").and_then(Value::as_str)
            && kind != "absolute"
        {
            return Err(format!("position_embedding_type is {kind}, but only absolute is supported"));
        }
        if value.get("is_decoder").and_then(Value::as_bool) == Some(true) {
            return Err("is_decoder is true, but only encoders are supported".to_owned());
        }
        let config: Self =
            serde_json::from_value(value).map_err(|error| format!("not the config of a BERT: {error}"))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocab_size, 1 << 24),
            ("hidden_size", self.hidden_size, 1 << 16),
            ("num_hidden_layers", self.num_hidden_layers, 1 << 10),
            ("num_attention_heads", self.num_attention_heads, 1 << 10),
            ("intermediate_size", self.intermediate_size, 1 << 18),
            ("max_position_embeddings", self.max_position_embeddings, 1 << 20),
            ("type_vocab_size", self.type_vocab_size, 1 << 10),
        ];
        for (name, size, max) in sizes {
            if size == 0 || size > max {
                return Err(format!("{name} is {size}; expected 1 to {max}"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (hidden, heads) = (self.hidden_size, self.num_attention_heads);
            return Err(format!("hidden_size {hidden} is not a multiple of num_attention_heads {heads}"));
        }
        if self.pad_token_id >= self.vocab_size {
            return Err(format!("pad_token_id {} is not below vocab_size {}", self.pad_token_id, self.vocab_size));
        }
        let probabilities = [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
            ("classifier_dropout", self.classifier_dropout.unwrap_or(0.0)),
        ];
        for (name, probability) in probabilities {
            if !(0.0..1.0).contains(&probability) {
                return Err(format!("{name} is {probability}; expected 0 or more and less than 1"));
            }
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return Err(format!("layer_norm_eps is {}; expected more than 0 and less than 1", self.layer_norm_eps));
        }
        Ok(())
    }

    /// Size of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// Old checkpoints have no model_type, but name their architecture.
fn names_bert(config: &Value) -> bool {
    let architectures = config.get("architectures").and_then(Value::as_array);
    architectures
        .is_some_and(|names| names.iter().any(|name| name.as_str().is_some_and(|name| name.starts_with("Bert"))))
}

/// The `config.json` at `path` as that of a classifier: architecture, label names and problem type set, all else kept.
///
/// One label name means regression.
///
/// # Errors
/// Fails when the file cannot be read or is not a JSON object.
pub fn label_config(path: &Path, label_names: &[String]) -> Result<Value, CheckpointError> {
    let text = fs::read(path).map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
    let mut config: Map<String, Value> = serde_json::from_slice(&text)
        .map_err(|error| CheckpointError::Config { path: path.to_owned(), problem: format!("not JSON: {error}") })?;
    let id2label: Map<String, Value> =
        label_names.iter().enumerate().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let label2id: Map<String, Value> =
        label_names.iter().enumerate().map(|(id, name)| (name.clone(), json!(id))).collect();
    let problem = if label_names.len() == 1 { "regression" } else { "single_label_classification" };
    config.insert("model_type".to_owned(), json!("bert"));
    config.insert("architectures".to_owned(), json!(["BertForSequenceClassification"]));
    config.insert("id2label".to_owned(), id2label.into());
    config.insert("label2id".to_owned(), label2id.into());
    config.insert("problem_type".to_owned(), json!(problem));
    config.insert("dtype".to_owned(), json!("float32"));
    config.remove("torch_dtype");
    config.remove("_name_or_path");
    Ok(config.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Value)) -> Result<BertConfig, String> {
        let mut config = json!({
            "model_type": "bert", "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2,
            "num_attention_heads": 3, "intermediate_size": 24, "max_position_embeddings": 16, "id2label": {"0": "bad"}
        });
        change(&mut config);
        BertConfig::parse(config.to_string().as_bytes())
    }

    #[test]
    fn defaults_are_those_of_the_reference() {
        let config = with(|_| {}).unwrap();
        assert_eq!(config.hidden_act, Activation::Gelu);
        assert_eq!((config.layer_norm_eps, config.initializer_range, config.hidden_dropout_prob), (1e-12, 0.02, 0.1));
        assert_eq!((config.type_vocab_size, config.pad_token_id, config.head_size()), (2, 0, 4));
        assert_eq!(config.id2label.unwrap()[&0], "bad");
    }

    #[test]
    fn what_is_not_a_bert_is_refused_with_the_reason() {
        let refusal = |change: fn(&mut Value)| with(change).unwrap_err();
        assert_eq!(
            refusal(|c| c["model_type"] = json!("roberta")),
            "model_type is roberta, but only bert is supported"
        );
        assert_eq!(
            refusal(|c| c["num_attention_heads"] = json!(5)),
            "hidden_size 12 is not a multiple of num_attention_heads 5"
        );
        assert_eq!(refusal(|c| c["vocab_size"] = json!(0)), "vocab_size is 0; expected 1 to 16777216");
        assert!(refusal(|c| c["hidden_act"] = json!("swish")).contains("unknown variant `swish`"));
        assert!(refusal(|c| c["position_embedding_type"] = json!("relative_key")).contains("only absolute"));
        assert!(BertConfig::parse(b"{").unwrap_err().starts_with("not JSON"));
    }
}
