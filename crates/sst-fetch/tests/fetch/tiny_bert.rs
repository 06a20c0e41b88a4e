//! The smallest BERT: its files, in memory.

use checkpoint::{BertConfig, expected_tensors};

pub(crate) const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nit\nbad\n";
pub(crate) const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 6, "hidden_size": 4, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}"#;

/// `config.json`, `model.safetensors`, `vocab.txt`.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("config.json", CONFIG.into()), ("model.safetensors", weights()), ("vocab.txt", VOCABULARY.into())]
}

/// All tensors of the encoder, zero: a header of JSON behind its length, then the values.
pub(crate) fn weights() -> Vec<u8> {
    let config: BertConfig = serde_json::from_str(CONFIG).unwrap();
    let (mut header, mut end) = (serde_json::Map::new(), 0);
    for spec in expected_tensors(&config, 2).iter().filter(|spec| !spec.name.starts_with("classifier.")) {
        let start = end;
        end += 4 * spec.shape.iter().product::<usize>();
        let entry = serde_json::json!({"dtype": "F32", "shape": spec.shape, "data_offsets": [start, end]});
        header.insert(spec.name.clone(), entry);
    }
    let mut header = serde_json::Value::from(header).to_string();
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.resize(file.len() + end, 0);
    file
}
