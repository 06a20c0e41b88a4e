//! Errors: input for which a metric is not defined.

use std::error::Error;
use std::fmt;

/// Input that no metric is defined for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsError {
    /// There are no rows at all.
    Empty,
    /// The two columns differ in length.
    Lengths {
        /// Number of true labels or targets.
        labels: usize,
        /// Number of predictions.
        predictions: usize,
    },
    /// A class index has no name.
    UnknownClass {
        /// The first row where this is so, counted from zero.
        row: usize,
        /// The class index found there.
        class: usize,
        /// The number of names, which every class index stays below.
        n_classes: usize,
    },
    /// A matrix of counts does not have one row and one column for each name.
    NotSquare {
        /// The number of names.
        n_classes: usize,
    },
    /// Numbers are no whole number of rows.
    NotRows {
        /// How many numbers there are.
        values: usize,
        /// How many of them a row has.
        n_classes: usize,
    },
}

impl fmt::Display for MetricsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "there are no rows to measure"),
            Self::Lengths { labels, predictions } => write!(formatter, "{labels} labels but {predictions} predictions"),
            Self::UnknownClass { row, class, n_classes } => {
                write!(formatter, "row {row} has class {class}, expected a class below {n_classes}")
            }
            Self::NotSquare { n_classes } => {
                write!(formatter, "the counts are not {n_classes} rows of {n_classes} columns, one for each label name")
            }
            Self::NotRows { values, n_classes } => {
                write!(formatter, "{values} probabilities are not rows of {n_classes} classes")
            }
        }
    }
}

impl Error for MetricsError {}

/// Checks that two columns pair up and hold at least one row.
pub(crate) fn check_lengths(labels: usize, predictions: usize) -> Result<(), MetricsError> {
    if labels != predictions {
        return Err(MetricsError::Lengths { labels, predictions });
    }
    if labels == 0 {
        return Err(MetricsError::Empty);
    }
    Ok(())
}
