//! Figures of an evaluation by name, each with its value and its influences.

mod shares;
mod confusion;
mod probability;
mod ranking;
mod scores;
mod row_means;
mod cut;

use crate::calibration::{CALIBRATION_BINS, expected_calibration_error};
use crate::estimate::{Estimate, Freedom, Influence, Method, Reason, Scale};
use crate::rows::{ClassRows, ScoreRows};

pub use cut::{cut, cut_accuracy};
pub(crate) use ranking::{Ranking, Tie};
pub use shares::{Average, Score};

use confusion::MatrixFigure;
use ranking::Area;
use row_means::{hits, mean, wilson};

/// The fewest rows of a class with which the interval of the average precision is neither too narrow nor too wide.
const FEWEST_OF_A_CURVE: usize = 30;

/// A figure of a classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Fraction of right predictions.
    Accuracy,
    /// Mean recall of the classes that have rows.
    BalancedAccuracy,
    /// Precision, recall or F1, averaged over the classes.
    Averaged(Average, Score),
    /// Precision, recall or F1 of the class with this index.
    OfClass(Score, usize),
    /// Matthews' correlation coefficient (Gorodkin 2004).
    Mcc,
    /// Cohen's kappa (1960).
    Kappa,
    /// Cohen's kappa with the squared distance of class indices as disagreement, of ordered classes.
    QuadraticKappa,
    /// Mean distance of class indices, of ordered classes.
    MeanAbsoluteError,
    /// Mean cross-entropy in nats.
    Loss,
    /// Mean squared distance of probability and truth: of two classes that of class 1, beyond the sum over the classes.
    Brier,
    /// Area under the ROC curve: of class 1, or the mean over the classes of each against the rest.
    RocAuc,
    /// Average precision: of class 1, or the mean over the classes of each against the rest.
    PrAuc,
    /// Fraction of rows whose label is among this many largest probabilities.
    TopK(usize),
    /// Expected calibration error with 15 bins.
    CalibrationError,
    /// Share of the most frequent label: the accuracy of always guessing it.
    MajorityRate,
}

/// A figure of a regression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreFigure {
    /// Mean squared error.
    Mse,
    /// Mean absolute error.
    Mae,
    /// Coefficient of determination.
    R2,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's rank correlation.
    Spearman,
}

impl Figure {
    /// The name of the figure in files, such as `f1_macro`; that of a class's figure is without the class.
    #[must_use]
    pub fn name(self) -> String {
        let name = match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Averaged(average, score) => return format!("{}_{}", score.name(), average.name()),
            Self::OfClass(score, _) => score.name(),
            Self::Mcc => "mcc",
            Self::Kappa => "kappa",
            Self::QuadraticKappa => "quadratic_kappa",
            Self::MeanAbsoluteError => "mean_absolute_error",
            Self::Loss => "loss",
            Self::Brier => "brier",
            Self::RocAuc => "roc_auc",
            Self::PrAuc => "pr_auc",
            Self::TopK(k) => return format!("top_{k}_accuracy"),
            Self::CalibrationError => "expected_calibration_error",
            Self::MajorityRate => "majority_rate",
        };
        name.to_owned()
    }

    /// The figures of all classes together, each of which an evaluation has or says why not. Those of ordered classes are
    /// among them where the classes have an order.
    #[must_use]
    pub fn all(n_classes: usize, ordered: bool) -> Vec<Self> {
        let averages = [Average::Weighted, Average::Macro];
        let scores = [Score::Precision, Score::Recall, Score::F1];
        let mut figures = vec![Self::Accuracy, Self::BalancedAccuracy];
        figures.extend(averages.iter().flat_map(|&average| scores.map(|score| Self::Averaged(average, score))));
        figures.extend([Self::Mcc, Self::Kappa, Self::Loss, Self::Brier, Self::RocAuc, Self::PrAuc]);
        figures.extend([2, 3, 5].into_iter().filter(|&k| k < n_classes).map(Self::TopK));
        if ordered {
            figures.extend([Self::QuadraticKappa, Self::MeanAbsoluteError]);
        }
        figures.extend([Self::CalibrationError, Self::MajorityRate]);
        figures
    }

    /// Whether more of it is better; `None` of what says nothing of the model.
    #[must_use]
    pub fn greater_is_better(self) -> Option<bool> {
        match self {
            Self::MajorityRate => None,
            Self::Loss | Self::Brier | Self::MeanAbsoluteError | Self::CalibrationError => Some(false),
            _ => Some(true),
        }
    }
}

impl ScoreFigure {
    /// All figures of a regression.
    pub const ALL: [Self; 5] = [Self::Mse, Self::Mae, Self::Pearson, Self::Spearman, Self::R2];

    /// The name of the figure in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
        }
    }

    /// Whether more of it is better.
    #[must_use]
    pub fn greater_is_better(self) -> bool {
        !matches!(self, Self::Mse | Self::Mae)
    }
}

/// The rows of a classifier with what its figures have in common.
#[derive(Clone, Debug)]
pub struct ClassEvaluation<'a> {
    rows: ClassRows<'a>,
    counts: Vec<f64>,
}

impl<'a> ClassEvaluation<'a> {
    /// Counts the rows by label and prediction.
    #[must_use]
    pub fn new(rows: ClassRows<'a>) -> Self {
        let n_classes = rows.n_classes();
        let mut counts = vec![0.0; n_classes * n_classes];
        for (label, prediction) in rows.labels().iter().zip(rows.predictions()) {
            counts[label * n_classes + prediction] += 1.0;
        }
        Self { rows, counts }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> ClassRows<'a> {
        self.rows
    }

    /// A figure of the rows.
    ///
    /// # Errors
    /// Says why the figure is not defined for these rows.
    pub fn estimate(&self, figure: Figure) -> Result<Estimate, Reason> {
        let rows = self.rows;
        match figure {
            Figure::Accuracy => {
                let n_right = (0..rows.n_classes()).map(|class| self.counts[class * (rows.n_classes() + 1)]);
                let estimate = self.of_matrix(MatrixFigure::Accuracy)?;
                Ok(Estimate { method: wilson(n_right.sum::<f64>() as u64, rows.n()), ..estimate })
            }
            Figure::BalancedAccuracy => self.of_matrix(MatrixFigure::BalancedAccuracy),
            Figure::Averaged(average, score) => self.of_matrix(MatrixFigure::Averaged(average, score)),
            Figure::OfClass(score, class) => self.of_matrix(MatrixFigure::OfClass(score, class)),
            Figure::Mcc => self.of_matrix(MatrixFigure::Matthews),
            Figure::Kappa => self.of_matrix(MatrixFigure::Kappa),
            Figure::QuadraticKappa => self.of_matrix(MatrixFigure::QuadraticKappa),
            Figure::MeanAbsoluteError => self.of_matrix(MatrixFigure::ClassDistance),
            Figure::Loss => Ok(mean(probability::losses(rows), Freedom::Satterthwaite)),
            Figure::Brier => Ok(mean(probability::brier(rows), Freedom::Bounded)),
            Figure::RocAuc => self.of_ranking(Ranking::roc_auc),
            Figure::PrAuc => {
                let mut estimate = self.of_ranking(Ranking::average_precision)?;
                if rows.supports().iter().any(|&support| support < FEWEST_OF_A_CURVE) {
                    estimate.method = Method::Unknown("a class has fewer than 30 rows");
                }
                Ok(estimate)
            }
            Figure::TopK(k) => {
                if k >= rows.n_classes() {
                    return Err("there are no more classes than that");
                }
                Ok(hits(probability::in_top(rows, k)))
            }
            Figure::CalibrationError => {
                let error = expected_calibration_error(rows.labels(), rows.probabilities(), CALIBRATION_BINS);
                let value = error.ok_or("there are no rows")?;
                Ok(without_interval(value, "the calibration error is biased by the number of bins"))
            }
            Figure::MajorityRate => {
                let most = rows.supports().into_iter().max().unwrap_or(0);
                Ok(without_interval(most as f64 / rows.n() as f64, "it says nothing of the model"))
            }
        }
    }

    fn of_matrix(&self, figure: MatrixFigure) -> Result<Estimate, Reason> {
        figure.estimate(&self.counts, self.rows.n_classes())
    }

    fn of_ranking(&self, area: fn(&Ranking, f64, &mut [f64]) -> Area) -> Result<Estimate, Reason> {
        let n_classes = self.rows.n_classes();
        let classes = if n_classes == 2 { 1..2 } else { 0..n_classes };
        let n = classes.len() as f64;
        let mut values = vec![0.0; self.rows.n()];
        let mut sum = Area::default();
        for class in classes {
            let is_own = self.rows.labels().iter().map(|&label| label == class);
            let ranking = Ranking::new(self.rows.probabilities().column(class), is_own)?;
            let of_class = area(&ranking, 1.0 / n, &mut values);
            sum = Area { value: sum.value + of_class.value, unbiased: sum.unbiased + of_class.unbiased };
        }
        let influence = Influence::Rows { values, center: sum.unbiased / n };
        Ok(Estimate {
            value: sum.value / n,
            influence,
            method: Method::Symmetric(Scale::Logit, Freedom::Satterthwaite),
        })
    }
}

/// A figure of a regression.
///
/// # Errors
/// Says why the figure is not defined for these rows.
pub fn score_estimate(figure: ScoreFigure, rows: ScoreRows) -> Result<Estimate, Reason> {
    let (targets, predictions) = (rows.targets(), rows.predictions());
    let ((value, influence), scale) = match figure {
        ScoreFigure::Mse => return Ok(mean(scores::squared_errors(rows), Freedom::Satterthwaite)),
        ScoreFigure::Mae => return Ok(mean(scores::absolute_errors(rows), Freedom::Satterthwaite)),
        ScoreFigure::R2 => (scores::r2(rows)?, Scale::LogComplement),
        ScoreFigure::Pearson => (scores::pearson(targets, predictions)?, Scale::Fisher),
        ScoreFigure::Spearman => (scores::spearman(targets, predictions)?, Scale::Fisher),
    };
    let influence = Influence::Rows { values: influence, center: value };
    Ok(Estimate { value, influence, method: Method::Symmetric(scale, Freedom::Satterthwaite) })
}

fn without_interval(value: f64, reason: Reason) -> Estimate {
    Estimate {
        value,
        influence: Influence::Rows { values: Vec::new(), center: value },
        method: Method::Unknown(reason),
    }
}

#[cfg(test)]
mod tests;
