//! What holds for any predictions: the order of rows says nothing, and a perfect prediction is perfect by every metric.

use metrics::{
    CALIBRATION_BINS, Classification, ConfusionMatrix, F1Intervals, Probabilities, Regression, Scores,
    expected_calibration_error, roc_auc, wilson_interval,
};

const N: usize = 200;
const N_CLASSES: usize = 5;

/// Rows of labels and probabilities without any pattern to speak of, and with ties.
fn rows() -> (Vec<usize>, Vec<Vec<f64>>) {
    let labels = (0..N).map(|row| row * 3 % 7 % N_CLASSES).collect();
    let probabilities = (0..N).map(|row| {
        let weights: Vec<f64> = (0..N_CLASSES).map(|class| (1 + (row * 31 + class * row * 17) % 11) as f64).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    });
    (labels, probabilities.collect())
}

fn of(values: &[f64]) -> Probabilities<'_> {
    Probabilities::new(values, N_CLASSES).expect("whole rows")
}

fn predictions(probabilities: &[Vec<f64>]) -> Vec<usize> {
    let arg_max = |row: &Vec<f64>| {
        let largest = row.iter().copied().fold(0.0, f64::max);
        row.iter().position(|&p| p == largest).expect("a row is not empty")
    };
    probabilities.iter().map(arg_max).collect()
}

fn names() -> Vec<String> {
    (0..N_CLASSES).map(|class| format!("class {class}")).collect()
}

/// Visits every row once, in another order: 73 and 200 have no common divisor.
fn permuted<T: Clone>(rows: &[T]) -> Vec<T> {
    (0..N).map(|row| rows[row * 73 % N].clone()).collect()
}

#[test]
fn the_order_of_rows_says_nothing() {
    let (labels, probabilities) = rows();
    let (labels_2, probabilities_2) = (permuted(&labels), permuted(&probabilities));
    assert_ne!(labels, labels_2);

    let matrix = ConfusionMatrix::new(&labels, &predictions(&probabilities), &names()).unwrap();
    let matrix_2 = ConfusionMatrix::new(&labels_2, &predictions(&probabilities_2), &names()).unwrap();
    assert_eq!(matrix, matrix_2);
    assert_eq!(Classification::new(&matrix), Classification::new(&matrix_2));
    assert_eq!(F1Intervals::new(&matrix), F1Intervals::new(&matrix_2));

    let area = roc_auc(&labels, of(&probabilities.concat())).unwrap();
    assert!((area - roc_auc(&labels_2, of(&probabilities_2.concat())).unwrap()).abs() < 1e-14);

    let gap = expected_calibration_error(&labels, of(&probabilities.concat()), CALIBRATION_BINS).unwrap();
    let gap_2 = expected_calibration_error(&labels_2, of(&probabilities_2.concat()), CALIBRATION_BINS).unwrap();
    assert!((gap - gap_2).abs() < 1e-14);
}

#[test]
fn a_perfect_prediction_is_perfect_by_every_metric() {
    let labels: Vec<usize> = (0..N).map(|row| row % N_CLASSES).collect();
    let certain = |&label: &usize| (0..N_CLASSES).map(|c| f64::from(u8::from(c == label))).collect();
    let probabilities: Vec<Vec<f64>> = labels.iter().map(certain).collect();

    let matrix = ConfusionMatrix::new(&labels, &labels, &names()).unwrap();
    let all = Classification::new(&matrix);
    let ones = Scores { precision: 1.0, recall: 1.0, f1: 1.0 };
    assert_eq!([all.accuracy, all.mcc], [1.0, 1.0]);
    assert_eq!([all.weighted, all.macro_, all.micro], [ones, ones, ones]);
    assert!(all.per_class.iter().all(|class| class.f1 == 1.0));
    assert_eq!(F1Intervals::new(&matrix).weighted.low, 1.0);
    assert_eq!(wilson_interval(matrix.n_correct(), matrix.n()).high, 1.0);
    assert_eq!(roc_auc(&labels, of(&probabilities.concat())), Some(1.0));
    assert_eq!(expected_calibration_error(&labels, of(&probabilities.concat()), CALIBRATION_BINS), Some(0.0));

    let targets: Vec<f64> = (0..N).map(|row| (row * row % 13) as f64).collect();
    let exact = Regression::new(&targets, &targets).unwrap();
    assert_eq!([exact.mse, exact.mae], [0.0, 0.0]);
    assert_eq!(exact.r2, Some(1.0));
    assert!((exact.pearson.unwrap() - 1.0).abs() < 1e-15);
    assert!((exact.spearman.unwrap() - 1.0).abs() < 1e-15);
}

#[test]
fn intervals_hold_the_figure_that_they_are_about() {
    let (labels, probabilities) = rows();
    let matrix = ConfusionMatrix::new(&labels, &predictions(&probabilities), &names()).unwrap();
    let all = Classification::new(&matrix);
    let holds = |interval: metrics::Interval, value| interval.low < value && value < interval.high;
    assert!(holds(wilson_interval(matrix.n_correct(), matrix.n()), all.accuracy));
    assert!(holds(F1Intervals::new(&matrix).weighted, all.weighted.f1));
    assert!(holds(F1Intervals::new(&matrix).macro_, all.macro_.f1));
}
