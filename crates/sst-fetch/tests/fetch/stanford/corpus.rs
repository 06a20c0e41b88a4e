//! The real treebank, where its trees are at hand: archives are built from them, and all counts must come out.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use super::archives::{SPLITS, treebank, trees, zip};
use crate::support::Fetch;
use corpus::raw::{RawSet, Record};
use testkit::Sandbox;

/// Split, nodes, different texts of nodes, and sentences with each label.
const COUNTS: [(&str, usize, usize, [usize; 5]); 3] = [
    ("train", 318_582, 159_274, [1092, 2218, 1624, 2322, 1288]),
    ("validation", 41_447, 24_772, [139, 289, 229, 279, 165]),
    ("test", 82_600, 46_663, [279, 633, 389, 510, 399]),
];

fn lines(corpus: &Path) -> [Vec<String>; 3] {
    SPLITS.map(|(name, _)| {
        let text = fs::read_to_string(corpus.join(format!("trees/{name}.txt"))).unwrap();
        text.lines().map(str::to_owned).collect()
    })
}

fn records(sandbox: &Sandbox, folder: &str, split: &str) -> Vec<Record> {
    RawSet::read(&sandbox.path(&format!("{folder}/{split}.parquet"))).unwrap().records
}

/// What trees have of a node.
fn of_tree(record: &Record) -> (i64, &str, Option<i32>, bool, i32) {
    (record.sentence_id, &record.text, record.label, record.is_root, record.depth)
}

#[test]
fn archives_of_the_treebank_have_its_counts() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    let lines = lines(&corpus);
    sandbox.write("both/trainDevTestTrees_PTB.zip", zip(&trees(&lines)));
    sandbox.write("both/stanfordSentimentTreebank.zip", zip(&treebank(&lines)));
    sandbox.fetched("dataset --source both/trainDevTestTrees_PTB.zip --out trees");
    let both = sandbox.fetched("dataset --source both --out both-raw");
    assert!(!both.stderr.contains("nodes have"), "{}", both.stderr);
    let alone = sandbox.fetched("dataset --source both/stanfordSentimentTreebank.zip --out alone");
    let said = "SOStr.txt: 104 sentences of datasetSentences.txt are encoded twice; the tokens are taken";
    assert!(alone.stderr.contains(said), "{}", alone.stderr);
    let mut n_texts = HashSet::new();
    for (split, n_nodes, n_distinct, labels) in COUNTS {
        let [trees, both, alone] = ["trees", "both-raw", "alone"].map(|folder| records(&sandbox, folder, split));
        assert_eq!([&trees, &both, &alone].map(Vec::len), [n_nodes; 3], "{split}");
        let texts: HashSet<String> = trees.iter().map(|record| record.text.clone()).collect();
        assert_eq!(texts.len(), n_distinct, "{split}");
        n_texts.extend(texts);
        let mut counts = [0; 5];
        trees.iter().filter(|record| record.is_root).for_each(|record| counts[record.label.unwrap() as usize] += 1);
        assert_eq!(counts, labels, "{split}");
        for ((tree, both), alone) in trees.iter().zip(&both).zip(&alone) {
            assert_eq!(of_tree(tree), of_tree(both));
            assert_eq!(of_tree(tree), of_tree(alone));
            assert!(both.score.is_some() && both.score == alone.score, "{}", tree.text);
        }
    }
    assert_eq!(n_texts.len(), 215_154, "the number of phrases that the paper gives");
}

/// GLUE's train set is the train nodes that are not neutral, in lower case. Of the 253 texts that it has otherwise nearly all
/// are in British spelling in the trees (GLUE has theater, humor), and 13 have U+00A0 where GLUE has a space.
#[test]
fn the_phrases_of_train_are_those_of_glue() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    sandbox.fetched(&format!("dataset --source {} --out trees", corpus.join("trees").display()));
    let mut polarities: HashMap<String, HashSet<bool>> = HashMap::new();
    for record in records(&sandbox, "trees", "train") {
        if let Some(label) = record.label.filter(|label| *label != 2) {
            polarities.entry(record.text.to_lowercase()).or_default().insert(label > 2);
        }
    }
    let mut glue: HashMap<String, HashSet<bool>> = HashMap::new();
    for line in fs::read_to_string(corpus.join("glue/train.tsv")).unwrap().lines().skip(1) {
        let (text, label) = line.split_once('\t').unwrap();
        glue.entry(text.trim().to_owned()).or_default().insert(label == "1");
    }
    let is_ours = |text: &String| polarities.get(text).is_some_and(|found| glue[text].is_subset(found));
    let others: Vec<&String> = glue.keys().filter(|text| !is_ours(text)).collect();
    assert_eq!((glue.len(), glue.len() - others.len()), (66_978, 66_725));

    let with_spaces: HashMap<String, &HashSet<bool>> =
        polarities.iter().map(|(text, found)| (text.replace('\u{a0}', " "), found)).collect();
    let by_spaces =
        others.iter().filter(|text| with_spaces.get(**text).is_some_and(|found| glue[**text].is_subset(found)));
    assert_eq!(by_spaces.count(), 13);
}
