//! Classification metrics: accuracy, precision, recall, F1 and Matthews' correlation, all derived from a confusion matrix.
//!
//! The definitions are those of scikit-learn's `precision_recall_fscore_support(zero_division=0)` and
//! `matthews_corrcoef`: a ratio without a denominator is 0, and averages over classes leave out a class that occurs
//! neither as a label nor as a prediction. Instead of a warning on stderr, such classes are named in
//! [`Classification::warnings`].

use serde::{Deserialize, Serialize};

use crate::confusion::ConfusionMatrix;

/// Everything that follows from a confusion matrix. All figures but `mcc`, which is in `[-1, 1]`, are in
/// `[0, 1]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// Number of rows.
    pub n: u64,
    /// Fraction of rows whose prediction is the true class.
    pub accuracy: f64,
    /// Mean over the classes, weighted by support.
    pub weighted: Scores,
    /// Plain mean over the classes.
    #[serde(rename = "macro")]
    pub macro_: Scores,
    /// The scores of all decisions pooled; each equals the accuracy.
    pub micro: Scores,
    /// Matthews' correlation coefficient for any number of classes (Gorodkin 2004); 0 where undefined.
    pub mcc: f64,
    /// The scores of every class, in the order of the label names.
    pub per_class: Vec<PerClass>,
    /// One sentence for each class that had a division by zero.
    pub warnings: Vec<String>,
}

/// Precision, recall and F1 of a class or of an average over classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Fraction of the predictions of a class that are right.
    pub precision: f64,
    /// Fraction of the rows of a class that were found.
    pub recall: f64,
    /// Harmonic mean of precision and recall; of an average, the average of the F1 scores.
    pub f1: f64,
}

/// The scores of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerClass {
    /// Name of the class.
    pub label: String,
    /// Fraction of the predictions of this class that are right.
    pub precision: f64,
    /// Fraction of the rows of this class that were found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Number of rows of which this is the true class.
    pub support: u64,
}

impl Classification {
    /// Derives all figures from the counts.
    #[must_use]
    pub fn new(matrix: &ConfusionMatrix) -> Self {
        let tallies = tallies(matrix);
        let named = || matrix.label_names.iter().zip(&tallies);
        Self {
            n: matrix.n(),
            accuracy: ratio(matrix.n_correct(), matrix.n()),
            weighted: weighted_average(&tallies),
            macro_: macro_average(&tallies),
            micro: tallies.iter().copied().fold(Tally::default(), Tally::plus).scores(),
            mcc: matthews_correlation(&tallies),
            per_class: named().map(|(label, tally)| tally.per_class(label)).collect(),
            warnings: named().filter_map(|(label, tally)| tally.warning(label)).collect(),
        }
    }
}

/// The three counts of a class that all its scores derive from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) n_correct: u64,
    pub(crate) n_predicted: u64,
    pub(crate) support: u64,
}

impl Tally {
    fn scores(self) -> Scores {
        Scores {
            precision: ratio(self.n_correct, self.n_predicted),
            recall: ratio(self.n_correct, self.support),
            f1: ratio(2 * self.n_correct, self.n_predicted + self.support),
        }
    }

    fn per_class(self, label: &str) -> PerClass {
        let Scores { precision, recall, f1 } = self.scores();
        PerClass { label: label.to_owned(), precision, recall, f1, support: self.support }
    }

    fn occurs(self) -> bool {
        self.n_predicted + self.support > 0
    }

    fn plus(self, other: Self) -> Self {
        Self {
            n_correct: self.n_correct + other.n_correct,
            n_predicted: self.n_predicted + other.n_predicted,
            support: self.support + other.support,
        }
    }

    fn warning(self, label: &str) -> Option<String> {
        match (self.support, self.n_predicted) {
            (0, 0) => Some(format!(
                "class {label:?} has no rows and no predictions: its scores are set to 0 and averages leave it out"
            )),
            (0, _) => Some(format!("class {label:?} has no rows: its recall is set to 0")),
            (_, 0) => Some(format!("class {label:?} was never predicted: its precision is set to 0")),
            _ => None,
        }
    }
}

/// The plain mean of the scores of the classes that occur.
pub(crate) fn macro_average(tallies: &[Tally]) -> Scores {
    average(tallies, |_| 1)
}

/// The mean of the scores of the classes that occur, weighted by support.
pub(crate) fn weighted_average(tallies: &[Tally]) -> Scores {
    average(tallies, |tally| tally.support)
}

fn average(tallies: &[Tally], weight: impl Fn(&Tally) -> u64) -> Scores {
    let mut sum = Scores::default();
    let mut total = 0;
    for tally in tallies.iter().filter(|tally| tally.occurs()) {
        let scores = tally.scores();
        let weighting = weight(tally) as f64;
        sum.precision += weighting * scores.precision;
        sum.recall += weighting * scores.recall;
        sum.f1 += weighting * scores.f1;
        total += weight(tally);
    }
    let total = total.max(1) as f64;
    Scores { precision: sum.precision / total, recall: sum.recall / total, f1: sum.f1 / total }
}

fn matthews_correlation(tallies: &[Tally]) -> f64 {
    let sum = |term: fn(&Tally) -> f64| tallies.iter().map(term).sum::<f64>();
    let n = sum(|tally| tally.support as f64);
    let n_correct = sum(|tally| tally.n_correct as f64);
    let covariance = n_correct * n - sum(|tally| tally.support as f64 * tally.n_predicted as f64);
    let label_variance = n * n - sum(|tally| (tally.support as f64).powi(2));
    let prediction_variance = n * n - sum(|tally| (tally.n_predicted as f64).powi(2));
    if label_variance == 0.0 || prediction_variance == 0.0 {
        return 0.0;
    }
    covariance / (label_variance * prediction_variance).sqrt()
}

fn tallies(matrix: &ConfusionMatrix) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); matrix.label_names.len()];
    for (label, row) in matrix.counts.iter().enumerate() {
        for (prediction, &count) in row.iter().enumerate() {
            tallies[label].support += count;
            tallies[prediction].n_predicted += count;
            if label == prediction {
                tallies[label].n_correct += count;
            }
        }
    }
    tallies
}

fn ratio(numerator: u64, denominator: u64) -> f64 {
    if denominator == 0 {
        return 0.0;
    }
    numerator as f64 / denominator as f64
}
