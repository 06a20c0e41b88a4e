//! Regression metrics: MSE, MAE, Pearson's and Spearman's correlation, R².

use serde::{Deserialize, Serialize};

use crate::error::MetricsError;
use crate::figures::{ScoreFigure, score_estimate};
use crate::rows::ScoreRows;

/// How well predicted scores follow the true ones; as in scikit-learn and SciPy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// Number of rows.
    pub n: u64,
    /// Mean squared error, in the unit of the scores squared.
    pub mse: f64,
    /// Mean absolute error, in the unit of the scores.
    pub mae: f64,
    /// Pearson's correlation; `None` when one side is constant.
    pub pearson: Option<f64>,
    /// Spearman's rank correlation, where ties get their mean rank; `None` when one side is constant.
    pub spearman: Option<f64>,
    /// Coefficient of determination; `None` below two rows. For constant targets 1 if every prediction is exact, else
    /// 0.
    pub r2: Option<f64>,
}

impl Regression {
    /// Measures `predictions` against `targets`, both of length `n`.
    ///
    /// # Errors
    /// When there are no rows or when the lengths differ.
    pub fn new(targets: &[f64], predictions: &[f64]) -> Result<Self, MetricsError> {
        Ok(Self::of(ScoreRows::new(targets, predictions)?))
    }

    /// Measures the rows.
    #[must_use]
    pub fn of(rows: ScoreRows) -> Self {
        let value = |figure| score_estimate(figure, rows).map(|estimate| estimate.value).ok();
        Self {
            n: rows.n() as u64,
            mse: value(ScoreFigure::Mse).unwrap_or_default(),
            mae: value(ScoreFigure::Mae).unwrap_or_default(),
            pearson: value(ScoreFigure::Pearson),
            spearman: value(ScoreFigure::Spearman),
            r2: value(ScoreFigure::R2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expectations are those of scikit-learn 1.9 and SciPy 1.17.
    #[test]
    fn agrees_with_scikit_learn_and_scipy() {
        let targets = [0.1, 0.4, 0.4, 0.9, 0.6, 0.25, 0.75];
        let predictions = [0.2, 0.35, 0.5, 0.8, 0.5, 0.3, 0.95];
        let measured = Regression::new(&targets, &predictions).unwrap();
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-14);
        assert_eq!(measured.n, 7);
        close(measured.mse, 0.012_142_857_142_857_138);
        close(measured.mae, 0.1);
        close(measured.pearson.unwrap(), 0.914_040_527_258_001_6);
        close(measured.spearman.unwrap(), 0.936_363_636_363_636_4);
        close(measured.r2.unwrap(), 0.820_512_820_512_820_6);
    }

    #[test]
    fn correlations_with_a_constant_are_undefined() {
        let constant = Regression::new(&[0.1, 0.1, 0.1], &[0.1, 0.2, 0.1]).unwrap();
        assert_eq!(constant.pearson, None);
        assert_eq!(constant.spearman, None);
        assert_eq!(constant.r2, Some(0.0));
        let exact = Regression::new(&[0.1, 0.1, 0.1], &[0.1, 0.1, 0.1]).unwrap();
        assert_eq!(exact.r2, Some(1.0));
        assert_eq!(Regression::new(&[0.5], &[0.25]).unwrap().r2, None);
    }

    #[test]
    fn bad_input_is_named() {
        assert_eq!(Regression::new(&[], &[]), Err(MetricsError::Empty));
        let lengths = MetricsError::Lengths { labels: 1, predictions: 0 };
        assert_eq!(Regression::new(&[0.5], &[]), Err(lengths));
    }
}
