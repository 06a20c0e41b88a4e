//! JSON lines and JSON documents of rows.

use std::path::Path;

use serde_json::Value;
use testkit::Random;

use super::{Format, tables};
use crate::bytes::{self, once_in, one_of};
use crate::mutant::{Mutant, Refusal};
use crate::{json, text};

const LINES: [&str; 3] = [
    "{\"text\": \"fine, really\", \"label\": 1}\n{\"label\": 0, \"text\": \"bad\"}\n{\"text\": null}\n",
    "{\"review\": {\"text\": \"a\", \"lang\": [\"en\", \"de\"]}, \"stars\": 5.0}\n{\"stars\": \"1\", \"review\": {}}\n",
    "{\"sentence\": \"\\ud83d\\ude00\", \"label\": true, \"score\": 0.25}\n\n{\"sentence\": \"\", \"label\": null}\n",
];
const DOCUMENTS: [&str; 6] = [
    r#"[{"text": "fine", "label": 1}, {"text": "bad", "label": 0}]"#,
    r#"{"data": [{"text": "fine", "label": "good"}, {"text": "bad"}], "version": 1}"#,
    r#"{"text": ["fine", "bad"], "label": [1, 0]}"#,
    r#"{"text": {"0": "fine", "1": "bad"}, "label": {"0": 1, "1": 0}}"#,
    r#"{"0": {"text": "fine", "label": 1}, "1": {"text": "bad", "label": 0}}"#,
    r#"{"columns": ["text", "label"], "index": [0, 1], "data": [["fine", 1], ["bad", 0]]}"#,
];

#[derive(Debug)]
pub(super) struct JsonRows;

impl Format for JsonRows {
    fn make(&self, random: &mut Random) -> Mutant {
        let name = one_of(random, &["m.jsonl", "m.json", "m.ndjson", "mX.jsonl"]).to_owned();
        let mut content = if once_in(random, 2) { lines(random) } else { document(random) };
        if once_in(random, 5) {
            bytes::change(random, &mut content, LINES[0].as_bytes());
        }
        Mutant::new(name, content)
    }

    /// It is JSON documents, one after the other.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        serde_json::Deserializer::from_slice(&mutant.bytes).into_iter::<Value>().all(|value| value.is_ok())
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        tables::read(path)
    }
}

fn document(random: &mut Random) -> Vec<u8> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (one, other) = (parse(one_of(random, &DOCUMENTS)), parse(one_of(random, &DOCUMENTS)));
    json::mutated(random, &one, &other)
}

/// Objects of a file, some of them changed, or the file as text.
fn lines(random: &mut Random) -> Vec<u8> {
    let (file, other) = (one_of(random, &LINES), one_of(random, &LINES));
    if once_in(random, 3) {
        let mut file = file.to_owned();
        (0..=random.below(3)).for_each(|_| text::change(random, &mut file, other));
        return file.into_bytes();
    }
    let mut content = String::new();
    for line in file.lines().chain(other.lines()).filter(|line| !line.is_empty()) {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let donor = value.clone();
        if once_in(random, 2) {
            json::change(random, &mut value, &donor);
        }
        content += &value.to_string();
        content += if once_in(random, 12) { " " } else { "\n" };
    }
    content.into_bytes()
}
