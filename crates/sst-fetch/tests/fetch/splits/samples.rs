//! Samples: of each class its share, and not the head of a sorted file.

use corpus::Split::{Train, Validation};
use testkit::Sandbox;

use super::{class_counts, ids, records, said, table};

#[test]
fn a_sorted_file_is_sampled_by_class() {
    let sandbox = Sandbox::new();
    let rows = |label: &str, n: usize| table(n, &[label]).split_once('\n').unwrap().1.replace("of its", label);
    sandbox.write("a.csv", format!("text,label\n{}{}", rows("bad", 300), rows("good", 100)));
    let said = said(&sandbox, "--train a.csv --max-samples 40 --out raw");
    assert!(said.contains("sampled: 40 of 400 sentences, at most 40 of a split"), "{said}");
    assert_eq!(class_counts(&sandbox, "raw")[0], [30, 10]);
    let ids = ids(&sandbox, "raw", Train);
    assert!(ids.is_sorted() && ids[0] < 50 && ids[29] > 200, "{ids:?}");
}

#[test]
fn a_larger_sample_holds_the_smaller_one() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table(200, &["x", "y"]));
    for n in [20, 40] {
        said(&sandbox, &format!("--train a.csv --max-samples {n} --out raw{n}"));
    }
    let (few, more) = (ids(&sandbox, "raw20", Train), ids(&sandbox, "raw40", Train));
    assert!(few.iter().all(|id| more.contains(id)));
    said(&sandbox, "--train a.csv --max-samples 20 --seed 7 --out other");
    assert_ne!(few, ids(&sandbox, "other", Train));
}

#[test]
fn what_is_split_off_is_sampled_after_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table(200, &["x", "y"]));
    said(&sandbox, "--source a.csv --max-samples 16 --out raw");
    assert_eq!(class_counts(&sandbox, "raw"), [vec![8, 8], vec![8, 8], vec![8, 8]]);
}

#[test]
fn of_trees_whole_sentences_are_drawn() {
    let sandbox = Sandbox::new();
    let tree = |i: usize| format!("({} (2 {}) (2 works))\n", i % 5, super::word(i));
    sandbox.write("trees/train.txt", (0..50).map(tree).collect::<String>());
    sandbox.write("trees/dev.txt", (50..53).map(tree).collect::<String>());
    said(&sandbox, "--source trees --max-samples 10 --out raw");
    let train = records(&sandbox, "raw", Train);
    assert_eq!(train.iter().filter(|record| record.is_root).count(), 10);
    assert_eq!(train.len(), 30);
    assert_eq!(records(&sandbox, "raw", Validation).len(), 9);
}
