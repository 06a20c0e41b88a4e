//! Figures of the confusion matrix. The gradient by the share of a cell, less its mean, is the influence of a row in that cell.

use super::shares::{Average, Gradient, Score, Shares};
use crate::estimate::{Estimate, Freedom, Influence, Method, Moments, Reason, Scale};

/// The fewest rows by which the score of a class is divided, where the scores of classes are averaged.
const FEWEST_OF_EACH: f64 = 5.0;
/// The same, where the class stands alone.
const FEWEST_ALONE: f64 = 30.0;
const RARE_CLASS: Reason = "a class has fewer than 5 rows or predictions";
const TOO_RARE: Reason = "the class has fewer than 30 rows or predictions";

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
        // An average leaves out what does not occur.
        let is_alone = matches!(self, Self::OfClass(..));
        let counted = |class: usize| is_alone || shares.labels[class] + shares.predictions[class] > 0.0;
        let counts = |class| (shares.denominator(score, class) * shares.n).round();
        classes.filter(|&class| counted(class)).any(|class| counts(class) < fewest).then_some(reason)
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
