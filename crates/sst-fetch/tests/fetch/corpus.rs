//! The real treebank, where it is at hand: its counts must come out.

use std::collections::HashSet;

use crate::support::Fetch;
use corpus::raw::RawSet;
use corpus::similarity::Pieces;
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

/// Of a random tenth of GLUE's phrases nine in ten are pieces of rows that stay in train.
#[test]
fn pieces_of_sentences_do_not_leak_into_what_is_split_off() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    sandbox.fetched(&format!("dataset --source {} --out raw", corpus.join("glue/train.tsv").display()));
    let set = |split: &str| RawSet::read(&sandbox.path(&format!("raw/{split}.parquet"))).unwrap();
    let (train, validation, test) = (set("train"), set("validation"), set("test"));
    assert_eq!([&train, &validation, &test].map(|set| set.records.len()), [53_879, 6735, 6735]);
    assert_eq!(label_counts(&validation, false), [2978, 3757]);
    let mut held_out = Pieces::new();
    let n_long = validation.records.iter().filter(|record| held_out.add(&record.text).0 >= 3).count();
    held_out.index();
    let mut leaked = HashSet::new();
    for record in &train.records {
        held_out.for_each_piece(&record.text, &mut Vec::new(), |piece| {
            if piece.n_words >= 3 {
                leaked.insert(piece.text);
            }
        });
    }
    assert!(leaked.len() * 50 < n_long, "{} of {n_long}", leaked.len());
}
