//! `config.json` of a model.

use std::path::Path;

use checkpoint::{BertConfig, label_config};
use serde_json::{Value, json};
use testkit::Random;

use super::{Format, chain};
use crate::bytes::{self, once_in};
use crate::json::mutated;
use crate::mutant::{Mutant, Refusal};

#[derive(Debug)]
pub(super) struct Configs;

fn document() -> Value {
    json!({
        "model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 30, "hidden_size": 12,
        "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 24, "max_position_embeddings": 16,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "layer_norm_eps": 1e-12, "pad_token_id": 0,
        "position_embedding_type": "absolute", "is_decoder": false, "problem_type": "single_label_classification",
        "id2label": {"0": "bad", "1": "good"}, "label2id": {"bad": 0, "good": 1}, "dtype": "float32"
    })
}

impl Format for Configs {
    fn make(&self, random: &mut Random) -> Mutant {
        let other =
            json!({"id2label": ["a", "b"], "vocab_size": "30", "rope": [1, 2.5, null], "hidden_act": {"name": 1}});
        let mut text = mutated(random, &document(), &other);
        if once_in(random, 4) {
            bytes::change(random, &mut text, document().to_string().as_bytes());
        }
        Mutant::new("config.json", text)
    }

    fn is_accepted(&self, mutant: &Mutant) -> bool {
        serde_json::from_slice::<Value>(&mutant.bytes).is_ok()
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let refusal = |error: &dyn std::error::Error| {
            let message = chain(error);
            let is_json = std::fs::read(path).is_ok_and(|bytes| checkpoint::parse_json(&bytes).is_ok());
            Refusal::of(message, if is_json { &[] } else { &["line "] })
        };
        let config = BertConfig::read(path).map_err(|error| refusal(&error))?;
        assert!(config.head_size() * config.num_attention_heads == config.hidden_size, "a config that was not checked");
        label_config(path, &["bad".to_owned(), "good".to_owned()]).map(drop).map_err(|error| refusal(&error))
    }
}
