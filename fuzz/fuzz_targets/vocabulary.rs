//! `vocab.txt` with `tokenizer_config.json`: no panic, every refusal names a file, and every id is in the vocabulary.
#![no_main]

use corpus::tokenizer::Tokenizer;
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;

const CONFIGS: [&str; 3] = [
    "{}",
    r#"{"do_lower_case": false}"#,
    r#"{"cls_token": "a", "sep_token": {"content": "b"}, "strip_accents": true}"#,
];

fuzz_target!(|input: (u8, &str, &str)| {
    let (config, text, vocabulary) = input;
    let config = CONFIGS[usize::from(config) % CONFIGS.len()];
    let vocabulary = format!("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n{vocabulary}");
    with_file("vocab.txt", vocabulary.as_bytes(), &[("tokenizer_config.json", config)], |path| {
        let folder = path.parent().expect("a folder");
        match Tokenizer::open(folder, 16).and_then(|tokenizer| Ok((tokenizer.encode(&[text, "a b"])?, tokenizer))) {
            Ok((encodings, tokenizer)) => {
                let is_id = |&id: &i32| usize::try_from(id).is_ok_and(|id| id < tokenizer.n_ids());
                assert!(encodings.input_ids.iter().all(is_id));
                assert!((0..2).all(|row| (2..=16).contains(&encodings.input_ids(row).len())));
            }
            Err(refusal) => assert!(
                refusal.to_string().contains("vocab.txt") || refusal.to_string().contains("tokenizer_config"),
                "{refusal}"
            ),
        }
    });
});
