//! The real treebank, where it is at hand: its counts must come out.

use crate::support::Fetch;
use corpus::raw::RawSet;
use testkit::Sandbox;

/// Rows with each label, 0 first.
fn label_counts(set: &RawSet, sentences_only: bool) -> Vec<usize> {
    let mut counts = vec![0; set.metadata.label_names.len()];
    for record in set.records.iter().filter(|record| record.is_root || !sentences_only) {
        counts[record.label.unwrap() as usize] += 1;
    }
    counts
}

#[test]
fn the_treebank_has_its_counts() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    sandbox.fetched(&format!("dataset --source {} --out raw", corpus.join("trees").display()));
    let expected = [
        ("train", 318_582, [1092, 2218, 1624, 2322, 1288]),
        ("validation", 41_447, [139, 289, 229, 279, 165]),
        ("test", 82_600, [279, 633, 389, 510, 399]),
    ];
    for (split, n_nodes, labels) in expected {
        let set = RawSet::read(&sandbox.path(&format!("raw/{split}.parquet"))).unwrap();
        assert_eq!(set.records.len(), n_nodes, "{split}");
        assert_eq!(label_counts(&set, true), labels, "{split}");
    }
    let train = RawSet::read(&sandbox.path("raw/train.parquet")).unwrap();
    assert_eq!(train.records.iter().filter(|record| record.is_root && record.text.contains('\u{a0}')).count(), 3);
    assert!(train.records.iter().all(|record| !record.text.contains("-LRB-") && !record.text.contains("\\/")));
}

#[test]
fn glue_has_its_counts() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    sandbox.fetched(&format!("dataset --source {} --out raw", corpus.join("glue").display()));
    let set = |split: &str| RawSet::read(&sandbox.path(&format!("raw/{split}.parquet"))).unwrap();
    assert_eq!(label_counts(&set("train"), false), [29_780, 37_569]);
    assert_eq!(label_counts(&set("validation"), false), [428, 444]);
    let test = set("test").records;
    assert_eq!((test.len(), test.iter().filter(|record| record.label.is_none()).count()), (1821, 1821));
}
