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

/// What a tensor of a checkpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of the encoder, its pooler or its classifier, by its canonical name.
    Model(String),
    /// What is computed anew: positions and token types.
    Buffer,
    /// One of another task's head.
    OtherHead,
}

/// The role of a tensor, whose prefix is cut off.
///
/// Checkpoints differ by an optional `bert.` prefix and by `gamma`/`beta` for the layer norms' weight and bias. What stands
/// beside the encoder and is no classifier is a head of another task: `cls.*` of pre-training, `qa_outputs.*`, ...
pub(crate) fn role(name: &str) -> Role {
    let bare = name.strip_prefix("bert.").unwrap_or(name);
    if matches!(bare, "embeddings.position_ids" | "embeddings.token_type_ids") {
        return Role::Buffer;
    }
    if matches!(bare, "classifier.weight" | "classifier.bias") {
        return Role::Model(bare.to_owned());
    }
    if !["embeddings.", "encoder.", "pooler."].iter().any(|part| bare.starts_with(part)) {
        return Role::OtherHead;
    }
    let bare = match (bare.strip_suffix("LayerNorm.gamma"), bare.strip_suffix("LayerNorm.beta")) {
        (Some(stem), _) => format!("{stem}LayerNorm.weight"),
        (_, Some(stem)) => format!("{stem}LayerNorm.bias"),
        _ => bare.to_owned(),
    };
    Role::Model(format!("bert.{bare}"))
}

/// What stands before all names of a checkpoint, beside `bert.`: `module.` of DataParallel, `model.` of Lightning, ... Each name
/// has it.
///
/// # Errors
/// Fails with the tensor and what is wrong with it: where it lacks the prefix of the others, or there are two encoders.
pub(crate) fn common_prefix<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<&'a str, (&'a str, String)> {
    let encoder = |name: &'a str| {
        let stem = name.strip_suffix("embeddings.word_embeddings.weight")?;
        let is_prefix = |stem: &str| stem.is_empty() || stem.ends_with('.');
        // The last part of `tinybert.` is no `bert.`.
        let stem = stem.strip_suffix("bert.").filter(|stem| is_prefix(stem)).unwrap_or(stem);
        is_prefix(stem).then_some((name, stem))
    };
    let mut encoders = names.clone().filter_map(encoder);
    let Some((first, prefix)) = encoders.next() else { return Ok("") };
    for (other, its_prefix) in encoders {
        match (prefix, its_prefix) {
            ("", _) | (_, "") => return Ok(""),
            _ if prefix == its_prefix => {}
            _ => return Err((other, format!("is the beginning of a second encoder, beside {first}; expected one"))),
        }
    }
    match names.clone().find(|name| !name.starts_with(prefix)) {
        Some(name) => {
            Err((name, format!("has not the prefix {prefix} of the encoder's tensors; expected it on all or none")))
        }
        None => Ok(prefix),
    }
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

    #[test]
    fn every_spelling_of_a_tensor_has_one_role() {
        let model = |name: &str| Role::Model(name.to_owned());
        assert_eq!(role("embeddings.LayerNorm.gamma"), model("bert.embeddings.LayerNorm.weight"));
        assert_eq!(
            role("bert.encoder.layer.0.output.LayerNorm.beta"),
            model("bert.encoder.layer.0.output.LayerNorm.bias")
        );
        assert_eq!(role("bert.pooler.dense.bias"), model("bert.pooler.dense.bias"));
        assert_eq!(role("classifier.bias"), model("classifier.bias"));
        assert_eq!(role("bert.encoder.layer.99.x"), model("bert.encoder.layer.99.x"), "to be found unexpected");
        assert_eq!(role("embeddings.position_ids"), Role::Buffer);
        assert_eq!(role("bert.embeddings.token_type_ids"), Role::Buffer);
        for other in
            ["cls.predictions.bias", "qa_outputs.weight", "lm_head.bias", "classifier.dense.weight", "teacher.bert.x"]
        {
            assert_eq!(role(other), Role::OtherHead, "{other}");
        }
    }

    #[test]
    fn a_prefix_is_common_or_none() {
        let prefix = |names: &[&'static str]| common_prefix(names.iter().copied());
        assert_eq!(prefix(&["bert.embeddings.word_embeddings.weight", "classifier.weight"]), Ok(""));
        assert_eq!(prefix(&["embeddings.word_embeddings.weight"]), Ok(""));
        assert_eq!(prefix(&["module.bert.embeddings.word_embeddings.weight", "module.classifier.bias"]), Ok("module."));
        assert_eq!(prefix(&["model.module.embeddings.word_embeddings.weight", "model.module.x"]), Ok("model.module."));
        assert_eq!(prefix(&["bert.bert.embeddings.word_embeddings.weight", "bert.classifier.bias"]), Ok("bert."));
        for whole in ["tinybert.", "rubert.", "my_bert.", "albert."] {
            let names = ["embeddings.word_embeddings.weight", "classifier.bias"].map(|name| format!("{whole}{name}"));
            assert_eq!(common_prefix(names.iter().map(String::as_str)), Ok(whole));
        }
        assert_eq!(prefix(&["my.bert.embeddings.word_embeddings.weight"]), Ok("my."));
        assert_eq!(prefix(&["classifier.bias"]), Ok(""));
        assert_eq!(
            prefix(&["bert.embeddings.word_embeddings.weight", "teacher.embeddings.word_embeddings.weight"]),
            Ok("")
        );
        let (name, problem) = prefix(&["module.embeddings.word_embeddings.weight", "n_averaged"]).unwrap_err();
        assert_eq!((name, problem.contains("the prefix module. of")), ("n_averaged", true));
        let (name, _) =
            prefix(&["a.embeddings.word_embeddings.weight", "b.embeddings.word_embeddings.weight"]).unwrap_err();
        assert_eq!(name, "b.embeddings.word_embeddings.weight");
    }

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
