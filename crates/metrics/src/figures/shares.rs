//! Functions of the shares of a confusion matrix with their gradients: accuracy, precision, recall, F1, MCC, Cohen's kappa.

use crate::estimate::Reason;

/// Rows that are added to the counts before an interval is made, shared among all cells that can be, half of them right.
///
/// A class with few rows and no error in them would have no variance. Agresti and Coull (1998) add four rows to a
/// proportion, Price and Bonett (2004) to linear functions of several; on a scale that is skewed by itself, two give the
/// best coverage.
const PRIOR_ROWS: f64 = 2.0;

/// Shares of the rows by label and prediction, with their margins.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    pub(super) n_classes: usize,
    /// Rows, prior ones with them.
    pub(super) n: f64,
    /// By label and prediction.
    pub(super) cells: Vec<f64>,
    pub(super) labels: Vec<f64>,
    pub(super) predictions: Vec<f64>,
}

/// A figure of the matrix and its derivative by every cell.
pub(super) type Gradient = Result<(f64, Vec<f64>), Reason>;

/// Precision, recall or F1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// Right predictions of a class by all of them.
    Precision,
    /// Found rows of a class by all of them.
    Recall,
    /// Harmonic mean of the two.
    F1,
}

/// How the scores of the classes are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Average {
    /// By support.
    Weighted,
    /// Each class alike.
    Macro,
}

impl Score {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
        }
    }
}

impl Average {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Weighted => "weighted",
            Self::Macro => "macro",
        }
    }
}

impl Shares {
    /// Of counts by label and prediction, `(n_classes, n_classes)`.
    pub(super) fn new(counts: &[f64], n_classes: usize) -> Self {
        let n: f64 = counts.iter().sum();
        let cells: Vec<f64> = counts.iter().map(|count| count / n).collect();
        let labels = cells.chunks(n_classes).map(|row| row.iter().sum()).collect();
        let predictions = (0..n_classes).map(|j| (0..n_classes).map(|i| cells[i * n_classes + j]).sum()).collect();
        Self { n_classes, n, cells, labels, predictions }
    }

    /// The same with the prior rows: half of them right, among the classes that occur.
    pub(super) fn with_prior(counts: &[f64], n_classes: usize) -> Self {
        let plain = Self::new(counts, n_classes);
        let occurring: Vec<usize> =
            (0..n_classes).filter(|&class| plain.labels[class] + plain.predictions[class] > 0.0).collect();
        let k = occurring.len() as f64;
        let mut counts = counts.to_vec();
        for &label in &occurring {
            for &prediction in &occurring {
                let right = label == prediction;
                counts[label * n_classes + prediction] +=
                    if right { PRIOR_ROWS / 2.0 / k } else { PRIOR_ROWS / 2.0 / (k * (k - 1.0)) };
            }
        }
        Self::new(&counts, n_classes)
    }

    fn diagonal(&self, class: usize) -> f64 {
        self.cells[class * (self.n_classes + 1)]
    }

    fn score(&self, score: Score, class: usize) -> f64 {
        let denominator = self.denominator(score, class);
        let numerator = if score == Score::F1 { 2.0 * self.diagonal(class) } else { self.diagonal(class) };
        if denominator > 0.0 { numerator / denominator } else { 0.0 }
    }

    pub(super) fn denominator(&self, score: Score, class: usize) -> f64 {
        match score {
            Score::Precision => self.predictions[class],
            Score::Recall => self.labels[class],
            Score::F1 => self.labels[class] + self.predictions[class],
        }
    }

    /// Adds `weight` times the gradient of a class's score.
    fn add_score_gradient(&self, gradient: &mut [f64], score: Score, class: usize, weight: f64) {
        let denominator = self.denominator(score, class);
        if denominator <= 0.0 {
            return;
        }
        let k = self.n_classes;
        let value = self.score(score, class);
        let factor = if score == Score::F1 { 2.0 } else { 1.0 };
        gradient[class * (k + 1)] += weight * factor / denominator;
        for other in 0..k {
            if score != Score::Precision {
                gradient[class * k + other] -= weight * value / denominator;
            }
            if score != Score::Recall {
                gradient[other * k + class] -= weight * value / denominator;
            }
        }
    }

    pub(super) fn accuracy(&self) -> Gradient {
        let k = self.n_classes;
        let gradient = (0..k * k).map(|cell| if cell % (k + 1) == 0 { 1.0 } else { 0.0 }).collect();
        Ok(((0..k).map(|class| self.diagonal(class)).sum(), gradient))
    }

    /// The mean of the scores of the classes that occur; of recall with rows alone, where `of_labels`.
    pub(super) fn average(&self, average: Average, score: Score, of_labels: bool) -> Gradient {
        let k = self.n_classes;
        let occurs = |class: usize| self.labels[class] + if of_labels { 0.0 } else { self.predictions[class] } > 0.0;
        let classes: Vec<usize> = (0..k).filter(|&class| occurs(class)).collect();
        let mut gradient = vec![0.0; k * k];
        let mut value = 0.0;
        for &class in &classes {
            let of_class = self.score(score, class);
            let weight = match average {
                Average::Weighted => self.labels[class],
                Average::Macro => 1.0 / classes.len() as f64,
            };
            value += weight * of_class;
            self.add_score_gradient(&mut gradient, score, class, weight);
            if average == Average::Weighted {
                gradient[class * k..(class + 1) * k].iter_mut().for_each(|cell| *cell += of_class);
            }
        }
        Ok((value, gradient))
    }

    pub(super) fn of_class(&self, score: Score, class: usize) -> Gradient {
        let mut gradient = vec![0.0; self.n_classes * self.n_classes];
        self.add_score_gradient(&mut gradient, score, class, 1.0);
        Ok((self.score(score, class), gradient))
    }

    pub(super) fn matthews(&self) -> Gradient {
        let k = self.n_classes;
        let margins: f64 =
            self.labels.iter().zip(&self.predictions).map(|(label, prediction)| label * prediction).sum();
        let covariance = (0..k).map(|class| self.diagonal(class)).sum::<f64>() - margins;
        let label_variance = 1.0 - self.labels.iter().map(|share| share * share).sum::<f64>();
        let prediction_variance = 1.0 - self.predictions.iter().map(|share| share * share).sum::<f64>();
        if label_variance <= 1e-12 || prediction_variance <= 1e-12 {
            return Err("all labels, or all predictions, are of one class");
        }
        let norm = (label_variance * prediction_variance).sqrt();
        let value = covariance / norm;
        let gradient = (0..k * k).map(|cell| {
            let (label, prediction) = (cell / k, cell % k);
            let right = if label == prediction { 1.0 } else { 0.0 };
            (right - self.predictions[label] - self.labels[prediction]) / norm
                + value * (self.labels[label] / label_variance + self.predictions[prediction] / prediction_variance)
        });
        Ok((value, gradient.collect()))
    }

    /// Cohen's kappa: 1 less the mean disagreement by that of independent labels and predictions.
    pub(super) fn kappa(&self, disagreement: impl Fn(usize, usize) -> f64) -> Gradient {
        let k = self.n_classes;
        let (mut observed, mut expected) = (0.0, 0.0);
        let (mut by_label, mut by_prediction) = (vec![0.0; k], vec![0.0; k]);
        for (cell, share) in self.cells.iter().enumerate() {
            let (label, prediction) = (cell / k, cell % k);
            let weight = disagreement(label, prediction);
            observed += weight * share;
            expected += weight * self.labels[label] * self.predictions[prediction];
            by_label[label] += weight * self.predictions[prediction];
            by_prediction[prediction] += weight * self.labels[label];
        }
        if expected <= 0.0 {
            return Err("all labels and predictions are of one class");
        }
        let gradient = (0..k * k).map(|cell| {
            let (label, prediction) = (cell / k, cell % k);
            let expected_slope = by_label[label] + by_prediction[prediction];
            (observed / expected * expected_slope - disagreement(label, prediction)) / expected
        });
        Ok((1.0 - observed / expected, gradient.collect()))
    }

    pub(super) fn class_distance(&self) -> Gradient {
        let k = self.n_classes;
        let gradient: Vec<f64> = (0..k * k).map(|cell| (cell / k).abs_diff(cell % k) as f64).collect();
        Ok((gradient.iter().zip(&self.cells).map(|(distance, share)| distance * share).sum(), gradient))
    }
}
