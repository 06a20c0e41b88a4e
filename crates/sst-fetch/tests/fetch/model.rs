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
    assert!(
        sandbox
            .refused("model --source nowhere --out model")
            .contains("nowhere does not exist; a model of the Hugging Face Hub is ")
    );
    assert!(sandbox.refused("model --source sample --out model").contains("there is no sample model"));
}

#[test]
fn what_was_never_fetched_and_what_is_another_kind_of_folder_is_told() {
    type Files = Vec<(&'static str, Vec<u8>)>;
    let refused = |change: &dyn Fn(&mut Files)| {
        let mut files = tiny_bert::files();
        change(&mut files);
        let (_sandbox, outcome) = fetched(files);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        outcome.stderr
    };
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 90868376\n";
    for (place, (name, _)) in tiny_bert::files().into_iter().enumerate() {
        let told = refused(&|files| files[place].1 = pointer.to_vec());
        assert!(
            told.contains(name) && told.contains("it is a pointer of Git LFS in place of the file; run `git lfs"),
            "{told}"
        );
        let told = refused(&|files| files[place].1 = b"<!DOCTYPE html>\n<html><body>Sign in".to_vec());
        assert!(told.contains(name) && told.contains("it is an HTML page"), "{told}");
    }
    let renamed = refused(&|files| {
        files.iter_mut().filter(|file| file.0 == "model.safetensors").for_each(|file| file.0 = "model.fp16.safetensors")
    });
    assert!(renamed.contains("of weights it has model.fp16.safetensors: where one is the model"), "{renamed}");
    let adapter = refused(&|files| files[0].0 = "adapter_config.json");
    assert!(adapter.contains("tiny has no config.json; it is an adapter of PEFT"), "{adapter}");
    let sandbox = Sandbox::new();
    let named = sandbox.refused("model --source bert-base-uncased --out model");
    assert!(named.contains("`sst-fetch model --source hub:bert-base-uncased --out FOLDER`"), "{named}");
}

/// Fetches a folder of these files into `model`.
fn fetched(files: Vec<(&str, Vec<u8>)>) -> (Sandbox, testkit::Outcome) {
    let sandbox = Sandbox::new();
    files.into_iter().for_each(|(name, content)| sandbox.write(&format!("tiny/{name}"), content));
    let outcome = sandbox.fetch("model --source tiny --out model");
    (sandbox, outcome)
}

/// The files of a model with other weights.
fn with_weights(weights: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    let files = tiny_bert::files().into_iter();
    files.map(|(name, content)| (name, if name == "model.safetensors" { weights.clone() } else { content })).collect()
}

#[test]
fn weights_in_several_files_stay_as_they_are() {
    let (sandbox, outcome) = fetched(tiny_bert::sharded_files());
    outcome.assert_success("sst-fetch model");
    for (name, content) in tiny_bert::sharded_files() {
        assert_eq!(fs::read(sandbox.path(&format!("model/{name}"))).unwrap(), content, "{name}");
    }
    assert_eq!(sandbox.fetched("model --source tiny --out model").stderr, "sst-fetch model: model is fresh\n");
    // A fetched folder is a source; a file that its manifest lists has to be there.
    sandbox.fetched("model --source model --out again");
    fs::remove_file(sandbox.path("model/model-00002-of-00002.safetensors")).unwrap();
    let refusal = sandbox.refused("model --source model --out again");
    assert!(refusal.contains("weight_map names model-00002-of-00002.safetensors, which is not there"), "{refusal}");
}

#[test]
fn an_index_and_its_files_have_to_agree() {
    let refused = |change: fn(&mut serde_json::Value)| {
        let mut files = tiny_bert::sharded_files();
        let mut index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap();
        change(&mut index["weight_map"]);
        files[1].1 = index.to_string().into_bytes();
        let (_sandbox, outcome) = fetched(files);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        outcome.stderr
    };
    let pooler = "bert.pooler.dense.bias";
    type Change = fn(&mut serde_json::Value);
    let cases: [(Change, String); 4] = [
        (
            |map| map["bert.pooler.dense.bias"] = "model-00001-of-00002.safetensors".into(),
            format!(
                "tensor {pooler}: weight_map puts it into model-00001-of-00002.safetensors, but model-00002-of-00002.safetensors has it"
            ),
        ),
        (
            |map| map["bert.more"] = "model-00002-of-00002.safetensors".into(),
            "tensor bert.more: weight_map puts it into model-00002-of-00002.safetensors, which has no such tensor"
                .to_owned(),
        ),
        (
            |map| map["bert.more"] = "../model.safetensors".into(),
            "weight_map of bert.more is \"../model.safetensors\"; expected a .safetensors file below the folder"
                .to_owned(),
        ),
        (|map| *map = serde_json::json!([]), "weight_map is a list; expected an object".to_owned()),
    ];
    for (change, message) in cases {
        let stderr = refused(change);
        assert!(stderr.contains(&message), "expected `{message}`, found `{stderr}`");
    }
}

#[test]
fn a_prefix_and_other_heads_are_said() {
    let mut tensors = tiny_bert::tensors();
    tensors.push(("qa_outputs.bias".to_owned(), vec![2]));
    tensors.push(("bert.embeddings.position_ids".to_owned(), vec![1, 16]));
    tensors.iter_mut().for_each(|(name, _)| name.insert_str(0, "module."));
    let (_sandbox, outcome) = fetched(with_weights(tiny_bert::safetensors(&tensors, "F64")));
    outcome.assert_success("sst-fetch model");
    let said = "sst-fetch model: every tensor's name begins with module., which is cut off\n\
        sst-fetch model: left aside, as of another task: qa_outputs.* (1 tensor)\n";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
}

#[test]
fn weights_of_integers_and_pickles_are_refused() {
    let (_sandbox, outcome) = fetched(with_weights(tiny_bert::safetensors(&tiny_bert::tensors(), "I64")));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains(": expected numbers of type F32, F16, BF16 or F64"), "{}", outcome.stderr);

    let mut files = tiny_bert::files();
    files[1] = ("pytorch_model.bin", b"a pickle".to_vec());
    let (_sandbox, outcome) = fetched(files);
    assert_eq!(outcome.code, Some(2));
    for part in ["its weights are pytorch_model.bin, a pickle", "python3 -c 'import glob, torch; ", "weights_only=True"]
    {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
}

#[test]
fn a_config_is_refused_by_its_key_in_the_words_of_json() {
    for (key, value, message) in [
        ("hidden_size", "\"4\"", "tiny/config.json: hidden_size is the text \"4\"; expected a whole number"),
        ("hidden_size", "null", "tiny/config.json: hidden_size is null; expected a whole number"),
        ("pad_token_id", "6", "tiny/config.json: pad_token_id 6 is not below vocab_size 6"),
        ("id2label", "[\"bad\"]", "tiny/config.json: id2label is a list; expected an object"),
    ] {
        let mut config: serde_json::Value = serde_json::from_str(tiny_bert::CONFIG).unwrap();
        config[key] = serde_json::from_str(value).unwrap();
        let mut files = tiny_bert::files();
        files[0].1 = config.to_string().into_bytes();
        let (_sandbox, outcome) = fetched(files);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "expected `{message}`, found `{}`", outcome.stderr);
    }
}
