//! Token ids of texts by the tokenizers of model folders: what `tests/reference` holds against the reference.
//!
//! In: on each line of stdin `{"model": FOLDER, "max_lengths": [N, ...], "texts": [...]}`. Out: on each line of stdout
//! `{"input_ids": [[[...]]], "said": [...], "truncation_side": ...}`, ids by length and text, or `{"error": ...}`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "an example for tests")]

use std::io::{BufRead, stdin};
use std::path::Path;

use corpus::tokenizer::{Overflow, Tokenizer};
use serde_json::{Value, json};

fn main() {
    for line in stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        println!("{}", answer(&request).unwrap_or_else(|error| json!({ "error": error.to_string() })));
    }
}

fn answer(request: &Value) -> corpus::Result<Value> {
    let model = Path::new(request["model"].as_str().unwrap());
    let texts: Vec<&str> = request["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let mut ids = Vec::new();
    for max_length in request["max_lengths"].as_array().unwrap() {
        let encodings = Tokenizer::open(model, max_length.as_u64().unwrap() as usize)?.encode(&texts)?;
        ids.push((0..texts.len()).map(|text| encodings.input_ids(text).to_vec()).collect::<Vec<_>>());
    }
    let tokenizer = Tokenizer::open(model, usize::MAX)?;
    let Overflow::Truncate(side) = tokenizer.overflow() else { panic!("no folder asks for windows by itself") };
    let side = format!("{side:?}");
    Ok(json!({ "input_ids": ids, "said": tokenizer.said(), "truncation_side": side }))
}
