//! Archives and folders on this machine.

use std::path::Path;

use super::archives::{Files, invented, treebank, trees, zip};
use crate::support::{Fetch, rows};
use corpus::raw::{RawSet, Record};
use testkit::Sandbox;

fn unpack(sandbox: &Sandbox, folder: &str, files: &Files) {
    files.iter().for_each(|(name, content)| sandbox.write(&format!("{folder}/{name}"), content));
}

fn records(file: &Path) -> Vec<Record> {
    RawSet::read(file).unwrap().records
}

/// Both archives in a folder, the files that they unpack to in others.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let (trees, treebank) = (trees(&invented()), treebank(&invented()));
    sandbox.write("both/trainDevTestTrees_PTB.zip", zip(&trees));
    sandbox.write("both/stanfordSentimentTreebank.zip", zip(&treebank));
    unpack(&sandbox, "unpacked/trainDevTestTrees_PTB", &trees);
    unpack(&sandbox, "unpacked", &treebank);
    sandbox
}

/// The rows of train without their scores.
const TRAIN: [&str; 19] = [
    "0|0|It works|3|1",
    "1|0|It|2|0",
    "2|0|works|4|0",
    "3|1|( actor/director clichés )|1|1",
    "4|1|(|2|0",
    "5|1|actor/director clichés )|1|0",
    "6|1|actor/director clichés|1|0",
    "7|1|actor/director|2|0",
    "8|1|clichés|0|0",
    "9|1|)|2|0",
    "10|2|Bad|0|1",
    "11|3|2\u{a0}1/2 hours|2|1",
    "12|3|2\u{a0}1/2|2|0",
    "13|3|hours|2|0",
    "14|4|a *great* .|4|1",
    "15|4|a *great*|3|0",
    "16|4|a|2|0",
    "17|4|*great*|4|0",
    "18|4|.|2|0",
];

fn without_score(row: &str) -> String {
    let fields: Vec<&str> = row.split('|').collect();
    [&fields[..4], &fields[5..]].concat().join("|")
}

#[test]
fn an_archive_of_trees_is_the_folder_that_it_unpacks_to() {
    let sandbox = sandbox();
    sandbox.fetched("dataset --source unpacked/trainDevTestTrees_PTB --out folder");
    let ended = sandbox.fetched("dataset --source both/trainDevTestTrees_PTB.zip --out archive");
    assert!(
        ended.stderr.contains("both/trainDevTestTrees_PTB.zip is not Stanford's trainDevTestTrees_PTB.zip (SHA-256 "),
        "{}",
        ended.stderr
    );
    for split in ["train", "validation", "test"] {
        let file = |folder: &str| sandbox.read(&format!("{folder}/{split}.parquet"));
        assert!(file("folder") == file("archive"), "{split}");
    }
    let again = sandbox.fetched("dataset --source both/trainDevTestTrees_PTB.zip --out archive");
    assert_eq!(again.stderr, "sst-fetch dataset: archive is fresh\n");
    sandbox.write("renamed.ZIP", sandbox.read("both/trainDevTestTrees_PTB.zip"));
    let again = sandbox.fetched("dataset --source renamed.ZIP --out archive");
    assert_eq!(again.stderr, "sst-fetch dataset: archive is fresh\n");
}

#[test]
fn the_big_archive_alone_has_every_node_with_score_and_class() {
    let sandbox = sandbox();
    let ended = sandbox.fetched("dataset --source both/stanfordSentimentTreebank.zip --out raw");
    let train = rows(&sandbox.path("raw/train.parquet"));
    assert_eq!(train.iter().map(|row| without_score(row)).collect::<Vec<_>>(), TRAIN);
    for record in records(&sandbox.path("raw/train.parquet")) {
        // The classes of the treebank are fifths.
        assert_eq!((record.score.unwrap() * 5.0).ceil() as i32 - 1, record.label.unwrap(), "{}", record.text);
    }
    let names = RawSet::read(&sandbox.path("raw/train.parquet")).unwrap().metadata.label_names;
    assert_eq!(names, ["very negative", "negative", "neutral", "positive", "very positive"]);
    let depths: Vec<i32> = records(&sandbox.path("raw/train.parquet")).iter().map(|record| record.depth).collect();
    assert_eq!(depths[..10], [0, 1, 1, 0, 1, 1, 2, 3, 3, 2]);
    // 1, 2, 3 are train, test, dev.
    assert_eq!(records(&sandbox.path("raw/test.parquet"))[0].text, "naïve works");
    assert_eq!(records(&sandbox.path("raw/validation.parquet"))[0].text, "It is .");
    let said = "SOStr.txt: 2 sentences of datasetSentences.txt are encoded twice; the tokens are taken";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let place = records(&sandbox.path("raw/validation.parquet"))[0].source.clone().unwrap();
    assert_eq!((&*place.file, place.line), ("SOStr.txt", 5));
}

#[test]
fn with_both_archives_scores_stand_beside_the_trees() {
    let sandbox = sandbox();
    sandbox.fetched("dataset --source both --out raw");
    sandbox.fetched("dataset --source unpacked --out unpacked-raw");
    sandbox.fetched("dataset --source both/stanfordSentimentTreebank.zip --out scores");
    for split in ["train", "validation", "test"] {
        let file = |folder: &str| sandbox.path(&format!("{folder}/{split}.parquet"));
        // What is rebuilt is what the trees have: texts, labels, scores, sentences, roots.
        assert_eq!(rows(&file("raw")), rows(&file("scores")), "{split}");
        let depths = |folder: &str| records(&file(folder)).iter().map(|record| record.depth).collect::<Vec<_>>();
        assert_eq!(depths("raw"), depths("scores"), "{split}");
        assert_eq!(rows(&file("raw")), rows(&file("unpacked-raw")), "{split}");
        assert!(records(&file("raw")).iter().all(|record| record.score.is_some() && record.label.is_some()), "{split}");
    }
    let again = sandbox.fetched("dataset --source both --label-names a,b,c,d,e --out named");
    assert!(!again.stderr.contains("nodes have"), "{}", again.stderr);
    let names = RawSet::read(&sandbox.path("named/train.parquet")).unwrap().metadata.label_names;
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[test]
fn what_trees_and_scores_do_not_agree_on_is_counted() {
    let sandbox = Sandbox::new();
    let mut lines = invented();
    sandbox.write("both/stanfordSentimentTreebank.zip", zip(&treebank(&lines)));
    lines[0][0] = "(4 (2 It) (4 works))".to_owned();
    lines[0].push("(3 (2 really) (4 works))".to_owned());
    sandbox.write("both/trainDevTestTrees_PTB.zip", zip(&trees(&lines)));
    let ended = sandbox.fetched("dataset --source both --out raw");
    for said in [
        "1 of 22 nodes have another label than their score (the first in line 1: It works)",
        "2 of 22 nodes have no score in dictionary.txt (the first in line 6: really works)",
    ] {
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let train = records(&sandbox.path("raw/train.parquet"));
    assert_eq!((train[0].label, train[19].score, train[21].label), (Some(4), None, Some(4)));
}
