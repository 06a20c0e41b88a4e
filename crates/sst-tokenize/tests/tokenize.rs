//! `sst-tokenize` from outside: literal rows in, literal token ids out.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod sandbox;

use std::fs::{self, File};

use corpus::Split;
use corpus::task::Task;
use corpus::tokens::Labels;
use sandbox::{Sandbox, VOCABULARY};
use stage::sha256_hex;

#[test]
fn the_length_is_that_of_the_tokenizer_where_it_is_less_and_none_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("model/tokenizer_config.json", r#"{"model_max_length": 4}"#);
    let ended = sandbox.tokenize(&["--task", "sst2"]);
    assert!(ended.stderr.starts_with("max_length is 4, the tokenizer's model_max_length\n"), "{}", ended.stderr);
    assert_eq!(sandbox.tokens(Split::Train).input_ids, [2, 5, 6, 3, 2, 9, 3]);
    sandbox.tokenize(&["--task", "sst2", "--max-length", "5"]);
    assert_eq!(sandbox.tokens(Split::Train).input_ids, [2, 5, 6, 7, 3, 2, 9, 3]);
    sandbox.write("model/tokenizer_config.json", r#"{"model_max_length": 1000000000000000019884624838656}"#);
    sandbox.tokenize(&["--task", "sst2"]);
    assert_eq!(sandbox.tokens(Split::Train).metadata.max_length, 16);
}

#[test]
fn literal_rows_become_literal_ids() {
    let sandbox = Sandbox::new();
    let ended = sandbox.tokenize(&["--task", "sst2"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("max_length is 16, the model's number of positions\ntrain: 2 rows, 1 negative, 1 positive, 1 excluded by the task\n"), "{}", ended.stderr);

    let train = sandbox.tokens(Split::Train);
    assert_eq!((train.metadata.task, train.metadata.max_length, train.metadata.rows_truncated), (Task::Sst2, 16, 0));
    assert_eq!(train.metadata.label_names, ["negative", "positive"]);
    assert_eq!(train.metadata.tokenizer_sha256, sha256_hex(VOCABULARY.as_bytes()));
    assert_eq!((train.ids.as_slice(), train.sentence_ids.as_slice()), ([0, 3].as_slice(), [0, 3].as_slice()));
    assert_eq!(train.input_ids, [2, 5, 6, 7, 8, 3, 2, 9, 3]);
    assert_eq!(train.labels, Labels::Classes(vec![Some(1), Some(0)]));
    // Rows without a label are kept in splits that are not trained on; neutral rows are not part of the task.
    assert_eq!(sandbox.tokens(Split::Validation).labels, Labels::Classes(vec![Some(1), None]));
    assert_eq!(sandbox.tokens(Split::Test).labels, Labels::Classes(vec![None]));

    assert!(
        ended.stderr.contains("\nvalidation: 2 rows, 0 negative, 1 positive, 1 without a label (kept), 1 excluded")
    );
    // The tokenizer is named in the manifest alone: the files keep their bytes.
    let manifest: serde_json::Value = serde_json::from_slice(&sandbox.read("tokens/manifest.json")).unwrap();
    assert_eq!(manifest["recorded"]["tokenizer"]["file"], "vocab.txt");
    assert_eq!(manifest["recorded"]["tokenizer"]["sha256"].as_str().map(str::len), Some(64));
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(sandbox.path("tokens/report.json")).unwrap()).unwrap();
    assert_eq!(report["splits"][0]["length"]["max"], 6);
    let positive = serde_json::json!({"label": "positive", "rows": 1, "rows_truncated": 0, "tokens_lost": 0});
    assert_eq!(report["splits"][0]["classes"][1], positive);
}

#[test]
fn tasks_and_options_choose_rows_and_labels() {
    let sandbox = Sandbox::new();
    let train = |more: &[&str]| {
        let ended = sandbox.tokenize(more);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        sandbox.tokens(Split::Train)
    };
    let phrases = train(&["--task", "sst2", "--granularity", "phrases"]);
    assert_eq!((phrases.ids, phrases.labels), (vec![0, 1, 3], Labels::Classes(vec![Some(1), Some(1), Some(0)])));
    let scores = train(&["--task", "regression"]);
    assert_eq!(scores.labels, Labels::Scores(vec![Some(0.75), Some(0.5), Some(0.0)]));
    let cut = train(&["--task", "sst5", "--max-length", "4"]);
    assert_eq!((&cut.input_ids[..4], cut.metadata.rows_truncated), ([2, 5, 6, 3].as_slice(), 1));
    let sample = train(&["--task", "sst5", "--max-samples", "1"]);
    assert_eq!((sample.ids, sample.labels), (vec![3], Labels::Classes(vec![Some(0)])));
    assert_eq!(train(&["--task", "auto"]).metadata.task, Task::Labels);
}

#[test]
fn columns_that_are_kept_go_along() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", "id,text,label,region\nr1,It works,1,north\nr2,bad .,0,\n");
    let fetch = "sst-fetch dataset --train reviews.csv --keep-columns id,region --out own --quiet";
    assert_eq!(testkit::outcome(&mut sandbox.command(fetch)).code, Some(0));
    let tokenize = "sst-tokenize --raw own --model model --task auto --out tokens";
    let ended = testkit::outcome(&mut sandbox.command(tokenize));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("task: labels, by what the dataset has\n"), "{}", ended.stderr);
    assert_eq!(sandbox.tokens(Split::Train).metadata.kept, ["source_id", "region"]);
}

/// When this fails, the same input gives other bytes: raise the stage's version, then both numbers here.
#[test]
fn the_output_of_this_version_is_known() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.tokenize(&["--task", "sst5"]).code, Some(0));
    assert_eq!(sst_tokenize::STAGE.version, 1);
    assert_eq!(
        sha256_hex(&sandbox.read("tokens/train.parquet")),
        "c0f735a93cbc99bb06bbb80ca40bba5bf64972afa4d444bf6b207cba31366448"
    );
}

#[test]
fn a_second_run_is_fresh_and_a_changed_argument_is_named() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.tokenize(&["--task", "sst2"]).code, Some(0));
    let again = sandbox.tokenize(&["--task", "sst2", "--max-length", "16"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "sst-tokenize: tokens is fresh\n"));
    let explained = sandbox.tokenize(&["--task", "sst3", "--explain"]);
    assert_eq!(explained.code, Some(0));
    assert!(
        explained.stdout.ends_with("tokens is out of date:\n  task: \"sst2\" -> \"sst3\"\n"),
        "{}",
        explained.stdout
    );
}

#[test]
fn a_changed_test_text_leaves_the_other_splits_as_they_are() {
    let sandbox = Sandbox::new();
    let hashes =
        || ["train", "validation", "test"].map(|split| sha256_hex(&sandbox.read(&format!("tokens/{split}.parquet"))));
    assert_eq!(sandbox.tokenize(&["--task", "sst2"]).code, Some(0));
    let before = hashes();
    sandbox.raw(&[("It works.", Some(3)), ("works", Some(3)), ("so so", Some(2)), ("Bad", Some(0))], "it . it");
    let ended = sandbox.tokenize(&["--task", "sst2"]);
    assert!(ended.stderr.contains("test: 1 rows"), "{}", ended.stderr);
    let after = hashes();
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
}

#[test]
fn bad_input_is_exit_code_2_and_says_what_is_wrong() {
    let refused = |prepare: &dyn Fn(&Sandbox), more: &[&str]| {
        let sandbox = Sandbox::new();
        prepare(&sandbox);
        let ended = sandbox.tokenize(more);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        ended.stderr
    };
    let nothing = |_: &Sandbox| {};
    let sst2 = ["--task", "sst2"];
    // What is changed in the sandbox, what is typed, and what the message holds.
    type Case<'a> = (&'a dyn Fn(&Sandbox), &'a [&'a str], &'a str);
    let cases: [Case; 12] = [
        (
            &|sandbox| fs::remove_dir_all(sandbox.path("raw")).unwrap(),
            &sst2,
            "error: raw does not exist; `sst-fetch dataset` makes it",
        ),
        (&|sandbox| fs::remove_file(sandbox.path("raw/manifest.json")).unwrap(), &sst2, "error: raw is unfinished"),
        (
            &|sandbox| fs::remove_dir_all(sandbox.path("model")).unwrap(),
            &sst2,
            "error: model does not exist; a model of the Hugging Face Hub",
        ),
        (
            &|sandbox| sandbox.write("model/config.json", br#"{"model_type": "gpt2"}"#),
            &sst2,
            "error: model/config.json: model_type is gpt2, but only bert is supported",
        ),
        (
            &|sandbox| fs::remove_file(sandbox.path("model/vocab.txt")).unwrap(),
            &sst2,
            "error: the tokenizer model: there is neither tokenizer.json nor vocab.txt in the folder",
        ),
        (
            &|sandbox| sandbox.write("model/vocab.txt", format!("{VOCABULARY}more\n").as_bytes()),
            &sst2,
            "error: the tokenizer model/vocab.txt: it has ids up to 10, but the model's word embeddings have only 10 rows",
        ),
        (
            &nothing,
            &["--task", "sst2", "--max-length", "17"],
            "error: --max-length 17 is more than the 16 positions of model; give at most 16",
        ),
        (
            &|sandbox| sandbox.raw_with_labels(&["bad", "good"], &[("It works.", Some(1))], "it"),
            &["--task", "sst5"],
            "error: cannot tokenize raw/train.parquet: the task sst5 is not possible with 2 classes (bad, good)",
        ),
        (&nothing, &["--task", "sst9"], "error: invalid value 'sst9' for '--task <TASK>': expected one of sst2, sst3"),
        (
            &|sandbox| {
                let file = File::options().write(true).open(sandbox.path("raw/train.parquet")).unwrap();
                file.set_len(file.metadata().unwrap().len() - 9).unwrap();
            },
            &sst2,
            "error: raw/train.parquet is not what `sst-fetch dataset` wrote: 3005 bytes instead of 3014",
        ),
        (
            &|sandbox| sandbox.raw(&[("so so", Some(2)), ("", None), ("no label", None)], "it"),
            &sst2,
            "error: cannot tokenize raw/train.parquet: no row is left for the task sst2: 1 are excluded by it, 1 have no label",
        ),
        (
            &|sandbox| sandbox.write("profile.toml", b"[tokenize]\nmax_lenght = 8\n"),
            &["--profile", "profile.toml"],
            "unknown key max_lenght; did you mean max_length?",
        ),
    ];
    for (prepare, more, message) in cases {
        let stderr = refused(prepare, more);
        assert!(stderr.contains(message), "expected `{message}`, found `{stderr}`");
    }
}

#[test]
fn a_locked_folder_is_exit_code_4() {
    let sandbox = Sandbox::new();
    sandbox.write("tokens/.lock", b"");
    let lock = File::open(sandbox.path("tokens/.lock")).unwrap();
    lock.try_lock().unwrap();
    let ended = sandbox.tokenize(&["--task", "sst2"]);
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr.contains("tokens is locked by another run"), "{}", ended.stderr);
    assert!(!sandbox.path("tokens/manifest.json").exists());
}
