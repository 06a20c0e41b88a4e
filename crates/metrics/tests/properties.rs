//! What holds for any predictions: the order of rows says nothing, and a perfect prediction is perfect by every metric.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use metrics::{
    Average, ClassEvaluation, ClassRows, Classification, ConfusionMatrix, Figure, Probabilities, Regression, Score,
    Scores,
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

fn predictions(probabilities: &[Vec<f64>]) -> Vec<usize> {
    let arg_max = |row: &Vec<f64>| {
        let largest = row.iter().copied().fold(0.0, f64::max);
        row.iter().position(|&p| p == largest).expect("a row is not empty")
    };
    probabilities.iter().map(arg_max).collect()
}

/// Every figure that is defined for these rows.
fn estimates(labels: &[usize], probabilities: &[Vec<f64>]) -> Vec<(Figure, metrics::Estimate)> {
    let (predictions, values) = (predictions(probabilities), probabilities.concat());
    let rows = ClassRows::new(labels, &predictions, Probabilities::new(&values, N_CLASSES).unwrap()).unwrap();
    let evaluation = ClassEvaluation::new(rows);
    Figure::all(N_CLASSES, true).into_iter().map(|figure| (figure, evaluation.estimate(figure).unwrap())).collect()
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

    let estimates = estimates(&labels, &probabilities);
    for ((figure, left), (_, right)) in estimates.into_iter().zip(self::estimates(&labels_2, &probabilities_2)) {
        assert!((left.value - right.value).abs() < 1e-13, "{figure:?}");
        match (left.interval(), right.interval()) {
            (Ok(left), Ok(right)) => {
                assert!((left.low - right.low).abs() + (left.high - right.high).abs() < 1e-12, "{figure:?}");
            }
            (left, right) => assert_eq!(left, right),
        }
    }
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
    for (figure, estimate) in estimates(&labels, &probabilities) {
        let perfect = match (figure, figure.greater_is_better()) {
            (Figure::MajorityRate, _) => 0.2,
            (_, Some(true)) => 1.0,
            _ => 0.0,
        };
        assert!((estimate.value - perfect).abs() < 1e-14, "{figure:?}: {}", estimate.value);
        if let Ok(interval) = estimate.interval() {
            assert_eq!(if perfect == 1.0 { interval.high } else { interval.low }, perfect, "{figure:?}");
        }
    }

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
    let mut without = Vec::new();
    for (figure, estimate) in estimates(&labels, &probabilities) {
        match estimate.interval() {
            Ok(interval) => assert!(interval.low < estimate.value && estimate.value < interval.high, "{figure:?}"),
            Err(_) => without.push(figure),
        }
    }
    // One class is predicted twice.
    let rare = Figure::Averaged(Average::Macro, Score::Precision);
    assert_eq!(without, [rare, Figure::CalibrationError, Figure::MajorityRate]);
    assert_eq!(rare.name(), "precision_macro");
}
