//! Errors: texts and labels that nothing can be learned from.

use std::error::Error;
use std::fmt;

/// Why there is no baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineError {
    /// There are no texts.
    Empty,
    /// Texts and labels differ in number.
    Lengths {
        /// Number of texts.
        texts: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label is no class.
    UnknownClass {
        /// The first text where this is so, counted from zero.
        row: usize,
        /// Its label.
        label: usize,
        /// The number of classes, which every label stays below.
        n_classes: usize,
    },
}

impl fmt::Display for BaselineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "there are no texts to train a baseline on"),
            Self::Lengths { texts, labels } => write!(formatter, "{texts} texts but {labels} labels"),
            Self::UnknownClass { row, label, n_classes } => {
                write!(formatter, "text {row} has label {label}, expected a class below {n_classes}")
            }
        }
    }
}

impl Error for BaselineError {}

/// Checks that there is one label for each text, and at least one.
pub(crate) fn check_lengths(texts: usize, labels: usize) -> Result<(), BaselineError> {
    if texts != labels {
        return Err(BaselineError::Lengths { texts, labels });
    }
    if texts == 0 { Err(BaselineError::Empty) } else { Ok(()) }
}
