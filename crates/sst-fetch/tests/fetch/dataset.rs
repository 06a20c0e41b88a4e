//! `sst-fetch dataset` from outside, on local files.

use std::fs::{self, File};

use crate::support::{Fetch, rows};
use corpus::raw::RawSet;
use stage::Manifest;
use testkit::Sandbox;

#[test]
fn the_sample_is_part_of_the_program() {
    let sandbox = Sandbox::new();
    sandbox.fetched("dataset --source sample --out raw");
    for split in ["train", "validation", "test"] {
        let set = RawSet::read(&sandbox.path(&format!("raw/{split}.parquet"))).unwrap();
        assert_eq!(set.metadata.label_names, ["very negative", "negative", "neutral", "positive", "very positive"]);
        assert_eq!((set.metadata.dataset.as_str(), set.metadata.license.as_str()), ("sample", "MIT OR Apache-2.0"));
        assert!(set.records.iter().all(|record| record.label.is_some() && record.is_root));
    }
    let again = sandbox.fetched("dataset --source sample --out raw");
    assert_eq!(again.stderr, "sst-fetch dataset: raw is fresh\n");
}

#[test]
fn every_node_of_a_tree_is_a_row() {
    let sandbox = Sandbox::new();
    sandbox.write("sst/trees/train.txt", "(3 (2 It) (4 works))\n(0 Bad)\n");
    sandbox.write("sst/trees/dev.txt", "(2 (2 -LRB-) (2 so\u{a0}so))\n");
    sandbox.fetched("dataset --source sst --out raw");
    assert_eq!(
        rows(&sandbox.path("raw/train.parquet")),
        ["0|0|It works|3|-|1", "1|0|It|2|-|0", "2|0|works|4|-|0", "3|1|Bad|0|-|1"]
    );
    assert_eq!(rows(&sandbox.path("raw/validation.parquet"))[0], "0|0|( so\u{a0}so|2|-|1");
    assert!(!sandbox.path("raw/test.parquet").exists());
    sandbox.fetched("dataset --source sst/trees --max-samples 1 --out raw");
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["3|1|Bad|0|-|1"]);
}

#[test]
fn glue_has_literal_quotes_and_a_test_split_without_labels() {
    let sandbox = Sandbox::new();
    sandbox.write("glue/train.tsv", "sentence\tlabel\nit 's \"fine \t1\nbad \t0\n");
    sandbox.write("glue/dev.tsv", "sentence\tlabel\ngood \t1\n");
    sandbox.write("glue/test.tsv", "index\tsentence\n0\tunknown .\n");
    sandbox.fetched("dataset --source glue --out raw");
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|it 's \"fine|1|-|1", "1|1|bad|0|-|1"]);
    assert_eq!(rows(&sandbox.path("raw/test.parquet")), ["0|0|unknown .|-|-|1"]);
    let set = RawSet::read(&sandbox.path("raw/validation.parquet")).unwrap();
    assert_eq!(set.metadata.label_names, ["negative", "positive"]);
}

#[test]
fn tables_have_named_columns_and_labels() {
    let sandbox = Sandbox::new();
    sandbox.write("data/train.csv", "review,mood\n\"good, really\",pos\nbad,neg\n");
    sandbox.write("data/validation.jsonl", "{\"review\": \"fine\", \"mood\": \"pos\"}\n");
    sandbox.write("data/test.tsv", "review\nunknown\n");
    sandbox.fetched("dataset --source data --text-column review --label-column mood --out raw");
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|good, really|1|-|1", "1|1|bad|0|-|1"]);
    assert_eq!(rows(&sandbox.path("raw/validation.parquet")), ["0|0|fine|1|-|1"]);
    let set = RawSet::read(&sandbox.path("raw/test.parquet")).unwrap();
    assert_eq!(set.metadata.label_names, ["neg", "pos"]);

    sandbox.fetched("dataset --source data --text-column review --label-column mood --label-names pos,neg --out raw");
    assert_eq!(rows(&sandbox.path("raw/train.parquet"))[0], "0|0|good, really|0|-|1");

    sandbox.write("scores.csv", "text,score\nfine,0.75\nbad,0.1\n");
    sandbox.fetched("dataset --train scores.csv --score-column score --out scores");
    assert_eq!(rows(&sandbox.path("scores/train.parquet")), ["0|0|fine|3|0.75|1", "1|1|bad|0|0.1|1"]);
    sandbox.write("scores.txt", "__label__0.75 fine\n\n__label__0.1 bad\n");
    sandbox.fetched("dataset --train scores.txt --score-column label --out lines");
    assert_eq!(rows(&sandbox.path("lines/train.parquet")), ["0|0|fine|3|0.75|1", "1|1|bad|0|0.1|1"]);
    // What this stage writes, it also reads.
    sandbox.fetched("dataset --train raw/train.parquet --out again");
    assert_eq!(rows(&sandbox.path("again/train.parquet")), rows(&sandbox.path("raw/train.parquet")));
}

#[test]
fn freshness_is_of_content_and_arguments() {
    let sandbox = Sandbox::new();
    sandbox.write("a/train.csv", "text,label\nfine,1\nbad,0\n");
    sandbox.fetched("dataset --source a --split none --out raw");
    let before = fs::read(sandbox.path("raw/train.parquet")).unwrap();
    sandbox.write("b/train.csv", "text,label\nfine,1\nbad,0\n");
    let moved = sandbox.fetched("dataset --source b --split none --out raw");
    assert_eq!(moved.stderr, "sst-fetch dataset: raw is fresh\n");
    sandbox.fetched("dataset --source b --split none --out raw --force");
    assert_eq!(before, fs::read(sandbox.path("raw/train.parquet")).unwrap());

    let explained = sandbox.fetched("dataset --source b --split none --out raw --label-names bad,good --explain");
    assert_eq!(explained.stdout, "sst-fetch dataset: raw is out of date:\n  label_names: null -> [\"bad\",\"good\"]\n");
    sandbox.write("b/train.csv", "text,label\nfine,1\nworse,0\n");
    let explained = sandbox.fetched("dataset --source b --split none --out raw --explain");
    assert!(explained.stdout.contains("\n  input train.csv: "), "{}", explained.stdout);
    assert_eq!(before, fs::read(sandbox.path("raw/train.parquet")).unwrap());
}

/// When this fails, the same input gives other bytes: raise the stage's version, then both numbers here.
#[test]
fn the_output_of_this_version_is_known() {
    let sandbox = Sandbox::new();
    sandbox.write("trees/train.txt", "(3 (2 It) (4 works))\n(0 Bad)\n");
    sandbox.fetched("dataset --source trees --out raw");
    let manifest = Manifest::read(&sandbox.path("raw")).unwrap();
    assert_eq!(manifest.version, 3);
    let sha256 = "0bdc2c9de153e37cb7d7e0f76b23613ad90b28df5b1dedd56cc3d7cf8def2e80";
    assert_eq!(manifest.outputs["train.parquet"].sha256, sha256);
}

#[test]
fn bad_input_is_exit_code_2_and_says_what_is_wrong() {
    let sandbox = Sandbox::new();
    sandbox.write("unbalanced/train.txt", "(0 Bad)\n(3 (2 It) (4 works)\n");
    sandbox.write("latin1/train.csv", b"text,label\nfine,1\ncaf\xe9,0\n");
    sandbox.write("empty/train.csv", "");
    sandbox.write("header/train.csv", "text,label\n");
    sandbox.write("column/train.csv", "text,wert\nfine,1\n");
    sandbox.write("ragged/train.csv", "text,label\nfine,1\na, b,0\n");
    sandbox.write("unnamed/train.csv", "text,label\nfine,1\nbad,0\n");
    sandbox.write("unnamed/dev.csv", "text,label\nfine,1\nodd,2\n");
    sandbox.write("unlabeled/train.csv", "text,label\nfine,\n");
    sandbox.write("twice/train.csv", "text,label\nfine,1\n");
    sandbox.write("twice/train.tsv", "text\tlabel\nfine\t1\n");
    sandbox.write("mixed/train.txt", "(0 Bad)\n");
    sandbox.write("mixed/dev.csv", "text,label\nfine,1\n");
    sandbox.write("no-train/test.csv", "text,label\nfine,1\n");
    sandbox.write("nothing/README", "");
    sandbox.write("broken/train.parquet", "PAR1 no more PAR1");
    let cases = [
        (
            "--source nowhere",
            "error: nowhere does not exist; expected sample, stanford, hub:OWNER/NAME, a file, or a folder with {train",
        ),
        (
            "--source SetFit/sst2",
            "error: SetFit/sst2 does not exist (a repository of the hub is written hub:SetFit/sst2); expected sample",
        ),
        ("--source empty/sst2", "error: empty/sst2 does not exist; expected sample"),
        (
            "--source https://example.com/train.csv",
            "error: invalid value 'https://example.com/train.csv' for '--source <SOURCE>': addresses other than the hub's",
        ),
        ("--source nothing", "error: nothing contains no dataset; expected {train"),
        ("--source no-train", "error: no-train has no train split"),
        ("--source column/train.csv", "error: column/train.csv has no column label, only text, wert"),
        (
            "--source unbalanced",
            "error: unbalanced/train.txt, line 2: column 20: the line ends with 1 unclosed brackets",
        ),
        ("--source latin1", "error: latin1/train.csv, line 3: the text is not UTF-8"),
        ("--source empty", "error: empty/train.csv is empty; expected at least one row"),
        ("--source header", "error: header/train.csv is empty; expected at least one row"),
        ("--source column", "error: column/train.csv has no column label, only text, wert"),
        ("--source column --text-column x", "error: column/train.csv has no column x, only text, wert"),
        ("--source ragged", "error: ragged/train.csv, line 3: expected 2 fields as in the header, found 3"),
        (
            "--source unnamed --label-names a",
            "error: --label-names gives 1 (a), but the label column holds 3: 0 (1 row), 1 (2 rows), 2 (1 row)",
        ),
        ("--source unnamed --label-names a,a", "error: --label-names names a twice"),
        ("--source unlabeled", "error: no row of train has a label"),
        ("--source twice", "error: twice/train.csv and twice/train.tsv are both the train split"),
        ("--source mixed", "error: some files are trees and others are tables"),
        ("--source broken", "error: broken/train.parquet cannot be read as Parquet"),
        ("--source hub:../x", "error: invalid value 'hub:../x' for '--source <SOURCE>'"),
        (
            "--source sample --train a.csv",
            "error: give --source, or files with --train, --validation, --test; not both",
        ),
        ("--train nowhere.csv", "error: cannot read nowhere.csv: No such file or directory"),
        ("--train unnamed.xlsx", "error: cannot read unnamed.xlsx"),
        ("--max-samples 3", "error: nothing to fetch: give --source"),
    ];
    for (arguments, message) in cases {
        let stderr = sandbox.refused(&format!("dataset {arguments} --out raw"));
        assert!(stderr.contains(message), "{arguments}: expected `{message}`, found `{stderr}`");
    }
    assert!(!sandbox.path("raw/manifest.json").exists());
}

#[test]
fn a_profile_has_a_section_for_each_subcommand() {
    let sandbox = Sandbox::new();
    sandbox.write("a/train.csv", "text,label\nfine,1\nbad,0\n");
    sandbox.write(
        "profile.toml",
        "[fetch.dataset]\nsource = 'a'\nlabel_names = ['bad', 'good']\n[fetch.model]\nsource = 'm'\n",
    );
    sandbox.fetched("dataset --profile profile.toml --out raw");
    assert_eq!(RawSet::read(&sandbox.path("raw/train.parquet")).unwrap().metadata.label_names, ["bad", "good"]);
    sandbox.write("profile.toml", "[fetch.dataset]\nsorce = 'a'\n");
    let stderr = sandbox.refused("dataset --profile profile.toml --out raw");
    assert!(stderr.contains("unknown key sorce; did you mean source?"), "{stderr}");
}

#[test]
fn a_locked_folder_is_exit_code_4() {
    let sandbox = Sandbox::new();
    sandbox.write("raw/.lock", "");
    let lock = File::open(sandbox.path("raw/.lock")).unwrap();
    lock.try_lock().unwrap();
    assert_eq!(sandbox.fetch("dataset --source sample --out raw").code, Some(4));
    drop(lock);
    sandbox.fetched("dataset --source sample --out raw");
}

#[test]
fn a_folder_of_other_files_is_not_written_into() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/diary.txt", "mine");
    let stderr = sandbox.refused("dataset --source sample --out notes");
    assert!(stderr.contains("notes holds files that no stage wrote"), "{stderr}");
    assert_eq!(fs::read(sandbox.path("notes/diary.txt")).unwrap(), b"mine");
}
