//! `tokenizer.json`, and `vocab.txt` with `tokenizer_config.json`: opened, hashed, and used on texts.

use std::path::Path;

use corpus::tokenizer::Tokenizer;
use serde_json::{Value, json};
use testkit::Random;

use super::{Format, chain};
use crate::bytes::{self, index, once_in};
use crate::json::mutated;
use crate::mutant::{Mutant, Refusal};
use crate::text;

const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nit\nwork\n##s\n.\nIt\ncafe\ncaf\u{e9}\n";
const TEXTS: [&str; 6] =
    ["It works.", "Caf\u{e9} xyzzy [SEP] it[MASK]", "", "\u{4e2d}\u{6587} \0\t\u{202e}e\u{301}", "  ", "...."];

pub(super) struct Tokenizers {
    documents: Vec<Value>,
    long_word: String,
}

impl Tokenizers {
    pub(super) fn new() -> Self {
        Self { documents: documents(), long_word: "it".repeat(300) }
    }
}

fn documents() -> Vec<Value> {
    let tokens = ["[UNK]", "[CLS]", "[SEP]", "it", "work", "##s", ".", "i", "t", "\u{2581}it", "it\u{2581}"];
    let vocabulary: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), json!(id))).collect();
    let special = |id: u32, content: &str| json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let added = json!([special(0, "[UNK]"), special(1, "[CLS]"), special(2, "[SEP]"), special(11, "[MASK]")]);
    let bert = json!({"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]});
    let template = json!({
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                           "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}
    });
    let file = |normalizer: Value, pre_tokenizer: Value, post_processor: &Value, model: Value| {
        json!({
            "version": "1.0", "added_tokens": added, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
            "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
            "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                        "pad_type_id": 0, "pad_token": "[PAD]"},
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "model": model
        })
    };
    let word_piece = json!({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                            "max_input_chars_per_word": 100, "vocab": vocabulary});
    let unigram = json!({"type": "Unigram", "unk_id": 0, "byte_fallback": false,
                         "vocab": tokens.iter().map(|token| json!([token, -1.5])).collect::<Vec<_>>()});
    let bpe = json!({"type": "BPE", "dropout": null, "unk_token": "[UNK]", "continuing_subword_prefix": null,
                     "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                     "vocab": vocabulary, "merges": [["i", "t"]]});
    let words = json!({"type": "WordLevel", "unk_token": "[UNK]", "vocab": vocabulary});
    let normalizers = json!({"type": "Sequence", "normalizers": [
        {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": true, "strip_right": true},
        {"type": "Replace", "pattern": {"Regex": "(x+x+)+y"}, "content": ""}, {"type": "Prepend", "prepend": "\u{2581}"}]});
    let pre_tokenizers = json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\\s+|\\b"}, "behavior": "Isolated", "invert": false},
        {"type": "Digits", "individual_digits": true}, {"type": "Punctuation", "behavior": "Removed"}]});
    let bert_normalizer = json!({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                                 "strip_accents": null, "lowercase": true});
    let metaspace = json!({"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true});
    vec![
        file(bert_normalizer.clone(), json!({"type": "BertPreTokenizer"}), &bert, word_piece),
        file(normalizers, pre_tokenizers, &template, words),
        file(Value::Null, metaspace, &template, unigram),
        file(bert_normalizer, json!({"type": "Whitespace"}), &bert, bpe),
    ]
}

impl Format for Tokenizers {
    fn make(&self, random: &mut Random) -> Mutant {
        match random.below(10) {
            0 => {
                let mut vocabulary = VOCABULARY.to_owned();
                (0..=random.below(3)).for_each(|_| text::change(random, &mut vocabulary, VOCABULARY));
                Mutant::new("vocabulary/vocab.txt", vocabulary)
            }
            1 => {
                let config = json!({"do_lower_case": true, "strip_accents": null, "tokenize_chinese_chars": true, "cls_token": "[CLS]",
                                    "sep_token": {"content": "[SEP]"}, "unk_token": "[UNK]", "pad_token": "[PAD]"});
                Mutant::new("config/tokenizer_config.json", mutated(random, &config, &self.documents[0]))
            }
            _ => {
                // Mostly of the kind that BERT has.
                let n = [0, 0, 0, 1, 2, 3][index(random, 6)];
                let other = &self.documents[index(random, self.documents.len())];
                let mut text = mutated(random, &self.documents[n], other);
                if once_in(random, 8) {
                    bytes::change(random, &mut text, other.to_string().as_bytes());
                }
                Mutant::new("json/tokenizer.json", text)
            }
        }
    }

    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let is_vocabulary = mutant.name.ends_with("vocab.txt");
        if is_vocabulary {
            std::str::from_utf8(&mutant.bytes).is_ok()
        } else {
            serde_json::from_slice::<Value>(&mutant.bytes).is_ok()
        }
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let folder = path.parent().unwrap();
        if path.ends_with("tokenizer_config.json") && !folder.join("vocab.txt").exists() {
            std::fs::write(folder.join("vocab.txt"), VOCABULARY).unwrap();
        }
        let is_json = || std::fs::read(path).is_ok_and(|bytes| checkpoint::parse_json(&bytes).is_ok());
        let refusal = |error: &dyn std::error::Error| {
            // What a configuration says of the vocabulary is the fault of both.
            let message = format!(
                "{} ({})",
                chain(error),
                if path.ends_with("tokenizer_config.json") { "tokenizer_config.json" } else { "" }
            );
            Refusal::of(message, if path.ends_with("vocab.txt") || is_json() { &[] } else { &["line "] })
        };
        let tokenizer = Tokenizer::open(folder, 16).map_err(|error| refusal(&error))?;
        let _ = tokenizer.behavior_sha256();
        let texts: Vec<&str> = TEXTS.into_iter().chain([self.long_word.as_str()]).collect();
        let encodings = tokenizer.encode(&texts).map_err(|error| refusal(&error))?;
        let is_id = |&id: &i32| usize::try_from(id).is_ok_and(|id| id < tokenizer.n_ids());
        assert!(encodings.input_ids.iter().all(is_id), "an id that the vocabulary does not have");
        let is_short = |i: usize| (2..=16).contains(&encodings.input_ids(i).len());
        assert!((0..texts.len()).all(is_short), "a text of another length than was asked for");
        Ok(())
    }
}
