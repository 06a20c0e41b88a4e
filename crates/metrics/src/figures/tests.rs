use super::*;
use crate::estimate::NO_SPREAD;
use crate::probabilities::{Probabilities, most_probable};
use crate::split_mix64::split_mix64;

const N: usize = 300;
const N_CLASSES: usize = 3;

fn uniform(counter: u64) -> f64 {
    (split_mix64(counter * 77 + 5) >> 11) as f64 / (1u64 << 53) as f64
}

struct Sample {
    labels: Vec<usize>,
    predictions: Vec<usize>,
    values: Vec<f64>,
}

impl Sample {
    /// Three classes, one of them rare, and probabilities that know something of them; scores repeat.
    fn new(n_classes: usize) -> Self {
        let labels: Vec<usize> =
            (0..N).map(|row| if row % 7 == 0 { n_classes - 1 } else { row % (n_classes - 1) }).collect();
        let mut values = Vec::new();
        for (row, &label) in labels.iter().enumerate() {
            let weight = |class: usize| {
                let noise = (uniform((row * n_classes + class) as u64) * 16.0).floor() / 16.0;
                0.05 + noise + if class == label { 0.4 } else { 0.0 }
            };
            let sum: f64 = (0..n_classes).map(weight).sum();
            values.extend((0..n_classes).map(|class| weight(class) / sum));
        }
        let predictions = values.chunks(n_classes).map(|row| most_probable(row).0).collect();
        Self { labels, predictions, values }
    }

    fn without(&self, row: usize) -> Self {
        let n_classes = self.values.len() / self.labels.len();
        let mut left =
            Self { labels: self.labels.clone(), predictions: self.predictions.clone(), values: self.values.clone() };
        left.labels.remove(row);
        left.predictions.remove(row);
        left.values.drain(row * n_classes..(row + 1) * n_classes);
        left
    }

    fn estimate(&self, figure: Figure) -> Estimate {
        let probabilities = Probabilities::new(&self.values, self.values.len() / self.labels.len()).unwrap();
        let rows = ClassRows::new(&self.labels, &self.predictions, probabilities).unwrap();
        ClassEvaluation::new(rows).estimate(figure).unwrap()
    }
}

/// Asserts that influences say how much the figure falls when a row is left out, up to what is of second order.
#[track_caller]
fn assert_is_jackknife(influence: &[f64], left_out: &[f64], name: &str) {
    let centered = |values: &[f64]| -> Vec<f64> {
        let mean = scores::mean(values);
        values.iter().map(|value| value - mean).collect()
    };
    let (influence, left_out) = (centered(influence), centered(left_out));
    let largest = left_out.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    assert!(largest > 0.0, "{name}: no row matters");
    for (row, (value, expected)) in influence.iter().zip(&left_out).enumerate() {
        assert!((value - expected).abs() < 0.06 * largest, "{name}: row {row} has {value}, left out {expected}");
    }
}

#[test]
fn influences_say_what_leaving_out_a_row_does() {
    let figures = [
        Figure::Accuracy,
        Figure::BalancedAccuracy,
        Figure::Averaged(Average::Macro, Score::F1),
        Figure::Averaged(Average::Weighted, Score::Precision),
        Figure::Averaged(Average::Weighted, Score::F1),
        Figure::OfClass(Score::Recall, 2),
        Figure::OfClass(Score::F1, 2),
        Figure::Mcc,
        Figure::Kappa,
        Figure::QuadraticKappa,
        Figure::MeanAbsoluteError,
        Figure::Loss,
        Figure::Brier,
        Figure::RocAuc,
        Figure::PrAuc,
        Figure::TopK(2),
    ];
    for (n_classes, figures) in
        [(N_CLASSES, &figures[..]), (2, &figures[..4]), (2, &figures[7..9]), (2, &figures[11..15])]
    {
        let sample = Sample::new(n_classes);
        for &figure in figures {
            let whole = sample.estimate(figure);
            let influence = whole.row_influence(&sample.labels, &sample.predictions).into_owned();
            let left_out: Vec<f64> =
                (0..N).map(|row| (N - 1) as f64 * (whole.value - sample.without(row).estimate(figure).value)).collect();
            assert_is_jackknife(&influence, &left_out, &format!("{figure:?}"));
        }
    }
}

#[test]
fn influences_of_scores_say_what_leaving_out_a_row_does() {
    let targets: Vec<f64> = (0..N).map(|row| (uniform(row as u64) * 20.0).floor() / 20.0).collect();
    let predictions: Vec<f64> =
        targets.iter().enumerate().map(|(row, target)| 0.7 * target + 0.3 * uniform(1000 + row as u64)).collect();
    for figure in [ScoreFigure::Mse, ScoreFigure::Mae, ScoreFigure::R2, ScoreFigure::Pearson, ScoreFigure::Spearman] {
        let estimate = |targets: &[f64], predictions: &[f64]| {
            score_estimate(figure, ScoreRows::new(targets, predictions).unwrap()).unwrap()
        };
        let whole = estimate(&targets, &predictions);
        let left_out: Vec<f64> = (0..N)
            .map(|row| {
                let (mut targets, mut predictions) = (targets.clone(), predictions.clone());
                targets.remove(row);
                predictions.remove(row);
                (N - 1) as f64 * (whole.value - estimate(&targets, &predictions).value)
            })
            .collect();
        assert_is_jackknife(&whole.row_influence(&[], &[]), &left_out, &format!("{figure:?}"));
    }
}

#[test]
fn where_no_interval_holds_the_reason_is_given() {
    let sample = Sample::new(N_CLASSES);
    assert_eq!(sample.estimate(Figure::MajorityRate).interval(), Err("it says nothing of the model"));
    assert!(sample.estimate(Figure::CalibrationError).interval().unwrap_err().contains("biased"));
    let certain = Sample {
        values: sample.labels.iter().flat_map(|&label| (0..3).map(move |c| f64::from(u8::from(c == label)))).collect(),
        predictions: sample.labels.clone(),
        labels: sample.labels.clone(),
    };
    assert_eq!(certain.estimate(Figure::RocAuc).interval(), Err(NO_SPREAD));
    assert_eq!(certain.estimate(Figure::Loss).interval(), Err(NO_SPREAD));
    let interval = certain.estimate(Figure::Averaged(Average::Macro, Score::F1)).interval().unwrap();
    assert!(interval.low > 0.94 && interval.low < 0.96 && interval.high == 1.0, "{interval:?}");
    assert_eq!(certain.estimate(Figure::OfClass(Score::F1, 2)).interval().unwrap().high, 1.0);
    let few = Sample { labels: vec![0, 1, 2], predictions: vec![0, 1, 1], values: vec![1.0 / 3.0; 9] };
    assert!(few.estimate(Figure::Averaged(Average::Macro, Score::F1)).interval().unwrap_err().contains("fewer than 5"));
    assert!(few.estimate(Figure::OfClass(Score::F1, 0)).interval().unwrap_err().contains("fewer than 20"));
}

fn area(labels: &[usize], values: &[f64], n_classes: usize) -> Result<f64, Reason> {
    let rows = ClassRows::new(labels, labels, Probabilities::new(values, n_classes).unwrap()).unwrap();
    ClassEvaluation::new(rows).estimate(Figure::RocAuc).map(|estimate| estimate.value)
}

/// The expectations are those of scikit-learn 1.9.
#[test]
fn the_area_agrees_with_scikit_learn_where_scores_tie() {
    let labels = [0, 1, 1, 0, 1, 0, 1, 0];
    let scores = [0.2, 0.8, 0.5, 0.5, 0.5, 0.1, 0.3, 0.4];
    assert_eq!(area(&labels, scores.map(|s| [1.0 - s, s]).as_flattened(), 2), Ok(0.8125));

    let labels = [0, 1, 2, 2, 1, 0, 2];
    let probabilities = [
        [0.6, 0.3, 0.1],
        [0.2, 0.5, 0.3],
        [0.1, 0.3, 0.6],
        [0.3, 0.4, 0.3],
        [0.3, 0.4, 0.3],
        [0.2, 0.4, 0.4],
        [0.25, 0.25, 0.5],
    ];
    assert!((area(&labels, probabilities.as_flattened(), 3).unwrap() - 0.794_444_444_444_444_4).abs() < 1e-15);
}

#[test]
fn without_rows_of_a_class_there_is_no_area() {
    assert_eq!(area(&[1, 1], &[0.3, 0.7, 0.6, 0.4], 2), Err("a class has no rows, or all of them"));
    assert!(area(&[0, 1], &[0.2, 0.5, 0.3, 0.3, 0.3, 0.4], 3).is_err());
}
