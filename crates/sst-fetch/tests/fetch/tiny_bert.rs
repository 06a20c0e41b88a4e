//! The smallest BERT: its files, in memory.

use checkpoint::{BertConfig, expected_tensors};

pub(crate) const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nit\nbad\n";
pub(crate) const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 6, "hidden_size": 4, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}"#;

/// `config.json`, `model.safetensors`, `vocab.txt`.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("config.json", CONFIG.into()), ("model.safetensors", weights()), ("vocab.txt", VOCABULARY.into())]
}

/// The same with its weights in two files and their index.
pub(crate) fn sharded_files() -> Vec<(&'static str, Vec<u8>)> {
    let (first, second) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    let tensors = tensors();
    let (begin, end) = tensors.split_at(7);
    let mut map = serde_json::Map::new();
    for (part, file) in [(begin, first), (end, second)] {
        map.extend(part.iter().map(|(name, _)| (name.clone(), file.into())));
    }
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    vec![
        ("config.json", CONFIG.into()),
        ("model.safetensors.index.json", index.to_string().into_bytes()),
        (first, safetensors(begin, "F32")),
        (second, safetensors(end, "F32")),
        ("vocab.txt", VOCABULARY.into()),
    ]
}

/// Name and shape of all tensors of the encoder.
pub(crate) fn tensors() -> Vec<(String, Vec<usize>)> {
    let config: BertConfig = serde_json::from_str(CONFIG).unwrap();
    let specs = expected_tensors(&config, 2).into_iter().filter(|spec| !spec.name.starts_with("classifier."));
    specs.map(|spec| (spec.name, spec.shape)).collect()
}

/// All tensors of the encoder, zero.
pub(crate) fn weights() -> Vec<u8> {
    safetensors(&tensors(), "F32")
}

/// Zeros: a header of JSON behind its length, then the values.
pub(crate) fn safetensors(tensors: &[(String, Vec<usize>)], dtype: &str) -> Vec<u8> {
    let size = if dtype.ends_with("64") { 8 } else { 4 };
    let (mut header, mut end) = (serde_json::Map::new(), 0);
    for (name, shape) in tensors {
        let start = end;
        end += size * shape.iter().product::<usize>();
        let entry = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
        header.insert(name.clone(), entry);
    }
    let mut header = serde_json::Value::from(header).to_string();
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.resize(file.len() + end, 0);
    file
}
