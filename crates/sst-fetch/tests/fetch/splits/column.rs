//! A column that says of each row its split.

use std::fmt::Write;

use corpus::Split;
use testkit::Sandbox;

use super::{class_counts, records, said, word};
use crate::support::Fetch;

/// Rows with the number `i`, whose split is `split(i)`.
fn table(header: &str, n: usize, split: impl Fn(usize) -> &'static str) -> String {
    (0..n).fold(format!("{header}\n"), |mut text, i| {
        writeln!(text, "{} is a text,{},{}", word(i), i % 2, split(i)).unwrap();
        text
    })
}

fn texts(sandbox: &Sandbox, out: &str, split: Split) -> Vec<String> {
    records(sandbox, out, split).into_iter().map(|record| record.text).collect()
}

#[test]
fn its_rows_are_those_of_the_splits() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table("text,label,split", 100, |i| ["train", "Train", " TEST ", "val"][i % 4]));
    let told = said(&sandbox, "--source a.csv --out raw");
    assert!(told.contains("splits: column `split`\n"), "{told}");
    assert!(!told.contains("split off"), "{told}");
    assert_eq!(class_counts(&sandbox, "raw"), [vec![25, 25], vec![25], vec![25]]);
    let expected: Vec<String> = (0..100).filter(|i| i % 4 == 2).map(|i| format!("{} is a text", word(i))).collect();
    assert_eq!(texts(&sandbox, "raw", Split::Test), expected);
    let test = records(&sandbox, "raw", Split::Test);
    let place = |index: usize| test[index].source.as_ref().map(|place| (place.file.to_string(), place.line));
    assert_eq!((test[1].id, place(1)), (1, Some(("a.csv".to_owned(), 8))));
    assert!(test[0].kept.is_empty());
    assert_eq!(said(&sandbox, "--source a.csv --out raw"), "sst-fetch dataset: raw is fresh\n");
    let manifest: serde_json::Value = serde_json::from_slice(&sandbox.read("raw/manifest.json")).unwrap();
    assert_eq!(manifest["recorded"]["split_column"], "split");
}

#[test]
fn what_it_lacks_is_split_off_from_its_train() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table("text,label,subset", 120, |i| if i < 100 { "train" } else { "test" }));
    let told = said(&sandbox, "--source a.csv --out raw --keep-columns subset");
    assert!(told.contains("split off from train's 100 sentences: train 89, validation 11 ("), "{told}");
    assert_eq!(texts(&sandbox, "raw", Split::Test).len(), 20);
    assert_eq!(records(&sandbox, "raw", Split::Validation)[0].kept, [Some("train".to_owned())]);
    // As folds, too.
    said(&sandbox, "--source a.csv --folds 4 --fold 1 --out fold");
    assert_eq!(class_counts(&sandbox, "fold").map(|counts| counts.iter().sum::<usize>()), [75, 25, 20]);
}

#[test]
fn one_that_is_named_is_taken_and_none_reads_all_as_train() {
    let sandbox = Sandbox::new();
    let rows = table("text,label,part", 40, |i| if i < 30 { "training" } else { "dev" });
    sandbox.write("a.csv", &rows);
    sandbox.write("b.csv", rows.replace(",part", ",split"));
    assert!(!said(&sandbox, "--source a.csv --out found").contains("splits: column"));
    for (line, counts) in [
        ("--source a.csv --split-column part", [30, 10, 0]),
        ("--train a.csv --split-column part", [30, 10, 0]),
        ("--train b.csv", [40, 0, 0]),
        ("--source b.csv --split-column none", [32, 4, 4]),
        ("--source b.csv --split-column none --split none", [40, 0, 0]),
    ] {
        said(&sandbox, &format!("{line} --out raw"));
        assert_eq!(class_counts(&sandbox, "raw").map(|counts| counts.iter().sum::<usize>()), counts, "{line}");
    }
}

#[test]
fn formats_and_other_columns_go_with_it() {
    let sandbox = Sandbox::new();
    let row = |i: usize| {
        let split = if i.is_multiple_of(5) { "test" } else { "train" };
        format!("{{\"meta\": {{\"split\": \"{split}\"}}, \"text\": \"{} is a text\", \"label\": {}}}\n", word(i), i % 2)
    };
    sandbox.write("a.jsonl", (0..50).map(row).collect::<String>());
    assert!(said(&sandbox, "--source a.jsonl --out raw").contains("splits: column `meta.split`"));
    assert_eq!(texts(&sandbox, "raw", Split::Test).len(), 10);
    // A column with few values that come again is no label if it says the split.
    sandbox.write("b.csv", table("text,shade,split", 60, |i| if i < 50 { "train" } else { "test" }));
    let told = said(&sandbox, "--source b.csv --out other");
    assert!(told.contains("labels: column `shade` by its content"), "{told}");
    assert_eq!(texts(&sandbox, "other", Split::Test).len(), 10);
}

#[test]
fn it_is_looked_for_in_every_file_and_not_where_it_is_something_else() {
    let sandbox = Sandbox::new();
    let rows = table("text,label,split", 40, |i| if i < 30 { "train" } else { "dev" });
    sandbox.write("in/train-0.csv", "");
    sandbox.write("in/train-1.csv", &rows);
    assert!(said(&sandbox, "--source in --out raw").contains("splits: column `split`"));
    sandbox.write("other/train-1.csv", "text,label\na,0\nb,1\n");
    sandbox.write("other/train-2.csv", &rows);
    let refused = sandbox.refused("dataset --source other --out raw");
    assert!(refused.contains("other/train-1.csv has no column split, only text, label"), "{refused}");
    sandbox.write("a.csv", &rows);
    assert!(!said(&sandbox, "--source a.csv --label-column split --out raw").contains("splits: column"));
}

#[test]
fn rows_without_a_text_are_told_once() {
    let sandbox = Sandbox::new();
    let row =
        |(i, split): (usize, &str)| format!("{{\"text\": \"a\", \"label\": {}, \"split\": \"{split}\"}}\n", i % 2);
    let rows: String = ["train", "train", "test", "test", "dev", "dev"].into_iter().enumerate().map(row).collect();
    sandbox.write("a.jsonl", rows + "{\"text\": null, \"label\": 0, \"split\": \"test\"}\n");
    let told = said(&sandbox, "--source a.jsonl --out raw");
    assert_eq!(told.matches("a.jsonl: 1 row without a text is left out, in line 7").count(), 1, "{told}");
}

#[test]
fn values_that_are_no_splits_are_refused_with_their_row() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "text,label,split\na,0,train\nb,1,extra\n");
    let refused = sandbox.refused("dataset --source a.csv --out raw");
    assert!(refused.contains("a.csv, line 3: the column split says `extra`, which is no split; expected"), "{refused}");
    sandbox.write("b.csv", "text,label,split\na,0,train\nb,1,\n");
    let refused = sandbox.refused("dataset --source b.csv --out raw");
    assert!(refused.contains("b.csv, line 3: the column split says nothing, which is no split; "), "{refused}");
    sandbox.write("c.csv", "text,label,split\na,0,test\nb,1,dev\n");
    let refused = sandbox.refused("dataset --source c.csv --out raw");
    assert!(refused.contains("no row is of train by the column split; --split-column none reads all"), "{refused}");
    let refused = sandbox.refused("dataset --source a.csv --split-column Split --out raw");
    assert!(refused.contains("; is it --split-column 'split'?"), "{refused}");
    sandbox.write("d.csv", "text,label,split,set\na,0,train,test\nb,1,test,train\n");
    let refused = sandbox.refused("dataset --source d.csv --out raw");
    assert!(refused.contains("say which with --split-column split or set"), "{refused}");
    let refused = sandbox.refused("dataset --train a.csv --test b.csv --split-column split --out raw");
    assert!(
        refused.contains("--split-column says the split of each row, but the files are those of splits"),
        "{refused}"
    );
    sandbox.write("e.csv", "text,label,split\na,0,train\nb,1,dev\nc,1,test\nd,0,train\n");
    let refused = sandbox.refused("dataset --source e.csv --split 0.8,0.2 --out raw");
    assert!(refused.contains("--split splits off what the source lacks, and it has validation and test"), "{refused}");
}
