//! A folder for each class.

use std::os::unix::fs::symlink;

use corpus::Split::{Test, Train};
use testkit::Sandbox;

use super::{gzip, windows_1252};
use crate::labels::{case, check};
use crate::support::{Fetch, rows};

const A: &str = "text,label\na,1\nb,0\n";

#[test]
fn the_name_of_a_folder_is_the_label_of_its_texts() {
    check(&[
        case("IMDB's layout")
            .file("train/pos/0_9.txt", "Good.<br />\nReally\n")
            .file("train/neg/1_2.txt", "Bad")
            .file("train/neg/0_3.txt", "Worse\r\n\r\n")
            .file("test/pos/0_10.txt", "Fine")
            .names(&["neg", "pos"])
            .rows(Train, &["Worse|0|-", "Bad|0|-", "Good.<br />\nReally|1|-"])
            .rows(Test, &["Fine|1|-"]),
        case("capitals, and what is no text")
            .file("Train/A/1.TXT", "x")
            .file("Train/B/1.txt", "y")
            .file("Train/B/.DS_Store", "\0")
            .file("Train/B/notes.md", "no")
            .file("Train/urls.txt", "no")
            .names(&["A", "B"])
            .rows(Train, &["x|0|-", "y|1|-"])
            .said(&[
                "passed over in the folders of classes, since they are no .txt: 1 item, such as data/Train/B/notes.md",
            ]),
        case("archives and an empty text")
            .file("train/a/1.txt.gz", gzip("x\n"))
            .file("train/b/1.txt", "")
            .rows(Train, &["x|0|-", "|1|-"]),
        case("named")
            .file("pos/1.txt", "x")
            .file("neg/1.txt", "y")
            .source("--train data")
            .rows(Train, &["y|0|-", "x|1|-"]),
        case("texts without labels, as IMDB has them")
            .file("train/pos/1.txt", "x")
            .file("train/neg/1.txt", "y")
            .file("train/unsup/1.txt", "z")
            .file("train/urls_pos.txt", "http://a\n")
            .file("train/urls_neg.txt", "http://b\n")
            .names(&["neg", "pos"])
            .rows(Train, &["y|0|-", "x|1|-", "z|-|-"])
            .said(&["no label: unsup (a class if --label-names has it)"]),
        case("which may be a class")
            .file("train/pos/1.txt", "x")
            .file("train/unsup/1.txt", "z")
            .flags("--label-names unsup,pos")
            .names(&["unsup", "pos"])
            .rows(Train, &["x|1|-", "z|0|-"]),
        case("a folder further down, beside a note")
            .file("bbc/README.TXT", "About\n")
            .file("bbc/tech/1.txt", "x")
            .file("bbc/sport/1.txt", "y")
            .names(&["sport", "tech"])
            .rows(Train, &["y|0|-", "x|1|-"]),
        case("names without an extension, and a split in those of the folders")
            .file("20news-bydate-train/sci.space/52547", "x\ny")
            .file("20news-bydate-train/rec.autos/101", "z")
            .file("20news-bydate-test/rec.autos/102", "w")
            .names(&["rec.autos", "sci.space"])
            .rows(Train, &["z|0|-", "x\ny|1|-"])
            .rows(Test, &["w|0|-"])
            .said(&["splits, by a word in their names: train 20news-bydate-train, test 20news-bydate-test"]),
        case("names that may be of splits")
            .file("pos/train-journey.txt", "x")
            .file("pos/x.txt", "y")
            .file("neg/test-drive.txt", "z")
            .file("neg/x.txt", "w")
            .rows(Train, &["z|0|-", "w|0|-", "x|1|-", "y|1|-"]),
        case("files beside the folders")
            .file("train/pos/1.txt", "x")
            .file("train/neg/1.txt", "y")
            .file("train/more.csv", A)
            .said(&["passed over beside the folders of classes: 1 item, such as data/train/more.csv"]),
        case("told texts without labels")
            .file("train/pos/1.txt", "x")
            .file("train/neg/1.txt", "y")
            .file("train/unsup/1.txt", "z")
            .flags("--unlabeled unsup")
            .names(&["neg", "pos"])
            .rows(Train, &["y|0|-", "x|1|-", "z|-|-"]),
        case("an encoding")
            .file("train/a/1.txt", windows_1252("café"))
            .file("train/b/1.txt", "y")
            .flags("--encoding cp1252")
            .rows(Train, &["café|0|-", "y|1|-"]),
    ]);
}

#[test]
fn what_is_no_such_layout_is_refused() {
    check(&[
        case("no splits").file("pos/1.txt", "x").file("neg/1.txt", "y").rows(Train, &["y|0|-", "x|1|-"]),
        case("one class")
            .file("reviews/1.txt", "x")
            .file("reviews/2.txt", "y")
            .refused(&["data/reviews holds several tables and none is called train: 1.txt, 2.txt"]),
        case("datasets side by side")
            .file("irony/train_text.txt", "x")
            .file("irony/test_text.txt", "x")
            .file("hate/train_text.txt", "y")
            .refused(&["data contains no dataset"]),
        case("no classes")
            .file("x.txt", "x")
            .source("--train data")
            .refused(&["data is a folder without a folder for each class"]),
        case("folders and files")
            .file("x/pos/1.txt", "x")
            .file("y.csv", "text,label\na,1\n")
            .source("--train data/x --test data/y.csv")
            .refused(&["data/x is a folder and data/y.csv is not"]),
        case("a table beside it")
            .file("train/pos/1.txt", "x")
            .file("train.csv", "text,label\na,1\n")
            .refused(&["are both the train split"]),
        case("an encoding that is not told")
            .file("train/a/1.txt", windows_1252("café"))
            .refused(&["data/train/a/1.txt, line 1", "--encoding windows-1252"]),
        case("scores").file("train/a/1.txt", "x").flags("--score-column x").refused(&["--score-column is for tables"]),
        case("texts by a pattern")
            .file("train/a/1.txt", "x")
            .file("train/b/1.txt", "x")
            .source("--train data/train/*/*.txt")
            .refused(&["the folder that holds a folder for each class"]),
    ]);
}

/// Folders are classes where nothing says that they are something else.
#[test]
fn other_folders_are_no_classes() {
    check(&[
        case("of a program, beside a table")
            .file("reviews.csv", A)
            .file("bin/run", "x")
            .file("src/Makefile", "y")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("with texts, beside a table")
            .file("reviews.csv", A)
            .file("docs/notes.txt", "x")
            .file("scripts/requirements.txt", "y")
            .refused(&["data holds a table, data/reviews.csv, and folders with texts"]),
        case("of a repository, with tables in one of them")
            .file("data/X_train.csv", A)
            .file("data/README", "x")
            .file("src/Makefile", "y")
            .refused(&["contains no dataset"]),
        case("of the hub's cache")
            .file("blobs/0123abcd", A)
            .file("refs/main", "abc")
            .file("snapshots/abc/train.csv", A)
            .refused(&["data contains no dataset"]),
        case("of mails whose names have dots")
            .file("ham/0001.7c53336b", "x")
            .file("ham/cmds", "y")
            .file("spam/0001.7848dde1", "z")
            .file("spam/cmds", "y")
            .refused(&["data contains no dataset"]),
        case("which have a file for each class")
            .file("books/positive.txt", "x")
            .file("books/negative.txt", "y")
            .file("dvd/positive.txt", "x")
            .file("dvd/negative.txt", "y")
            .refused(&["data contains no dataset"]),
        case("a split of which one is none of classes")
            .file("a-train/pos/1.txt", "x")
            .file("a-train/neg/1.txt", "y")
            .file("a-test/1.txt", "z")
            .refused(&["data/a-test looks like the test split by a word in its name, and cannot be read"]),
        case("the only one, beside what may be data")
            .file("reviews.xlsx", "x")
            .file("old/train.csv", A)
            .refused(&["data contains no dataset"]),
        case("the only one")
            .file("new/train.csv", A)
            .rows(Train, &["a|1|-", "b|0|-"])
            .said(&["all of data in its folder new"]),
    ]);
}

/// The label is in the path, so a text that moves to another class is another dataset.
#[test]
fn freshness_sees_the_class_of_a_text() {
    let sandbox = Sandbox::new();
    sandbox.write("data/pos/1.txt", "x");
    sandbox.write("data/neg/1.txt", "y");
    sandbox.fetched("dataset --train data --out raw");
    assert_eq!(sandbox.fetched("dataset --train data --out raw").stderr, "sst-fetch dataset: raw is fresh\n");
    sandbox.write("data/neg/2.txt", "x");
    std::fs::remove_file(sandbox.path("data/pos/1.txt")).unwrap();
    sandbox.write("data/pos/2.txt", "y");
    std::fs::remove_file(sandbox.path("data/neg/1.txt")).unwrap();
    sandbox.fetched("dataset --train data --out raw");
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|x|0|-|1", "1|1|y|1|-|1"]);
}

#[test]
fn what_is_told_of_tables_is_part_of_the_plan_and_nothing_else_is() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "text,label\na,1\nb,0\n");
    sandbox.fetched("dataset --train a.csv --out raw");
    let plan = stage::Manifest::read(&sandbox.path("raw")).unwrap().plan;
    let keys = ["columns", "config", "dataset", "files", "label_names", "source"];
    assert_eq!(plan.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), keys);
    let explained =
        sandbox.fetched("dataset --train a.csv --delimiter , --strict --encoding utf-8 --out raw --explain");
    let expected = ["delimiter: (none) -> \",\"", "encoding: (none) -> \"UTF-8\"", "strict: (none) -> true"];
    assert!(expected.iter().all(|part| explained.stdout.contains(part)), "{}", explained.stdout);
    sandbox.write("profile.toml", "[fetch.dataset]\ntrain = ['*.csv']\ndelimiter = ','\nno_header = true\ntext_column = '1'\nlabel_column = '2'\n");
    sandbox.fetched("dataset --profile profile.toml --out told");
    assert_eq!(rows(&sandbox.path("told/train.parquet"))[0], "0|0|text|2|-|1");
}

/// Texts of one name in two folders are two inputs.
#[test]
fn every_text_of_several_folders_counts_for_freshness() {
    let sandbox = Sandbox::new();
    for (folder, text) in [("a", "fine"), ("b", "good")] {
        sandbox.write(&format!("{folder}/pos/1.txt"), text);
        sandbox.write(&format!("{folder}/neg/1.txt"), "bad");
    }
    let fetch = "dataset --train a --train b --split none --out raw";
    sandbox.fetched(fetch);
    assert_eq!(sandbox.fetched(fetch).stderr, "sst-fetch dataset: raw is fresh\n");
    for folder in ["a", "b"] {
        sandbox.write(&format!("{folder}/pos/1.txt"), "changed");
        let explained = sandbox.fetched(&format!("{fetch} --explain")).stdout;
        let input = if folder == "a" { "train/pos/1.txt" } else { "train-2/pos/1.txt" };
        assert!(explained.contains(&format!("\n  input {input}: ")), "{explained}");
        sandbox.fetched(fetch);
    }
    assert_eq!(rows(&sandbox.path("raw/train.parquet")).iter().filter(|row| row.contains("changed")).count(), 2);
}

/// What was not fetched, by git-annex or DVC, is no file that is not there.
#[test]
fn links_that_lead_nowhere_are_refused() {
    let at = |place: &str| {
        let sandbox = Sandbox::new();
        for file in ["pos/1.txt", "pos/2.txt", "neg/1.txt", "neg/2.txt"] {
            sandbox.write(&format!("data/{file}"), "text\n");
        }
        symlink("/nowhere", sandbox.path(place)).unwrap();
        sandbox.refused("dataset --source data --out raw")
    };
    for place in ["data/pos/3.txt", "data/neutral"] {
        let message = at(place);
        assert!(
            message.contains(&format!("{place} is a link that leads nowhere; fetch what it stands for")),
            "{message}"
        );
    }
}
