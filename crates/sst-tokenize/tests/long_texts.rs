//! `sst-tokenize` and long texts: the side that is cut, windows, padding, and what the report says of them.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod sandbox;

use corpus::Split;
use corpus::tokenizer::{Overflow, TruncationSide};
use corpus::tokens::{Labels, Padding, TokenSet};
use sandbox::Sandbox;
use serde_json::{Value, json};
use stage::sha256_hex;

/// Six tokens of the text and two special ones, a text that fits, and one of ten.
const TRAIN: [(&str, Option<i32>); 3] =
    [("it works . bad it", Some(3)), ("it", Some(4)), ("bad bad bad bad bad it it it", Some(0))];

fn long_texts() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.raw(&TRAIN, "bad it works .");
    sandbox
}

/// The train split, in rows of at most 5 tokens.
fn train(sandbox: &Sandbox, more: &[&str]) -> TokenSet {
    train_of(sandbox, "5", more)
}

fn train_of(sandbox: &Sandbox, max_length: &str, more: &[&str]) -> TokenSet {
    let flags = ["--task", "sst5", "--granularity", "phrases", "--max-length", max_length];
    let ended = sandbox.tokenize(&[&flags[..], more].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    sandbox.tokens(Split::Train)
}

fn plan(sandbox: &Sandbox) -> Value {
    serde_json::from_slice::<Value>(&sandbox.read("tokens/manifest.json")).unwrap()["plan"].clone()
}

fn rows(set: &TokenSet) -> Vec<&[i32]> {
    (0..set.len()).map(|row| set.input_ids(row)).collect()
}

#[test]
fn a_text_is_cut_on_the_side_that_is_asked_for() {
    let sandbox = long_texts();
    let right = train(&sandbox, &[]);
    assert_eq!(rows(&right), [&[2, 5, 6, 7, 3][..], &[2, 5, 3], &[2, 9, 9, 9, 3]]);
    assert_eq!((right.metadata.overflow, plan(&sandbox).get("truncation_side")), (Overflow::default(), None));
    let bytes = sha256_hex(&sandbox.read("tokens/train.parquet"));
    assert_eq!(train(&sandbox, &["--truncation-side", "right"]), right);
    assert_eq!(sha256_hex(&sandbox.read("tokens/train.parquet")), bytes);

    let left = train(&sandbox, &["--truncation-side", "left"]);
    assert_eq!(rows(&left), [&[2, 8, 9, 5, 3][..], &[2, 5, 3], &[2, 5, 5, 5, 3]]);
    assert_eq!((left.metadata.rows_truncated, plan(&sandbox)["truncation_side"].as_str()), (2, Some("left")));
    let middle = train(&sandbox, &["--truncation-side", "head-tail"]);
    assert_eq!(rows(&middle), [&[2, 5, 6, 5, 3][..], &[2, 5, 3], &[2, 9, 9, 5, 3]]);
    assert_eq!(middle.metadata.overflow, Overflow::Truncate(TruncationSide::HeadTail));
}

#[test]
fn the_side_of_the_model_folder_is_the_default() {
    let sandbox = long_texts();
    let overflow = |config: &str, more: &[&str]| {
        sandbox.write("model/tokenizer_config.json", config);
        train(&sandbox, more).metadata.overflow
    };
    let left = r#"{"truncation_side": "left"}"#;
    assert_eq!(overflow(left, &[]), Overflow::Truncate(TruncationSide::Left));
    assert_eq!(overflow(left, &["--truncation-side", "right"]), Overflow::default());
    assert_eq!(overflow(left, &["--window-stride", "1"]), Overflow::Windows { stride: 1 });
    let middle = r#"{"truncation_side": "right", "long_texts": {"truncation_side": "head-tail"}}"#;
    assert_eq!(overflow(middle, &[]), Overflow::Truncate(TruncationSide::HeadTail));
    assert_eq!(overflow(r#"{"truncation_side": null}"#, &[]), Overflow::default());

    sandbox.write("model/tokenizer_config.json", r#"{"truncation_side": "top"}"#);
    let ended = sandbox.tokenize(&["--task", "sst5"]);
    let message = "model/tokenizer_config.json: truncation_side is \"top\"; expected \"right\" or \"left\"";
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
}

#[test]
fn windows_are_rows_of_their_text() {
    let sandbox = long_texts();
    let set = train(&sandbox, &["--window-stride", "1"]);
    let windows: [&[i32]; 8] = [
        &[2, 5, 6, 7, 3],
        &[2, 7, 8, 9, 3],
        &[2, 9, 5, 3],
        &[2, 5, 3],
        &[2, 9, 9, 9, 3],
        &[2, 9, 9, 9, 3],
        &[2, 9, 5, 5, 3],
        &[2, 5, 5, 3],
    ];
    assert_eq!(rows(&set), windows);
    assert_eq!((set.ids.as_slice(), set.window_offsets.as_slice()), (&[0, 0, 0, 1, 2, 2, 2, 2][..], &[0, 3, 4, 8][..]));
    assert_eq!(set.labels, Labels::Classes([3, 3, 3, 4, 0, 0, 0, 0].map(Some).to_vec()));
    assert_eq!((set.metadata.overflow, set.metadata.rows_truncated), (Overflow::Windows { stride: 1 }, 0));

    let report: Value = serde_json::from_slice(&sandbox.read("tokens/report.json")).unwrap();
    let split = &report["splits"][0];
    assert_eq!((&split["rows"], &split["windows"], &split["tokens_lost"]), (&json!(3), &json!(8), &json!(0)));
    let refused = sandbox.tokenize(&["--task", "sst5", "--max-length", "5", "--window-stride", "3"]);
    let message = "--window-stride 3: windows of 5 tokens, with [CLS] and [SEP], can share at most 2";
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains(message), "{}", refused.stderr);
}

#[test]
fn padding_is_a_view_of_the_same_rows() {
    let sandbox = long_texts();
    let plain = train_of(&sandbox, "16", &[]);
    assert_eq!(plan(&sandbox).get("padding"), None);
    for (strategy, length) in [("longest", 10), ("max_length", 16)] {
        let padded = train_of(&sandbox, "16", &["--padding", strategy]);
        assert_eq!(padded.metadata.padding, Some(Padding { length, pad_token_id: 0 }));
        assert_eq!(plan(&sandbox)["padding"], strategy);
        let without = TokenSet { metadata: plain.metadata.clone(), ..padded };
        assert_eq!(without, plain);
    }
    // Of the split: validation has no text as long as train.
    train_of(&sandbox, "16", &["--padding", "longest"]);
    assert_eq!(sandbox.tokens(Split::Validation).metadata.padding, Some(Padding { length: 4, pad_token_id: 0 }));
}

#[test]
fn the_report_says_what_is_lost_and_of_which_classes() {
    let sandbox = long_texts();
    let ended = sandbox.tokenize(&["--task", "sst5", "--granularity", "phrases", "--max-length", "5"]);
    for line in [
        "train: 3 rows, 1 very negative, 0 negative, 0 neutral, 1 positive, 1 very positive",
        "  tokens: 13; per row mean 4.3, median 5, p95 5, p99 5, max 5; words: 6, 0 unknown (0.00 %)",
        "  2 rows truncated, 8 tokens lost (38.10 %); 1.2 times the tokens if padded to 5, 1.2 to 5",
        "tokens of a text    train                   validation              test",
        "lost by truncation, all splits together:",
        "          5 tokens of 1 of the 1 rows of very negative",
        "          3 tokens of 1 of the 1 rows of positive",
    ] {
        assert!(ended.stderr.lines().any(|found| found == line), "expected `{line}`, found {}", ended.stderr);
    }
    let report: Value = serde_json::from_slice(&sandbox.read("tokens/report.json")).unwrap();
    let split = &report["splits"][0];
    assert_eq!(
        split["classes"][0],
        json!({"label": "very negative", "rows": 1, "rows_truncated": 1, "tokens_lost": 5})
    );
    assert_eq!(split["text_lengths"][9], json!({"from": 10, "to": 10, "rows": 1}));
    assert_eq!((&split["tokens_lost"], &split["rows_truncated"]), (&json!(8), &json!(2)));
    let svg = String::from_utf8(sandbox.read("tokens/lengths.svg")).unwrap();
    assert!(svg.contains("10 to 10") && svg.contains("validation"), "{svg}");
}

/// A terminal shows 40 lines.
#[test]
fn the_report_of_a_hundred_classes_fits_on_a_screen() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..100).map(|class| format!("class {class}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let train: Vec<(&str, Option<i32>)> = (0..100).map(|class| ("it works . bad it works", Some(class))).collect();
    sandbox.raw_with_labels(&names, &train, "bad");
    let ended = sandbox.tokenize(&["--task", "labels", "--granularity", "phrases", "--max-length", "5"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("tokens of 90 more classes\n"), "{}", ended.stderr);
    assert!(ended.stderr.lines().count() <= 40, "{}", ended.stderr);
}

#[test]
fn a_model_without_room_for_a_token_is_refused() {
    let sandbox = long_texts();
    for positions in [1, 2] {
        let config = sandbox
            .text("model/config.json")
            .replace("\"max_position_embeddings\": 16", &format!("\"max_position_embeddings\": {positions}"));
        sandbox.write("small/config.json", config);
        sandbox.write("small/vocab.txt", sandbox.read("model/vocab.txt"));
        for more in ["", "--window-stride 0", "--truncation-side right", "--max-length 3"] {
            let told = sandbox.refuse(&format!("sst-tokenize --raw raw --model small --task sst5 --out other {more}"));
            let expected =
                format!("error: small has {positions} positions, which leave no token between [CLS] and [SEP]");
            assert!(told.starts_with(&expected), "{more}: {told}");
        }
    }
}
