//! Figures of the confusion matrix with their gradients: accuracy, precision, recall, F1, MCC, Cohen's kappa.
//!
//! The gradient by the share of a cell, less its mean, is the influence of a row in that cell.

use crate::estimate::{Estimate, Freedom, Influence, Method, Moments, Reason, Scale};

/// Rows that are added to the counts before an interval is made, shared among all cells that can be, half of them right.
///
/// A class with few rows and no error in them would have no variance. Agresti and Coull (1998) add four rows to a
/// proportion, Price and Bonett (2004) to linear functions of several; on a scale that is skewed by itself, two give the
/// best coverage.
const PRIOR_ROWS: f64 = 2.0;

/// The fewest rows by which the score of a class is divided, where the scores of classes are averaged.
const FEWEST_OF_EACH: f64 = 5.0;
/// The same, where the class stands alone.
const FEWEST_ALONE: f64 = 20.0;
const RARE_CLASS: Reason = "a class has fewer than 5 rows or predictions";
const TOO_RARE: Reason = "the class has fewer than 20 rows or predictions";

/// Shares of the rows by label and prediction, with their margins.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    n_classes: usize,
    n: f64,
    cells: Vec<f64>,
    labels: Vec<f64>,
    predictions: Vec<f64>,
}

/// A figure of the matrix and its derivative by every cell.
type Gradient = Result<(f64, Vec<f64>), Reason>;

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
    pub(crate) fn new(counts: &[f64], n_classes: usize) -> Self {
        let n: f64 = counts.iter().sum();
        let cells: Vec<f64> = counts.iter().map(|count| count / n).collect();
        let labels = cells.chunks(n_classes).map(|row| row.iter().sum()).collect();
        let predictions = (0..n_classes).map(|j| (0..n_classes).map(|i| cells[i * n_classes + j]).sum()).collect();
        Self { n_classes, n, cells, labels, predictions }
    }

    /// The same with the prior rows: half of them right, among the classes that occur.
    fn with_prior(counts: &[f64], n_classes: usize) -> Self {
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

    fn denominator(&self, score: Score, class: usize) -> f64 {
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

    fn accuracy(&self) -> Gradient {
        let k = self.n_classes;
        let gradient = (0..k * k).map(|cell| if cell % (k + 1) == 0 { 1.0 } else { 0.0 }).collect();
        Ok(((0..k).map(|class| self.diagonal(class)).sum(), gradient))
    }

    /// The mean of the scores of the classes that occur; of recall with rows alone, where `of_labels`.
    fn average(&self, average: Average, score: Score, of_labels: bool) -> Gradient {
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

    fn of_class(&self, score: Score, class: usize) -> Gradient {
        let mut gradient = vec![0.0; self.n_classes * self.n_classes];
        self.add_score_gradient(&mut gradient, score, class, 1.0);
        Ok((self.score(score, class), gradient))
    }

    fn matthews(&self) -> Gradient {
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
    fn kappa(&self, disagreement: impl Fn(usize, usize) -> f64) -> Gradient {
        let k = self.n_classes;
        let (mut observed, mut expected) = (0.0, 0.0);
        let (mut by_label, mut by_prediction) = (vec![0.0; k], vec![0.0; k]);
        for label in 0..k {
            for prediction in 0..k {
                let weight = disagreement(label, prediction);
                observed += weight * self.cells[label * k + prediction];
                expected += weight * self.labels[label] * self.predictions[prediction];
                by_label[label] += weight * self.predictions[prediction];
                by_prediction[prediction] += weight * self.labels[label];
            }
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

    fn class_distance(&self) -> Gradient {
        let k = self.n_classes;
        let gradient: Vec<f64> = (0..k * k).map(|cell| (cell / k).abs_diff(cell % k) as f64).collect();
        Ok((gradient.iter().zip(&self.cells).map(|(distance, share)| distance * share).sum(), gradient))
    }
}

/// A figure that derives from the confusion matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatrixFigure {
    Accuracy,
    BalancedAccuracy,
    Averaged(Average, Score),
    OfClass(Score, usize),
    Matthews,
    Kappa,
    QuadraticKappa,
    ClassDistance,
}

impl MatrixFigure {
    fn gradient(self, shares: &Shares) -> Gradient {
        match self {
            Self::Accuracy => shares.accuracy(),
            Self::BalancedAccuracy => shares.average(Average::Macro, Score::Recall, true),
            Self::Averaged(average, score) => shares.average(average, score, false),
            Self::OfClass(score, class) => shares.of_class(score, class),
            Self::Matthews => shares.matthews(),
            Self::Kappa => shares.kappa(|label, prediction| if label == prediction { 0.0 } else { 1.0 }),
            Self::QuadraticKappa => shares.kappa(|label, prediction| (label.abs_diff(prediction) as f64).powi(2)),
            Self::ClassDistance => shares.class_distance(),
        }
    }

    fn scale(self) -> Scale {
        match self {
            Self::Matthews | Self::Kappa | Self::QuadraticKappa => Scale::Fisher,
            Self::ClassDistance => Scale::Log,
            _ => Scale::Logit,
        }
    }

    /// Why there is no interval, where a class is too rare for one.
    fn rarity(self, shares: &Shares) -> Option<Reason> {
        let (score, classes, fewest, reason) = match self {
            Self::Averaged(Average::Macro, score) => (score, 0..shares.n_classes, FEWEST_OF_EACH, RARE_CLASS),
            Self::BalancedAccuracy => (Score::Recall, 0..shares.n_classes, FEWEST_OF_EACH, RARE_CLASS),
            Self::OfClass(score, class) => (score, class..class + 1, FEWEST_ALONE, TOO_RARE),
            _ => return None,
        };
        let fewest = if score == Score::F1 { 2.0 * fewest } else { fewest };
        let occurs = |class: usize| shares.labels[class] + shares.predictions[class] > 0.0;
        let counts = |class| (shares.denominator(score, class) * shares.n).round();
        classes.filter(|&class| occurs(class)).any(|class| counts(class) < fewest).then_some(reason)
    }

    /// The figure of `counts` by label and prediction, `(n_classes, n_classes)`, at least one of them positive.
    pub(crate) fn estimate(self, counts: &[f64], n_classes: usize) -> Result<Estimate, Reason> {
        let plain = Shares::new(counts, n_classes);
        let (value, _) = self.gradient(&plain)?;
        let (shares, figure) = match self {
            Self::OfClass(score, class) => {
                let counts = one_against_rest(counts, n_classes, class);
                (Shares::with_prior(&counts, 2), Self::OfClass(score, 1))
            }
            _ => (Shares::with_prior(counts, n_classes), self),
        };
        let (center, mut values) = figure.gradient(&shares)?;
        let mean: f64 = values.iter().zip(&shares.cells).map(|(value, share)| value * share).sum();
        values.iter_mut().for_each(|value| *value -= mean);
        let weighted = values.iter().zip(&shares.cells).map(|(&value, share)| (value, share * shares.n));
        let moments = Moments::of(weighted);
        if let Self::OfClass(_, class) = self {
            values = (0..n_classes * n_classes).map(|cell| values[binary_cell(cell, n_classes, class)]).collect();
        }
        let influence = Influence::Cells { n_classes, values, center, moments };
        let method = match self.rarity(&plain) {
            Some(reason) => Method::Unknown(reason),
            None => Method::Symmetric(self.scale(), Freedom::PriorRows),
        };
        Ok(Estimate { value, influence, method })
    }
}

/// The counts of one class against all others as one, `(2, 2)`; the class has index 1.
fn one_against_rest(counts: &[f64], n_classes: usize, class: usize) -> [f64; 4] {
    let mut binary = [0.0; 4];
    for (cell, count) in counts.iter().enumerate() {
        binary[binary_cell(cell, n_classes, class)] += count;
    }
    binary
}

fn binary_cell(cell: usize, n_classes: usize, class: usize) -> usize {
    2 * usize::from(cell / n_classes == class) + usize::from(cell % n_classes == class)
}
