//! Texts and labels in two files, line by line.

use corpus::Split::{Test, Train, Validation};
use testkit::Sandbox;

use super::gzip;
use crate::labels::{case, check};
use crate::support::Fetch;

#[test]
fn a_text_has_its_label_in_the_file_beside() {
    check(&[
        case("TweetEval")
            .file("train_text.txt", "so \"happy \n@user no , way\n")
            .file("train_labels.txt", "1\n0\n")
            .file("val_text.txt", "ok\n")
            .file("val_labels.txt", "1\n")
            .file("test_text.txt", "bad\n")
            .file("test_labels.txt", "0\n")
            .file("mapping.txt", "0\tsadness\n1\tjoy")
            .names(&["sadness", "joy"])
            .rows(Train, &["so \"happy |1|-", "@user no , way|0|-"])
            .rows(Validation, &["ok|1|-"])
            .rows(Test, &["bad|0|-"])
            .said(&["labels, line by line, from data/train_labels.txt, data/val_labels.txt, data/test_labels.txt"])
            .said(&["names of the labels, from data/mapping.txt"]),
        case("one pair, and a text without a label")
            .file("sentences.txt", "a\n\nb\n")
            .file("label.txt", "pos\nneg\n\n")
            .names(&["neg", "pos"])
            .rows(Train, &["a|1|-", "|0|-", "b|-|-"]),
        case("labels that could be names")
            .file("text.txt", "a\nb\nc\n")
            .file("labels.txt", "1\n0\n1\n")
            .rows(Train, &["a|1|-", "b|0|-", "c|1|-"])
            .unsaid("names of labels"),
        case("named")
            .file("a.text", "x\ny\n")
            .file("a.label", "b\nc\n")
            .source("--train data/a.text")
            .rows(Train, &["x|0|-", "y|1|-"]),
        case("a table beside names")
            .file("sentences.txt", "text\tlabel\na\t1\nb\t0\n")
            .file("labels.txt", "neg\npos\n")
            .names(&["neg", "pos"])
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("words in the name alone are no pair")
            .file("train_text.txt", "text\tlabel\na\t1\nb\t0\n")
            .source("--train data/train_text.txt")
            .rows(Train, &["a|1|-", "b|0|-"]),
    ]);
}

#[test]
fn what_does_not_fit_is_refused() {
    check(&[
        case("a label too few")
            .file("train_text.txt", "a\nb\n")
            .file("train_labels.txt", "1\n")
            .refused(&["data/train_text.txt", "it has 2 lines, and data/train_labels.txt has 1"]),
        case("a split without labels")
            .file("train_text.txt", "a\nb\n")
            .file("train_labels.txt", "1\n0\n")
            .file("test.txt", "c\n")
            .source("--train data/train_text.txt --test data/test.txt")
            .refused(&[
                "the labels of data/train_text.txt stand in a file beside it, and those of data/test.txt do not",
            ]),
        case("a test split without labels in the folder")
            .file("train_text.txt", "a\nb\n")
            .file("train_labels.txt", "1\n0\n")
            .file("test_text.txt", "c\n")
            .refused(&["data/test_text.txt looks like a split by its name, and is no file of texts with one of labels beside it"]),
        case("one of two in an archive")
            .file("train_text.txt", "a\nb\n")
            .file("train_labels.txt", "1\n0\n")
            .file("val_text.txt.gz", gzip("c\n"))
            .file("val_labels.txt", "1\n")
            .refused(&["data/val_labels.txt looks like a split by its name"]),
        case("columns")
            .file("train_text.txt", "a\nb\n")
            .file("train_labels.txt", "1\n0\n")
            .flags("--label-column x")
            .refused(&["--label-column names a column of tables"]),
    ]);
}

#[test]
fn freshness_sees_the_labels() {
    let sandbox = Sandbox::new();
    sandbox.write("data/train_text.txt", "a\nb\n");
    sandbox.write("data/train_labels.txt", "1\n0\n");
    let command = "dataset --train data/train_text.txt --out raw";
    sandbox.fetched(command);
    assert_eq!(sandbox.fetched(command).stderr, "sst-fetch dataset: raw is fresh\n");
    sandbox.write("data/train_labels.txt", "0\n1\n");
    let explained = sandbox.fetched(&format!("{command} --explain")).stdout;
    assert!(explained.contains("train.txt.labels"), "{explained}");
}
