//! `sst-fetch model` from outside, on local folders.

use std::fs;

use crate::support::Fetch;
use crate::tiny_bert;
use testkit::Sandbox;

#[test]
fn a_whole_model_is_copied_and_nothing_else() {
    let sandbox = Sandbox::new();
    tiny_bert::files().into_iter().for_each(|(name, content)| sandbox.write(&format!("tiny/{name}"), content));
    sandbox.write("tiny/README.md", "not needed");
    sandbox.fetched("model --source tiny --out model");
    for (name, content) in tiny_bert::files() {
        assert_eq!(fs::read(sandbox.path(&format!("model/{name}"))).unwrap(), content, "{name}");
    }
    assert!(!sandbox.path("model/README.md").exists());
    assert_eq!(sandbox.fetched("model --source tiny --out model").stderr, "sst-fetch model: model is fresh\n");
    sandbox.write("tiny/vocab.txt", tiny_bert::VOCABULARY.replace("bad", "good"));
    let explained = sandbox.fetched("model --source tiny --out model --explain");
    assert!(explained.stdout.contains("\n  input vocab.txt: "), "{}", explained.stdout);
}

#[test]
fn what_is_not_a_whole_bert_is_refused() {
    let refused = |name: &str, content: Option<&[u8]>| {
        let sandbox = Sandbox::new();
        tiny_bert::files().into_iter().for_each(|(name, content)| sandbox.write(&format!("tiny/{name}"), content));
        match content {
            Some(content) => sandbox.write(&format!("tiny/{name}"), content),
            None => fs::remove_file(sandbox.path(&format!("tiny/{name}"))).unwrap(),
        }
        sandbox.refused("model --source tiny --out model")
    };
    let weights = tiny_bert::weights();
    let larger = tiny_bert::CONFIG.replace("\"intermediate_size\": 8", "\"intermediate_size\": 6");
    let more_words = format!("{}more\n", tiny_bert::VOCABULARY);
    let cases: [(&str, Option<&[u8]>, &str); 7] = [
        ("config.json", None, "tiny has no config.json"),
        ("config.json", Some(br#"{"model_type": "gpt2"}"#), "model_type is gpt2, but only bert is supported"),
        (
            "config.json",
            Some(larger.as_bytes()),
            "bert.encoder.layer.0.intermediate.dense.bias: has shape [8]; config.json asks for [6]",
        ),
        ("model.safetensors", None, "tiny has no model.safetensors"),
        (
            "model.safetensors",
            Some(&weights[..weights.len() - 1]),
            "tiny/model.safetensors is not a complete safetensors file",
        ),
        ("vocab.txt", None, "tiny has no tokenizer.json, nor a vocab.txt"),
        (
            "vocab.txt",
            Some(more_words.as_bytes()),
            "it has ids up to 6, but the model's word embeddings have only 6 rows",
        ),
    ];
    for (name, content, message) in cases {
        let stderr = refused(name, content);
        assert!(stderr.contains(message), "expected `{message}`, found `{stderr}`");
    }
    let sandbox = Sandbox::new();
    assert!(sandbox.refused("model --source nowhere --out model").contains("nowhere is not a folder"));
    assert!(sandbox.refused("model --source sample --out model").contains("there is no sample model"));
}
