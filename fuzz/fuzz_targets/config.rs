//! `config.json` of a model: no panic, every refusal names the file, and what is taken was checked.
#![no_main]

use checkpoint::{BertConfig, expected_tensors, label_config};
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_file("config.json", bytes, &[], |path| {
        match BertConfig::read(path) {
            Ok(config) => {
                assert_eq!(config.head_size() * config.num_attention_heads, config.hidden_size);
                assert!(config.layer_norm_eps > 0.0 && config.pad_token_id.is_none_or(|id| id < config.vocab_size));
                assert!(expected_tensors(&config, 2).len() > config.num_hidden_layers);
            }
            Err(refusal) => assert!(refusal.to_string().contains("config.json"), "{refusal}"),
        }
        if let Err(refusal) = label_config(path, &["bad".to_owned(), "good".to_owned()]) {
            assert!(refusal.to_string().contains("config.json"), "{refusal}");
        }
    });
});
