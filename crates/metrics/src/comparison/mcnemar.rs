//! McNemar's test: whether one of two classifiers is right more often on the same rows.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

/// Rows that only one of two classifiers gets right, and how likely such a difference is by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Rows that only the first gets right.
    pub only_first: u64,
    /// Rows that only the second gets right.
    pub only_second: u64,
    /// Two-sided p-value of the exact test, which is careful: its error stays below its level. As
    /// `statsmodels.stats.contingency_tables.mcnemar(exact=True)`.
    pub exact: f64,
    /// Two-sided mid-p value, whose error is nearest to its level (Fagerland, Lydersen and Laake 2013).
    pub mid_p: f64,
}

impl McNemar {
    /// The test for these counts; p is 1 where no row differs.
    #[must_use]
    pub fn new(only_first: u64, only_second: u64) -> Self {
        let (fewer, n) = (only_first.min(only_second), only_first + only_second);
        let (exact, mid_p) = match Binomial::new(0.5, n) {
            Ok(binomial) if n > 0 => {
                let two_tails = 2.0 * binomial.cdf(fewer);
                (two_tails.min(1.0), (two_tails - binomial.pmf(fewer)).min(1.0))
            }
            _ => (1.0, 1.0),
        };
        Self { only_first, only_second, exact, mid_p }
    }

    /// The test for rows with these labels and the predictions of both classifiers, `(n)` each.
    #[must_use]
    pub fn of_predictions(labels: &[usize], first: &[usize], second: &[usize]) -> Self {
        let (mut only_first, mut only_second) = (0, 0);
        for ((label, first), second) in labels.iter().zip(first).zip(second) {
            only_first += u64::from(first == label && second != label);
            only_second += u64::from(first != label && second == label);
        }
        Self::new(only_first, only_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_counted_by_hand() {
        // Of ten rows at most two for the one: (1 + 10 + 45) / 1024 for one side, 45 / 1024 of them the very number.
        let test = McNemar::new(2, 8);
        assert!((test.exact - 112.0 / 1024.0).abs() < 1e-14, "{test:?}");
        assert!((test.mid_p - 67.0 / 1024.0).abs() < 1e-14, "{test:?}");
        assert_eq!((McNemar::new(3, 3).exact, McNemar::new(0, 0).mid_p), (1.0, 1.0));
        assert!((McNemar::new(3, 3).mid_p - 1.0).abs() < 1e-14);
    }

    #[test]
    fn rows_are_those_that_one_alone_gets_right() {
        let test = McNemar::of_predictions(&[0, 1, 1, 0], &[0, 1, 0, 1], &[1, 1, 1, 0]);
        assert_eq!((test.only_first, test.only_second), (1, 2));
    }
}
