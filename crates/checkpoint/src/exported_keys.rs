//! Keys of `config.json` that are given away: those that Transformers takes, with the values that it takes.
//!
//! Transformers 5.23 holds the keys of its `BertConfig` to their types and refuses a whole file where one is wrong;
//! Transformers 4 takes nearly everything. None of the keys that are left out means anything to a BERT that classifies, so
//! a file with values that Transformers does not take is read, and such a value is left out when the file is written, which
//! means the key's default.

use serde_json::{Map, Value, json};

/// The values of a key that Transformers takes.
enum Taken {
    /// None: the key speaks of another head, of weights in another form, of the machine, or of code that is not in the folder.
    Nothing,
    /// `null`.
    Null,
    /// `true` and `false`.
    Flag,
    /// `true`, `false` and `null`.
    FlagOrNull,
    /// A number, with a point.
    Float,
    /// A text.
    Text,
    /// A whole number or `null`.
    IntegerOrNull,
    /// A whole number, a list of them, or `null`.
    IntegersOrNull,
    /// 0: other values cut the layers into chunks, which the two versions do not do alike.
    Zero,
}

/// The keys, and what is taken of each, by `BertConfig` and `PreTrainedConfig` of Transformers 5.23.
const KEYS: [(&str, Taken); 37] = [
    ("num_labels", Taken::Nothing), // Transformers 5 believes it where it contradicts id2label
    ("_num_labels", Taken::Nothing),
    ("finetuning_task", Taken::Nothing),
    ("pruned_heads", Taken::Nothing),
    ("task_specific_params", Taken::Nothing),
    ("per_layer_config", Taken::Nothing),
    ("quantization_config", Taken::Nothing),
    ("auto_map", Taken::Nothing),
    ("custom_pipelines", Taken::Nothing),
    ("attn_implementation", Taken::Nothing),
    ("_attn_implementation", Taken::Nothing),
    ("_attn_implementation_internal", Taken::Nothing),
    ("experts_implementation", Taken::Nothing),
    ("_experts_implementation", Taken::Nothing),
    ("layer_types", Taken::Nothing),
    ("attribute_map", Taken::Nothing), // names of the class itself, as the next five
    ("base_model_tp_plan", Taken::Nothing),
    ("is_heterogeneous", Taken::Nothing),
    ("per_layer_attributes", Taken::Nothing),
    ("sub_configs", Taken::Nothing),
    ("use_return_dict", Taken::Nothing),
    ("return_dict", Taken::Nothing), // another value than true, and pipelines fail, as with the next
    ("torchscript", Taken::Nothing),
    ("transformers_weights", Taken::Nothing), // the name of a file that is called otherwise here
    ("rope_parameters", Taken::Null),         // a BERT has no rotary positions
    ("rope_scaling", Taken::Null),
    ("add_cross_attention", Taken::Flag),
    ("is_decoder", Taken::Flag),
    ("tie_word_embeddings", Taken::Flag),
    ("use_cache", Taken::Flag),
    ("output_hidden_states", Taken::FlagOrNull),
    ("initializer_range", Taken::Float),
    ("layer_norm_eps", Taken::Float),
    ("position_embedding_type", Taken::Text), // null is another kind of positions to Transformers 4
    ("bos_token_id", Taken::IntegerOrNull),
    ("eos_token_id", Taken::IntegersOrNull),
    ("chunk_size_feed_forward", Taken::Zero),
];

impl Taken {
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Nothing => false,
            Self::Null => value.is_null(),
            Self::Flag => value.is_boolean(),
            Self::FlagOrNull => value.is_boolean() || value.is_null(),
            Self::Float => value.is_f64(),
            Self::Text => value.is_string(),
            Self::IntegerOrNull => is_integer(value) || value.is_null(),
            Self::IntegersOrNull => {
                is_integer(value) || value.is_null() || value.as_array().is_some_and(|ids| ids.iter().all(is_integer))
            }
            Self::Zero => value.as_u64() == Some(0),
        }
    }
}

/// Brings a config to what Transformers takes. Returns the keys that changed.
pub(crate) fn bring_to_what_is_taken(config: &mut Map<String, Value>) -> Vec<&'static str> {
    let mut changed = Vec::new();
    for (key, taken) in KEYS {
        let Some(value) = config.get_mut(key).filter(|value| !taken.takes(value)) else { continue };
        changed.push(key);
        match value.as_f64() {
            Some(number) if matches!(taken, Taken::Float) => *value = json!(number),
            _ => _ = config.remove(key),
        }
    }
    changed
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(mut config: Value) -> (Value, Vec<&'static str>) {
        let changed = bring_to_what_is_taken(config.as_object_mut().unwrap());
        (config, changed)
    }

    #[test]
    fn what_is_taken_stays_as_it_is() {
        let config = json!({
            "hidden_size": 12, "use_cache": true, "is_decoder": false, "tie_word_embeddings": false,
            "output_hidden_states": true, "initializer_range": 0.02, "layer_norm_eps": 1e-12, "position_embedding_type": "absolute",
            "transformers_version": "4.6.0", "bos_token_id": null, "eos_token_id": [1, 2], "chunk_size_feed_forward": 0,
            "gradient_checkpointing": false, "pooler_type": "first_token_transform", "unknown": {"x": null}
        });
        assert_eq!(brought(config.clone()), (config, Vec::new()));
        assert_eq!(brought(json!({"bos_token_id": 3, "eos_token_id": 4})).1, Vec::<&str>::new());
    }

    #[test]
    fn what_is_not_taken_is_left_out_or_made_a_number_with_a_point() {
        for (key, value) in [
            ("use_cache", json!(null)),
            ("use_cache", json!(1)),
            ("tie_word_embeddings", json!(null)),
            ("is_decoder", json!(null)),
            ("bos_token_id", json!("")),
            ("bos_token_id", json!(1.5)),
            ("eos_token_id", json!(["x"])),
            ("layer_types", json!(["full_attention"])),
            ("attn_implementation", json!("flash_attention_2")),
            ("_attn_implementation", json!("eager")),
            ("chunk_size_feed_forward", json!(null)),
            ("chunk_size_feed_forward", json!(2)),
            ("use_return_dict", json!(true)),
            ("return_dict", json!(false)),
            ("return_dict", json!(null)),
            ("torchscript", json!(true)),
            ("transformers_weights", json!("best.safetensors")),
            ("position_embedding_type", json!(null)),
            ("output_hidden_states", json!({})),
            ("num_labels", json!(2)),
        ] {
            assert_eq!(brought(json!({"hidden_size": 12, key: value})), (json!({"hidden_size": 12}), vec![key]));
        }
        let (config, changed) = brought(json!({"initializer_range": 1}));
        assert_eq!((config.to_string().as_str(), changed), (r#"{"initializer_range":1.0}"#, vec!["initializer_range"]));
    }
}
