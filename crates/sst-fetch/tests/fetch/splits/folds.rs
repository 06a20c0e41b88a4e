//! Folds: every row of train is in the validation split of one of them.

use corpus::Split::{Test, Train, Validation};
use testkit::Sandbox;

use super::{class_counts, ids, said, table};
use crate::support::Fetch;

#[test]
fn every_row_is_validated_once() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table(100, &["x", "y", "x", "x"]));
    sandbox.write("test.csv", "text,label\nunseen,x\n");
    let mut validated = Vec::new();
    for fold in 1..=5 {
        let said = said(&sandbox, &format!("--train a.csv --test test.csv --folds 5 --fold {fold} --out raw{fold}"));
        assert!(
            said.contains(&format!("fold {fold} of 5 of train's 100 sentences is validation: train 80, validation 20")),
            "{said}"
        );
        let out = format!("raw{fold}");
        assert_eq!(class_counts(&sandbox, &out), [vec![60, 20], vec![15, 5], vec![1]]);
        let (train, validation) = (ids(&sandbox, &out, Train), ids(&sandbox, &out, Validation));
        assert!(train.iter().all(|id| !validation.contains(id)));
        assert_eq!(ids(&sandbox, &out, Test), [0]);
        validated.extend(validation);
    }
    validated.sort_unstable();
    assert_eq!(validated, (0..100).collect::<Vec<i64>>());
}

#[test]
fn folds_take_the_place_of_a_validation_split() {
    let sandbox = Sandbox::new();
    sandbox.write("data/train.csv", table(10, &["x", "y"]));
    sandbox.write("data/validation.csv", "text,label\nleft out,x\n");
    let told = said(&sandbox, "--source data --folds 2 --fold 2 --out raw");
    assert!(told.contains("; the 1 sentences of the validation split are left out"), "{told}");
    assert_eq!(class_counts(&sandbox, "raw").map(|counts| counts.iter().sum::<usize>()), [5, 5, 0]);
}

#[test]
fn impossible_folds_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", table(3, &["x", "y"]));
    let refused = |line: &str, part: &str| {
        let message = sandbox.refused(&format!("dataset --train a.csv {line} --out raw"));
        assert!(message.contains(part), "{line}: {message}");
    };
    refused("--folds 3", "--fold");
    refused("--fold 1", "--folds");
    refused("--folds 3 --fold 4", "--fold 4 is more than the 3 of --folds");
    refused("--folds 1 --fold 1", "2..");
    refused("--folds 5 --fold 5", "train is too small to divide: of its 3 rows");
    refused("--folds 3 --fold 1 --split 0.9,0.1", "--split");
}
