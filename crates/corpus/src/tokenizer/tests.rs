//! Tests of the tokenizer against the library's own encoding of whole texts.

use super::*;
use crate::tokenizer::testing::{VOCABULARY, folder};

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<i32> {
    tokenizer.encode(&[text]).unwrap().input_ids
}

#[test]
fn a_vocabulary_is_a_tokenizer() {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
    assert_eq!((tokenizer.vocab_size(), tokenizer.unknown_id()), (12, Some(1)));
    assert_eq!(ids(&tokenizer, "It works."), [2, 5, 6, 7, 8, 3]);
    assert_eq!(ids(&tokenizer, "Café xyzzy [SEP]"), [2, 10, 1, 3, 3]);
    assert_eq!(ids(&tokenizer, ""), [2, 3]);
}

/// Texts with everything that might make the encoding of a word depend on its neighbors: accents in two code points, a final sigma, tabs,
/// Chinese characters, special tokens, words without a spelling, spaces in a row.
#[test]
fn a_text_is_its_words_one_after_the_other() {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
    assert!(tokenizer.word_cache.is_some());
    let pieces =
        ["it", "works.", " ", "cafe\u{301}", "\u{301}it", "ΟΔΟΣ", "\tit", "中it", "[SEP]", "it[MASK].", "\u{a0}", "…"];
    let mut texts = vec![String::new()];
    for length in 1..4 {
        for first in 0..pieces.len() {
            let piece = |i: usize| pieces[(first * 7 + i * i * 5 + i * length) % pieces.len()];
            texts.push((0..length + 2).map(piece).collect::<Vec<_>>().join(" "));
        }
    }
    let ours = tokenizer.encode(&texts).unwrap();
    for (i, text) in texts.iter().enumerate() {
        let whole = tokenizer.inner.encode_fast(text.as_str(), true).unwrap();
        let whole: Vec<i32> = whole.get_ids().iter().map(|&id| id as i32).collect();
        assert_eq!(ours.input_ids(i), whole, "{text:?}");
    }
}

#[test]
fn the_configuration_beside_the_vocabulary_counts() {
    let folder = folder(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"do_lower_case": false}"#)]);
    let tokenizer = Tokenizer::open(folder.path(), 512).unwrap();
    assert_eq!(ids(&tokenizer, "It it café"), [2, 9, 5, 11, 3]);
}

#[test]
fn texts_are_truncated_on_the_right_and_counted() {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::open(folder.path(), 5).unwrap();
    let encodings = tokenizer.encode(&["it works . it", "it works", "xyzzy . it"]).unwrap();
    assert_eq!(encodings.input_ids, [2, 5, 6, 7, 3, 2, 5, 6, 7, 3, 2, 1, 8, 5, 3]);
    assert_eq!(encodings.offsets, [0, 5, 10, 15]);
    assert_eq!((encodings.n_truncated, encodings.n_words, encodings.n_unknown_words), (1, 7, 1));
    assert_eq!(encodings.input_ids(2), [2, 1, 8, 5, 3]);
}

#[test]
fn texts_are_truncated_on_the_side_that_is_asked_for() {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let text = ["it works . cafe it", "it"];
    let encoded = |side| {
        let tokenizer = Tokenizer::open(folder.path(), 5).unwrap().with_overflow(Overflow::Truncate(side)).unwrap();
        tokenizer.encode(&text).unwrap()
    };
    for (side, ids) in [
        (TruncationSide::Right, [2, 5, 6, 7, 3, 2, 5, 3]),
        (TruncationSide::Left, [2, 8, 10, 5, 3, 2, 5, 3]),
        (TruncationSide::HeadTail, [2, 5, 6, 5, 3, 2, 5, 3]),
    ] {
        let encodings = encoded(side);
        assert_eq!(encodings.input_ids, ids, "{side}");
        assert_eq!((encodings.n_truncated, encodings.n_lost(0), encodings.n_lost(1)), (1, 3, 0), "{side}");
        assert_eq!(encodings.window_offsets, [0, 1, 2]);
    }
}

#[test]
fn a_long_text_is_read_in_windows() {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let open = |stride| Tokenizer::open(folder.path(), 5).unwrap().with_overflow(Overflow::Windows { stride });
    let encodings = open(1).unwrap().encode(&["it works . cafe it", "", "xyzzy"]).unwrap();
    assert_eq!(
        encodings.rows().collect::<Vec<_>>(),
        [[2, 5, 6, 7, 3].as_slice(), &[2, 7, 8, 10, 3], &[2, 10, 5, 3], &[2, 3], &[2, 1, 3]]
    );
    assert_eq!((encodings.window_offsets.as_slice(), encodings.windows(0)), (&[0, 3, 4, 5][..], 0..3));
    assert_eq!(encodings.text_lengths, [8, 2, 3]);
    assert_eq!((encodings.n_truncated, (0..3).map(|text| encodings.n_lost(text)).sum::<usize>()), (0, 0));
    // What windows share is counted once.
    assert_eq!((encodings.n_words, encodings.n_unknown_words), (6, 1));
    let refused = open(3).err().unwrap().to_string();
    assert!(
        refused.ends_with(
            "--window-stride 3: windows of 5 tokens, with [CLS] and [SEP], can share at most 2; give a smaller one"
        ),
        "{refused}"
    );
}

#[test]
fn tokenizer_json_comes_first_and_its_padding_is_ignored() {
    let json = r###"{"version": "1.0", "added_tokens": [], "decoder": null,
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {"[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "it": 5}}}"###;
    let with_json = folder(&[("tokenizer.json", json), ("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::open(with_json.path(), 512).unwrap();
    assert_eq!(ids(&tokenizer, "It it it works"), [2, 5, 5, 5, 1, 3]);
    assert_eq!(tokenizer.vocab_size(), 6);

    // What the library takes, and then panics on, or gives ids for that no model has.
    let with_processor = |processor: &str, class: &str| {
        let changed =
            json.replace(r#"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#, processor);
        let config = format!(r#"{{"tokenizer_class": "{class}"}}"#);
        let folder = folder(&[("tokenizer.json", &changed), ("tokenizer_config.json", &config)]);
        let opened = Tokenizer::open(folder.path(), 512).map_err(|error| error.to_string());
        opened.map_err(|error| error.split_once("tokenizer.json: ").unwrap().1.to_owned())
    };
    let unknown = r#"{"type": "TemplateProcessing", "pair": [], "special_tokens": {},
        "single": [{"SpecialToken": {"id": "[GONE]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}"#;
    let beyond = r#"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 4294967295]}"#;
    let gave_up = "the library that reads it gave up (no entry found for key); the file is damaged";
    let as_written = |processor: &str| with_processor(processor, "PreTrainedTokenizerFast").err().unwrap();
    assert_eq!(as_written("null"), "it adds 0 special tokens to a text; expected [CLS] before and [SEP] after it");
    assert_eq!(as_written(beyond), "it adds the token 4294967295 to a text, which its vocabulary does not have");
    assert_eq!(as_written(unknown), gave_up);
    let template = |single: &str| {
        let special = r#""special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
            "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}"#;
        let pair = r#"[{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}]"#;
        let pieces: Vec<String> = single
            .split(' ')
            .map(|piece| {
                let (name, kind) = piece.split_once(':').unwrap();
                let what = if name == "$A" { ("Sequence", "A") } else { ("SpecialToken", name) };
                format!(r#"{{"{}": {{"id": "{}", "type_id": {kind}}}}}"#, what.0, what.1)
            })
            .collect();
        format!(r#"{{"type": "TemplateProcessing", "single": [{}], "pair": {pair}, {special}}}"#, pieces.join(", "))
    };
    let usual = with_processor(&template("[CLS]:0 $A:0 [SEP]:0"), "PreTrainedTokenizerFast").unwrap();
    assert_eq!(ids(&usual, "it"), [2, 5, 3]);
    for elsewhere in ["[CLS]:0 [SEP]:0 $A:0", "$A:0 [SEP]:0 [CLS]:0", "[CLS]:0 $A:0 $A:0 [SEP]:0"] {
        let problem = as_written(&template(elsewhere));
        assert!(
            problem.starts_with("it puts special tokens elsewhere than around a text; expected [CLS] before"),
            "{problem}"
        );
    }
    assert_eq!(
        as_written(&template("[CLS]:2 $A:0 [SEP]:0")),
        "it gives tokens of one text the type 2; expected 0 of all"
    );
    // The rules of BERT put them there, whatever the file says; damage is told nevertheless.
    assert_eq!(with_processor(unknown, "BertTokenizer").err().unwrap(), gave_up);
    for processor in ["null", beyond] {
        assert_eq!(ids(&with_processor(processor, "BertTokenizer").unwrap(), "it"), [2, 5, 3]);
    }
}

#[test]
fn what_a_reader_of_one_file_would_not_expect_is_said() {
    let said = |files: &[(&str, &str)]| Tokenizer::open(folder(files).path(), 8).unwrap().said().join("; ");
    assert_eq!(said(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"do_lower_case": false}"#)]), "");
    let more = r#"{"additional_special_tokens": ["[A]", "[B]", "[C]", "[D]", "[E]", "[F]"]}"#;
    assert_eq!(
        said(&[("vocab.txt", VOCABULARY), ("special_tokens_map.json", more)]),
        "added beside vocab.txt: `[A]`, `[B]`, `[C]`, `[D]`, `[E]` and 1 more"
    );
    assert_eq!(
        said(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"mask_token": null}"#)]),
        "no added tokens by the other files, though vocab.txt has them: `[MASK]`"
    );
}

#[test]
fn a_special_token_that_is_null_is_none_or_refused() {
    let open = |file: &str, config: &str| {
        let folder = folder(&[("vocab.txt", VOCABULARY), (file, config)]);
        Tokenizer::open(folder.path(), 16).map_err(|error| error.to_string())
    };
    let with_mask = open("tokenizer_config.json", "{}").unwrap();
    assert_eq!(ids(&with_mask, "it [MASK] it"), [2, 5, 4, 5, 3]);
    for file in ["tokenizer_config.json", "special_tokens_map.json"] {
        let without = open(file, r#"{"mask_token": null, "bos_token": null}"#).unwrap();
        assert_eq!(ids(&without, "it [MASK] it"), [2, 5, 1, 1, 1, 5, 3], "{file}");
        for (key, default) in
            [("cls_token", "[CLS]"), ("sep_token", "[SEP]"), ("unk_token", "[UNK]"), ("pad_token", "[PAD]")]
        {
            let problem = open(file, &format!(r#"{{"{key}": null}}"#)).err().unwrap();
            let told = format!(
                "{file}: {key} is null, and a BERT needs one; name the token of the vocabulary, or leave the key out, which means {default}"
            );
            assert!(problem.ends_with(&told), "{problem}");
        }
    }
}

#[test]
fn tokens_of_a_models_own_are_found_under_each_key() {
    let rows = |config: &str| {
        let folder = folder(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", config)]);
        Tokenizer::open(folder.path(), 16).map(|tokenizer| ids(&tokenizer, "it[X]")).map_err(|error| error.to_string())
    };
    for config in [
        r#"{"model_specific_special_tokens": {"image_token": "[X]"}}"#,
        r#"{"image_token": "[X]", "model_specific_special_tokens": {"image_token": "[X]"}}"#,
        r#"{"image_token": {"__type": "AddedToken", "content": "[X]"}}"#,
        r#"{"extra_special_tokens": {"image_token": "[X]"}, "model_specific_special_tokens": {"other_token": "it"}}"#,
    ] {
        assert_eq!(rows(config), Ok(vec![2, 5, 12, 3]), "{config}");
    }
    let beside = r#"{"image_token": "[Y]", "model_specific_special_tokens": {"other_token": "[X]"}}"#;
    assert_eq!(rows(beside), Ok(vec![2, 5, 1, 1, 1, 3]), "of the two the reference takes the keys of the file");
    let refused = |config: &str| rows(config).unwrap_err();
    assert!(refused(r#"{"model_specific_special_tokens": "[X]"}"#).ends_with("expected an object of tokens by name"));
    assert!(refused(r#"{"model_specific_special_tokens": {"a": null}}"#).ends_with("a is null; expected a token"));
    let old_key = refused(r#"{"additional_special_tokens": "[X]"}"#);
    assert!(old_key.ends_with("additional_special_tokens is \"[X]\"; expected a list of tokens"), "{old_key}");
}

#[test]
fn what_python_writes_and_what_is_no_file_is_told() {
    let open = |files: &[(&str, &str)]| {
        let folder = folder(files);
        Tokenizer::open(folder.path(), 8).map(|tokenizer| ids(&tokenizer, "it")).map_err(|error| error.to_string())
    };
    let infinite = open(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", r#"{"model_max_length": Infinity}"#)]);
    assert_eq!(infinite, Ok(vec![2, 5, 3]));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    for name in ["vocab.txt", "tokenizer.json"] {
        let problem = open(&[(name, pointer)]).unwrap_err();
        assert!(problem.contains(&format!("{name}: it is a pointer of Git LFS in place of the file")), "{problem}");
    }
    let problem = open(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", pointer)]).unwrap_err();
    assert!(problem.contains("tokenizer_config.json: it is a pointer of Git LFS"), "{problem}");
}

#[test]
fn what_cannot_be_a_tokenizer_is_refused() {
    let problem = |files: &[(&str, &str)], max_length| {
        let folder = folder(files);
        let error = Tokenizer::open(folder.path(), max_length).err().unwrap().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(problem(&[], 8), "the tokenizer DIR: there is neither tokenizer.json nor vocab.txt in the folder");
    assert_eq!(
        problem(&[("vocab.txt", "it\n[CLS]\n[UNK]\n")], 8),
        "the tokenizer DIR/vocab.txt: the vocabulary has no [SEP]"
    );
    assert_eq!(
        problem(&[("vocab.txt", VOCABULARY)], 2),
        "the tokenizer DIR/vocab.txt: a maximum length of 2 leaves no token between [CLS] and [SEP]; expected at least 3"
    );
    assert!(problem(&[("tokenizer.json", "{}")], 8).starts_with("the tokenizer DIR/tokenizer.json: "));
    assert!(problem(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", "[")], 8).contains("tokenizer_config.json"));
}
