//! Archives that are not what they should be: exit code 2, a message that names them, nothing written.

use super::archives::{Files, invented, treebank, trees, zip};
use crate::support::Fetch;
use testkit::Sandbox;

/// The message about an archive of these files.
fn refused(files: &Files) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("archives/a.zip", zip(files));
    let message = sandbox.refused("dataset --source archives/a.zip --out raw");
    assert!(!sandbox.path("raw/manifest.json").exists() && !sandbox.path("raw/train.parquet").exists());
    let written: Vec<_> = std::fs::read_dir(sandbox.path("archives")).unwrap().collect();
    assert_eq!(written.len(), 1, "nothing is unpacked");
    message
}

/// The treebank with one file changed, or without it.
fn with(name: &str, change: impl Fn(&str) -> Option<String>) -> Files {
    let changed = |(path, content): (String, Vec<u8>)| {
        if !path.ends_with(&format!("Treebank/{name}")) {
            return Some((path, content));
        }
        change(&String::from_utf8(content).unwrap()).map(|content| (path, content.into_bytes()))
    };
    treebank(&invented()).into_iter().filter_map(changed).collect()
}

#[test]
fn other_archives_and_hostile_ones() {
    let file = |name: &str| vec![(name.to_owned(), b"(3 good)\n".to_vec())];
    for (files, message) in [
        (file("reviews.csv"), "archives/a.zip is a ZIP archive without the treebank; expected trees/train.txt, or"),
        (file("../train.txt"), "the entry ../train.txt: it would leave its folder"),
        (file("/train.txt"), "the entry /train.txt: it would leave its folder"),
        (file("trees\\train.txt"), r"the entry trees\\train.txt: it would leave its folder"),
        ([file("a/train.txt"), file("a/train.txt")].concat(), "the entry a/train.txt: it is there twice"),
        ([file("a/train.txt"), file("b/train.txt")].concat(), "it holds a/train.txt and b/train.txt"),
        (vec![("trees/train.txt".to_owned(), b"(3 good\n".to_vec())], "archives/a.zip/trees/train.txt, line 1"),
        (vec![("trees/train.txt".to_owned(), vec![b' '; 70 << 20])], "which is no text; unpack it and look at it"),
        (vec![("trees/train.txt".to_owned(), b"\n".to_vec())], "archives/a.zip/trees/train.txt is empty"),
    ] {
        let found = refused(&files);
        assert!(found.contains(message), "expected `{message}`, found `{found}`");
    }
    let sandbox = Sandbox::new();
    let whole = zip(&trees(&invented()));
    sandbox.write("cut.zip", &whole[..whole.len() - 9]);
    let found = sandbox.refused("dataset --source cut.zip --out raw");
    assert!(found.contains("cut.zip cannot be read as a ZIP archive: the list of its entries is missing"), "{found}");
}

#[test]
fn a_treebank_that_does_not_fit_together() {
    let replaced = |name: &str, from: &str, to: &str| with(name, |text| Some(text.replacen(from, to, 1)));
    for (files, message) in [
        (
            replaced("dictionary.txt", "\nBad|", "\nbad|"),
            "SOStr.txt, line 3: the sentence `Bad` has no score in dictionary.txt",
        ),
        (replaced("sentiment_labels.txt", "\n0|", "\n99|"), "has no score in dictionary.txt"),
        (replaced("dictionary.txt", "Bad|", "Bad"), "dictionary.txt, line"),
        (
            replaced("sentiment_labels.txt", "\n1|0", "\n1|7"),
            "expected `phrase id|score` with a score from 0 to 1, found `1|7",
        ),
        (
            replaced("datasetSplit.txt", "\n2,1", "\n2,4"),
            "datasetSplit.txt, line 3: expected sentence 2 and 1 (train), 2 (test)",
        ),
        (
            replaced("datasetSplit.txt", "\n2,1\n", "\n"),
            "datasetSplit.txt, line 3: expected sentence 2 and 1 (train), 2 (test)",
        ),
        (replaced("STree.txt", "3|3|0\n", "3|3|3\n"), "STree.txt, line 1: token 1 is in a circle"),
        (
            replaced("STree.txt", "3|3|0\n", ""),
            "STree.txt cannot be read as the treebank: it has 7 sentences, but SOStr.txt 8",
        ),
        (with("STree.txt", |_| None), "without trees, datasetSplit.txt, SOStr.txt and STree.txt are needed beside it"),
    ] {
        let found = refused(&files);
        assert!(found.contains(message), "expected `{message}`, found `{found}`");
    }
}

#[test]
fn flags_about_tables_and_labels_do_not_go_with_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.zip", zip(&trees(&invented())));
    for (flags, message) in [
        ("--text-column x", "--text-column names a column of tables, but trees have none"),
        ("--label-order a,b", "--label-order is for labels of one's own, but trees define theirs"),
        ("--delimiter ;", "--delimiter says how CSV, TSV and tables in .txt are read, and there is none"),
        ("--label-names a,b", "trees have 5 labels; --label-names gives 2"),
        ("--stanford-url http://127.0.0.1", "--stanford-url goes with --source stanford"),
    ] {
        let found = sandbox.refused(&format!("dataset --source a.zip {flags} --out raw"));
        assert!(found.contains(message), "expected `{message}`, found `{found}`");
    }
}
