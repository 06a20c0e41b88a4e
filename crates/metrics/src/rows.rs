//! The rows of an evaluation as figures take them: labels, predictions and probabilities of classes, or scores.

use crate::error::{MetricsError, check_lengths};
use crate::probabilities::Probabilities;

/// Labeled rows of a classifier, checked to fit together.
#[derive(Clone, Copy, Debug)]
pub struct ClassRows<'a> {
    labels: &'a [usize],
    predictions: &'a [usize],
    probabilities: Probabilities<'a>,
}

impl<'a> ClassRows<'a> {
    /// Takes true and predicted class indices, `(n)` each, and the probabilities, `(n, n_classes)`.
    ///
    /// # Errors
    /// When there are no rows, when the lengths differ, or when a class index has no column.
    pub fn new(
        labels: &'a [usize],
        predictions: &'a [usize],
        probabilities: Probabilities<'a>,
    ) -> Result<Self, MetricsError> {
        check_lengths(labels.len(), predictions.len())?;
        check_lengths(labels.len(), probabilities.n_rows())?;
        let n_classes = probabilities.n_classes();
        let classes = labels.iter().zip(predictions).map(|(&label, &prediction)| label.max(prediction));
        match classes.enumerate().find(|&(_, class)| class >= n_classes) {
            Some((row, class)) => Err(MetricsError::UnknownClass { row, class, n_classes }),
            None => Ok(Self { labels, predictions, probabilities }),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn n(self) -> usize {
        self.labels.len()
    }

    /// The number of classes, whether they occur or not.
    #[must_use]
    pub fn n_classes(self) -> usize {
        self.probabilities.n_classes()
    }

    /// The true classes, `(n)`.
    #[must_use]
    pub fn labels(self) -> &'a [usize] {
        self.labels
    }

    /// The predicted classes, `(n)`.
    #[must_use]
    pub fn predictions(self) -> &'a [usize] {
        self.predictions
    }

    /// The probabilities, `(n, n_classes)`.
    #[must_use]
    pub fn probabilities(self) -> Probabilities<'a> {
        self.probabilities
    }

    /// How many rows have each true class. Length `n_classes`.
    pub(crate) fn supports(self) -> Vec<usize> {
        let mut supports = vec![0; self.n_classes()];
        self.labels.iter().for_each(|&label| supports[label] += 1);
        supports
    }
}

/// Rows of a regression: true scores beside predicted ones.
#[derive(Clone, Copy, Debug)]
pub struct ScoreRows<'a> {
    targets: &'a [f64],
    predictions: &'a [f64],
}

impl<'a> ScoreRows<'a> {
    /// Takes true and predicted scores, `(n)` each.
    ///
    /// # Errors
    /// When there are no rows or when the lengths differ.
    pub fn new(targets: &'a [f64], predictions: &'a [f64]) -> Result<Self, MetricsError> {
        check_lengths(targets.len(), predictions.len())?;
        Ok(Self { targets, predictions })
    }

    /// The number of rows.
    #[must_use]
    pub fn n(self) -> usize {
        self.targets.len()
    }

    /// The true scores, `(n)`.
    #[must_use]
    pub fn targets(self) -> &'a [f64] {
        self.targets
    }

    /// The predicted scores, `(n)`.
    #[must_use]
    pub fn predictions(self) -> &'a [f64] {
        self.predictions
    }
}

/// Some rows of a classifier, copied: a slice, or a resample.
#[derive(Clone, Debug, Default)]
pub struct ClassSample {
    labels: Vec<usize>,
    predictions: Vec<usize>,
    probabilities: Vec<f64>,
    n_classes: usize,
}

impl ClassRows<'_> {
    /// Copies the rows with these indices, in this order; one may come several times.
    #[must_use]
    pub fn select(self, indices: impl Iterator<Item = usize>) -> ClassSample {
        let mut sample = ClassSample { n_classes: self.n_classes(), ..ClassSample::default() };
        for row in indices {
            sample.labels.push(self.labels[row]);
            sample.predictions.push(self.predictions[row]);
            sample.probabilities.extend_from_slice(self.probabilities.row(row));
        }
        sample
    }
}

impl ClassSample {
    /// The rows; `None` where there is none.
    #[must_use]
    pub fn rows(&self) -> Option<ClassRows<'_>> {
        let probabilities = Probabilities::new(&self.probabilities, self.n_classes).ok()?;
        ClassRows::new(&self.labels, &self.predictions, probabilities).ok()
    }
}

impl ScoreRows<'_> {
    /// Copies the targets and the predictions of the rows with these indices, in this order.
    #[must_use]
    pub fn select(self, indices: impl Iterator<Item = usize>) -> (Vec<f64>, Vec<f64>) {
        indices.map(|row| (self.targets[row], self.predictions[row])).unzip()
    }
}
