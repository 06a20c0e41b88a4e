//! Shares: 80, 10 and 10 percent by default, of each class its part.

use corpus::Split::{Test, Train, Validation};
use testkit::Sandbox;

use super::{class_counts, ids, records, said, table};
use crate::support::Fetch;

#[test]
fn one_file_is_split_by_class_and_it_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", table(1000, &["good", "bad", "good", "good"]));
    let said = said(&sandbox, "--source reviews.csv --out raw");
    assert!(said.contains("split off from train's 1000 sentences: train 800, validation 100, test 100"), "{said}");
    assert_eq!(class_counts(&sandbox, "raw"), [vec![200, 600], vec![25, 75], vec![25, 75]]);
    let all: Vec<i64> = [Train, Validation, Test].into_iter().flat_map(|split| ids(&sandbox, "raw", split)).collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..1000).collect::<Vec<i64>>(), "every row is in one split, by its number in the file");
    let first = &records(&sandbox, "raw", Validation)[0];
    let source = first.source.clone().unwrap();
    assert_eq!((source.file.as_ref(), source.line), ("reviews.csv", first.id + 2));
}

#[test]
fn the_split_is_a_function_of_rows_and_seed() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table(200, &["x", "y"]));
    sandbox.write("b.csv", table(200, &["x", "y"]));
    said(&sandbox, "--source a.csv --out raw");
    said(&sandbox, "--source b.csv --out again");
    said(&sandbox, "--source a.csv --seed 1 --out other");
    assert_eq!(ids(&sandbox, "raw", Test), ids(&sandbox, "again", Test));
    assert_ne!(ids(&sandbox, "raw", Test), ids(&sandbox, "other", Test));
}

#[test]
fn given_shares_are_kept_and_what_is_there_is_not_split_off() {
    let sandbox = Sandbox::new();
    sandbox.write("train.csv", table(100, &["x", "y"]));
    sandbox.write("test.csv", "text,label\nunseen,x\n");
    said(&sandbox, "--train train.csv --split 0.5,0.3,0.2 --out three");
    assert_eq!(class_counts(&sandbox, "three"), [vec![25, 25], vec![15, 15], vec![10, 10]]);
    said(&sandbox, "--train train.csv --split 0.9,0.1 --out two");
    assert_eq!(class_counts(&sandbox, "two"), [vec![45, 45], vec![5, 5], vec![]]);
    said(&sandbox, "--train train.csv --test test.csv --split 0.6,0.2,0.2 --out beside");
    assert_eq!(class_counts(&sandbox, "beside"), [vec![37, 38], vec![13, 12], vec![1]]);
}

#[test]
fn a_folder_without_validation_gets_one_and_named_files_do_not() {
    let sandbox = Sandbox::new();
    sandbox.write("data/train.csv", table(90, &["x", "y"]));
    sandbox.write("data/test.csv", "text,label\nunseen,x\n");
    said(&sandbox, "--source data --out raw");
    assert_eq!(class_counts(&sandbox, "raw"), [vec![40, 40], vec![5, 5], vec![1]]);
    said(&sandbox, "--source data --split none --out whole");
    assert_eq!(class_counts(&sandbox, "whole"), [vec![45, 45], vec![], vec![1]]);
    said(&sandbox, "--train data/train.csv --out named");
    assert_eq!(class_counts(&sandbox, "named"), [vec![45, 45], vec![], vec![]]);
}

#[test]
fn rare_classes_stay_in_train_first() {
    let sandbox = Sandbox::new();
    let rare = "one of three,rare\ntwo of three,rare\nthree of three,rare\n";
    sandbox.write("a.csv", table(97, &["x"]) + rare);
    said(&sandbox, "--source a.csv --out raw");
    let [train, validation, test] = class_counts(&sandbox, "raw");
    assert!(train[0] >= 2, "{train:?}");
    assert_eq!(train.iter().chain(&validation).chain(&test).sum::<usize>(), 100);
}

#[test]
fn rows_without_a_label_stay_in_train() {
    let sandbox = Sandbox::new();
    let unlabeled: String = (0..50).map(|i| format!("nobody said {i},\n")).collect();
    sandbox.write("a.csv", table(50, &["x", "y"]) + &unlabeled);
    said(&sandbox, "--source a.csv --out raw");
    assert_eq!(class_counts(&sandbox, "raw"), [vec![21, 19], vec![2, 3], vec![2, 3]]);
    assert_eq!(records(&sandbox, "raw", Train).len(), 90);
}

#[test]
fn scores_are_split_by_their_classes() {
    let sandbox = Sandbox::new();
    let rows: String =
        (0..100).map(|i| format!("text {i} {},{}\n", super::word(i), f64::from(i as u32) / 100.0)).collect();
    sandbox.write("a.csv", format!("text,score\n{rows}"));
    said(&sandbox, "--source a.csv --score-column score --out raw");
    let scores: Vec<f32> = records(&sandbox, "raw", Validation).iter().filter_map(|record| record.score).collect();
    assert_eq!(scores.len(), 10);
    assert_eq!(scores.iter().filter(|score| **score <= 0.2).count(), 2, "{scores:?}");
}

#[test]
fn trees_are_split_by_sentence() {
    let sandbox = Sandbox::new();
    let tree = |i: usize| format!("({} (2 {}) (2 works))\n", i % 5, super::word(i));
    sandbox.write("trees/train.txt", (0..100).map(tree).collect::<String>());
    said(&sandbox, "--source trees --out raw");
    let validation = records(&sandbox, "raw", Validation);
    assert_eq!(validation.len(), 30);
    assert!(
        validation
            .chunks(3)
            .all(|nodes| nodes[0].is_root && nodes.iter().all(|n| n.sentence_id == nodes[0].sentence_id))
    );
}

#[test]
fn what_cannot_be_split_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("few.csv", "text,label\na b,1\nc d,0\n");
    sandbox.write("train.csv", table(20, &["x", "y"]));
    let refused = |line: &str, part: &str| {
        let message = sandbox.refused(&format!("dataset {line} --out raw"));
        assert!(message.contains(part), "{line}: {message}");
        assert!(!sandbox.path("raw/train.parquet").exists());
    };
    refused("--train few.csv --split 0.8,0.1,0.1", "train is too small to divide: of its 2 rows");
    refused("--train train.csv --split 0.8,0.1", "--split 0.8,0.1: expected the shares of train");
    refused("--train train.csv --split 80,10,10", "--split 80,10,10: expected the shares");
    refused("--train train.csv --split a,b", "--split a,b: expected the shares");
    refused("--train train.csv --split 1.2,-0.2", "expected the shares");
    refused("--test train.csv --split 0.8,0.2", "there is no train split");
    let all = "--train train.csv --validation few.csv --test few.csv --split 0.8,0.1,0.1";
    refused(all, "it has validation and test; leave it out");
    refused("--train train.csv --validation few.csv --split 0.9,0.1", "lacks, and it has validation; leave it out");
    refused("--train train.csv --group-column text", "--group-column keeps rows together where train is divided");
    let said = said(&sandbox, "--source few.csv --out raw");
    assert!(said.contains("train has 2 rows, too few to split off validation and test"), "{said}");
}
