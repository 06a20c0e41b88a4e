//! Tensor names: one canonical set, those that Transformers writes for `BertForSequenceClassification`, and the shapes.

use crate::config::BertConfig;

/// A tensor that a model of some config must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its canonical name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// The canonical name of a checkpoint's tensor; `None` for tensors that fine-tuning does not use.
///
/// Checkpoints differ by an optional `bert.` prefix and by `gamma`/`beta` for the layer norms' weight and bias; heads of
/// pre-training (`cls.*`) and the buffer `position_ids` are ignored.
///
/// ```
/// assert_eq!(checkpoint::canonical_name("embeddings.LayerNorm.gamma").unwrap(), "bert.embeddings.LayerNorm.weight");
/// assert_eq!(checkpoint::canonical_name("bert.pooler.dense.bias").unwrap(), "bert.pooler.dense.bias");
/// assert_eq!(checkpoint::canonical_name("cls.predictions.bias"), None);
/// ```
pub fn canonical_name(name: &str) -> Option<String> {
    let bare = name.strip_prefix("bert.").unwrap_or(name);
    if bare.starts_with("cls.") || bare == "embeddings.position_ids" {
        return None;
    }
    let bare = match bare.strip_suffix("LayerNorm.gamma") {
        Some(stem) => format!("{stem}LayerNorm.weight"),
        None => match bare.strip_suffix("LayerNorm.beta") {
            Some(stem) => format!("{stem}LayerNorm.bias"),
            None => bare.to_owned(),
        },
    };
    Some(if bare.starts_with("classifier.") { bare } else { format!("bert.{bare}") })
}

/// The tensors of a classifier of `n_outputs`, in the order of the reference's `named_parameters()`.
pub fn expected_tensors(config: &BertConfig, n_outputs: usize) -> Vec<TensorSpec> {
    let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
    let mut specs = Vec::new();
    let mut add = |name: String, shape: &[usize]| specs.push(TensorSpec { name, shape: shape.to_vec() });

    add("bert.embeddings.word_embeddings.weight".into(), &[config.vocab_size, hidden]);
    add("bert.embeddings.position_embeddings.weight".into(), &[config.max_position_embeddings, hidden]);
    add("bert.embeddings.token_type_embeddings.weight".into(), &[config.type_vocab_size, hidden]);
    add("bert.embeddings.LayerNorm.weight".into(), &[hidden]);
    add("bert.embeddings.LayerNorm.bias".into(), &[hidden]);
    for layer in 0..config.num_hidden_layers {
        let layers = [
            ("attention.self.query", hidden, Some(hidden)),
            ("attention.self.key", hidden, Some(hidden)),
            ("attention.self.value", hidden, Some(hidden)),
            ("attention.output.dense", hidden, Some(hidden)),
            ("attention.output.LayerNorm", hidden, None),
            ("intermediate.dense", intermediate, Some(hidden)),
            ("output.dense", hidden, Some(intermediate)),
            ("output.LayerNorm", hidden, None),
        ];
        for (part, n_out, n_in) in layers {
            let weight: Vec<usize> = [Some(n_out), n_in].into_iter().flatten().collect();
            add(format!("bert.encoder.layer.{layer}.{part}.weight"), &weight);
            add(format!("bert.encoder.layer.{layer}.{part}.bias"), &[n_out]);
        }
    }
    add("bert.pooler.dense.weight".into(), &[hidden, hidden]);
    add("bert.pooler.dense.bias".into(), &[hidden]);
    add("classifier.weight".into(), &[n_outputs, hidden]);
    add("classifier.bias".into(), &[n_outputs]);
    specs
}

impl BertConfig {
    /// The number of parameters of the encoder with its pooler and a classifier of `n_outputs`.
    pub fn n_parameters(&self, n_outputs: usize) -> usize {
        expected_tensors(self, n_outputs).iter().map(|spec| spec.shape.iter().product::<usize>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures are those of the reference's `BertForSequenceClassification` with two labels.
    #[test]
    fn bert_base_has_201_tensors_and_its_known_number_of_parameters() {
        let config: BertConfig = serde_json::from_value(serde_json::json!({
            "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
            "intermediate_size": 3072, "max_position_embeddings": 512
        }))
        .unwrap();
        assert_eq!(expected_tensors(&config, 2).len(), 201);
        assert_eq!(config.n_parameters(2), 109_483_778);
    }
}
