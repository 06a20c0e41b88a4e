//! The scores of classes against literal expectations, worked out with scikit-learn 1.9 and `zero_division=0`.

use metrics::{Classification, ConfusionMatrix, Scores};

fn classification(labels: &[usize], predictions: &[usize], n_classes: usize) -> Classification {
    let names: Vec<String> = ["a", "b", "c", "d", "e"][..n_classes].iter().map(ToString::to_string).collect();
    let matrix = ConfusionMatrix::new(labels, predictions, &names).expect("the classes have names");
    Classification::new(&matrix)
}

#[track_caller]
fn assert_scores(scores: Scores, [precision, recall, f1]: [f64; 3]) {
    assert!((scores.precision - precision).abs() < 1e-15, "{scores:?}");
    assert!((scores.recall - recall).abs() < 1e-15, "{scores:?}");
    assert!((scores.f1 - f1).abs() < 1e-15, "{scores:?}");
}

#[track_caller]
fn assert_class(all: &Classification, class: usize, scores: [f64; 3], support: u64) {
    let found = &all.per_class[class];
    let (precision, recall, f1) = (found.precision, found.recall, found.f1);
    assert_scores(Scores { precision, recall, f1 }, scores);
    assert_eq!(found.support, support);
}

#[test]
fn three_classes() {
    let all = classification(&[0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2], &[0, 0, 1, 2, 1, 1, 0, 2, 2, 2, 1, 0], 3);
    assert_eq!(all.n, 12);
    assert_eq!(all.accuracy, 7.0 / 12.0);
    assert_scores(all.weighted, [0.6041666666666666, 0.5833333333333334, 0.5873015873015873]);
    assert_scores(all.macro_, [0.5833333333333334, 0.5888888888888889, 0.5793650793650794]);
    assert_scores(all.micro, [0.5833333333333334, 0.5833333333333334, 0.5833333333333334]);
    assert_class(&all, 0, [0.5, 0.5, 0.5], 4);
    assert_class(&all, 1, [0.5, 0.6666666666666666, 0.5714285714285714], 3);
    assert_class(&all, 2, [0.75, 0.6, 0.6666666666666666], 5);
    assert!((all.mcc - 0.37896836447993354).abs() < 1e-15);
    assert_eq!(all.warnings, [""; 0]);
}

#[test]
fn averages_leave_out_a_class_that_does_not_occur() {
    let all = classification(&[0, 0, 1, 1, 1, 3, 3, 4, 4, 4, 4], &[0, 1, 1, 1, 3, 3, 1, 4, 3, 4, 4], 5);
    assert_scores(all.weighted, [0.7424242424242425, 0.6363636363636364, 0.6614718614718614]);
    assert_scores(all.macro_, [0.7083333333333333, 0.6041666666666666, 0.6238095238095238]);
    assert_class(&all, 2, [0.0, 0.0, 0.0], 0);
    assert_class(&all, 3, [0.3333333333333333, 0.5, 0.4], 2);
    assert!((all.mcc - 0.5172755511056657).abs() < 1e-15);
    assert_eq!(
        all.warnings,
        ["class \"c\" has no rows and no predictions: its scores are set to 0 and averages leave it out"]
    );
}

#[test]
fn a_class_that_was_never_predicted_has_no_precision() {
    let all = classification(&[0, 1, 2, 2, 0], &[0, 0, 2, 2, 0], 3);
    assert_scores(all.weighted, [0.6666666666666666, 0.8, 0.72]);
    assert_scores(all.macro_, [0.5555555555555555, 0.6666666666666666, 0.6]);
    assert_class(&all, 1, [0.0, 0.0, 0.0], 1);
    assert!((all.mcc - 0.7216878364870323).abs() < 1e-15);
    assert_eq!(all.warnings, ["class \"b\" was never predicted: its precision is set to 0"]);
}

#[test]
fn a_class_without_rows_has_no_recall_but_counts_in_the_macro_average() {
    let all = classification(&[0, 2, 2, 0], &[0, 1, 2, 0], 3);
    assert_scores(all.weighted, [1.0, 0.75, 0.8333333333333333]);
    assert_scores(all.macro_, [0.6666666666666666, 0.5, 0.5555555555555555]);
    assert!((all.mcc - 0.6708203932499369).abs() < 1e-15);
    assert_eq!(all.warnings, ["class \"b\" has no rows: its recall is set to 0"]);
}

#[test]
fn a_constant_prediction_has_no_correlation() {
    let all = classification(&[0, 0, 1], &[0, 0, 0], 2);
    assert_eq!(all.mcc, 0.0);
    assert_scores(all.macro_, [0.3333333333333333, 0.5, 0.4]);
}
