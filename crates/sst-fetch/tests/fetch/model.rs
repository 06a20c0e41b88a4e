//! `sst-fetch model` from outside, on local folders.

use std::fs;

use crate::support::Place;
use crate::tiny_bert;

#[test]
fn a_whole_model_is_copied_and_nothing_else() {
    let place = Place::new();
    tiny_bert::files().into_iter().for_each(|(name, content)| place.file(&format!("tiny/{name}"), content));
    place.file("tiny/README.md", "not needed");
    place.done("model --source tiny --out model");
    for (name, content) in tiny_bert::files() {
        assert_eq!(fs::read(place.path(&format!("model/{name}"))).unwrap(), content, "{name}");
    }
    assert!(!place.path("model/README.md").exists());
    assert_eq!(place.done("model --source tiny --out model").stderr, "sst-fetch model: model is fresh\n");
    place.file("tiny/vocab.txt", tiny_bert::VOCABULARY.replace("bad", "good"));
    let explained = place.done("model --source tiny --out model --explain");
    assert!(explained.stdout.contains("\n  input vocab.txt: "), "{}", explained.stdout);
}

#[test]
fn what_is_not_a_whole_bert_is_refused() {
    let refused = |name: &str, content: Option<&[u8]>| {
        let place = Place::new();
        tiny_bert::files().into_iter().for_each(|(name, content)| place.file(&format!("tiny/{name}"), content));
        match content {
            Some(content) => place.file(&format!("tiny/{name}"), content),
            None => fs::remove_file(place.path(&format!("tiny/{name}"))).unwrap(),
        }
        place.refused("model --source tiny --out model")
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
            "tiny/model.safetensors is not a whole safetensors file",
        ),
        ("vocab.txt", None, "tiny has no tokenizer.json, nor a vocab.txt"),
        ("vocab.txt", Some(more_words.as_bytes()), "has ids up to 6, but the model's word table has only 6 rows"),
    ];
    for (name, content, message) in cases {
        let stderr = refused(name, content);
        assert!(stderr.contains(message), "expected `{message}`, found `{stderr}`");
    }
    let place = Place::new();
    assert!(place.refused("model --source nowhere --out model").contains("nowhere is not a folder"));
    assert!(place.refused("model --source sample --out model").contains("there is no such model"));
}
