//! A file for each class.

use corpus::Split::{Test, Train};
use testkit::Sandbox;

use super::windows_1252;
use crate::labels::{case, check};
use crate::support::Fetch;

#[test]
fn the_name_of_a_file_is_the_label_of_its_lines() {
    check(&[
        case("the polarity data's names and encoding")
            .file("rt-polarity.neg", windows_1252("too clichéd .\n\nlong\n"))
            .file("rt-polarity.pos", "a joy .\n")
            .file("README.1.0.txt", "About\n")
            .flags("--encoding windows-1252")
            .names(&["neg", "pos"])
            .rows(Train, &["too clichéd .|0|-", "long|0|-", "a joy .|1|-"])
            .said(&["a file for each class, with a text a line"])
            .said(&["passed over beside the files of classes: data/README.1.0.txt"]),
        case("for each split")
            .file("train/positive.txt", "good\tvery\n")
            .file("train/negative.txt", "bad\n")
            .file("test/positive.txt", "fine\n")
            .file("test/negative.txt", "poor\n")
            .names(&["negative", "positive"])
            .rows(Train, &["bad|0|-", "good\tvery|1|-"])
            .rows(Test, &["poor|0|-", "fine|1|-"]),
        case("tables in them")
            .file("pos.txt", "1\tgood\n2\tfine\n")
            .file("neg.txt", "3\tbad\n4\tpoor\n")
            .rows(Train, &["3\tbad|0|-", "4\tpoor|0|-", "1\tgood|1|-", "2\tfine|1|-"])
            .said(&["warning: the lines of data/neg.txt have tabs, as those of a table"]),
        case("lists of words beside a table")
            .file("reviews.csv", "text,label\na,1\nb,0\n")
            .file("positive-words.txt", "good\n")
            .file("negative-words.txt", "bad\n")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("folders beside them")
            .file("pos.txt", "good\n")
            .file("neg.txt", "bad\n")
            .file("docs/notes.txt", "x\n")
            .rows(Train, &["bad|0|-", "good|1|-"])
            .said(&["passed over beside the files of classes: data/docs"]),
        case("named one by one")
            .file("a/pos.txt", "good\n")
            .file("b/neg.txt", "bad\n")
            .source("--train data/a/pos.txt --train data/b/neg.txt")
            .rows(Train, &["good|1|-", "bad|0|-"]),
        case("a folder that is named")
            .file("neg.txt", "bad\n")
            .file("neutral.txt", "so so\n")
            .file("pos.txt", "good\n")
            .source("--train data")
            .names(&["neg", "neutral", "pos"])
            .rows(Train, &["bad|0|-", "so so|1|-", "good|2|-"]),
    ]);
}

#[test]
fn what_may_be_something_else_is_refused() {
    check(&[
        case("one class alone")
            .file("pos.txt", "good\nfine\n")
            .refused(&["data/pos.txt has no column text or sentence, only good"]),
        case("two files of a class")
            .file("train-pos.txt", "a\n")
            .file("train-neg.txt", "b\n")
            .file("test-pos.txt", "c\n")
            .file("test-neg.txt", "d\n")
            .refused(&["data holds several tables and none is called train"]),
        case("books")
            .file("Good_Omens.txt", "a\n")
            .file("Bad_Blood.txt", "b\n")
            .refused(&["data holds several tables and none is called train"]),
        case("lines of fastText")
            .file("pos.txt", "__label__pos a\n")
            .file("neg.txt", "__label__neg b\n")
            .refused(&["data holds several tables and none is called train"]),
        case("a class without texts")
            .file("pos.txt", "good\n")
            .file("neg.txt", "\n")
            .refused(&["data/neg.txt is empty"]),
        case("columns")
            .file("pos.txt", "good\n")
            .file("neg.txt", "bad\n")
            .flags("--text-column x")
            .refused(&["--text-column names a column of tables, but texts in a file for each class have none"]),
        case("folders of two kinds")
            .file("a/pos.txt", "good\n")
            .file("a/neg.txt", "bad\n")
            .file("b/pos/1.txt", "good\n")
            .file("b/neg/1.txt", "bad\n")
            .source("--train data/a --train data/b")
            .refused(&["data/b has its texts sorted otherwise than the folder before it"]),
    ]);
}

/// The label is in the name, so a file that is called otherwise is another dataset.
#[test]
fn freshness_sees_the_class_of_a_file() {
    let sandbox = Sandbox::new();
    sandbox.write("data/neg.txt", "x\n");
    sandbox.write("data/pos.txt", "y\n");
    sandbox.fetched("dataset --train data --out raw");
    assert_eq!(sandbox.fetched("dataset --train data --out raw").stderr, "sst-fetch dataset: raw is fresh\n");
    std::fs::remove_file(sandbox.path("data/pos.txt")).unwrap();
    sandbox.write("data/up.txt", "y\n");
    let explained = sandbox.fetched("dataset --train data --out raw --explain").stdout;
    assert!(explained.contains("files: [\"neg.txt\",\"pos.txt\"] -> [\"neg.txt\",\"up.txt\"]"), "{explained}");
}
