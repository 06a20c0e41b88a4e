//! The findings, as they are shown and serialized.

use corpus::Split;
use serde::Serialize;

use super::kind::Kind;

/// Everything that is to be known of a dataset.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) raw: String,
    pub(crate) dataset: String,
    pub(crate) splits: Vec<SplitFigures>,
    /// Of each kind of which there is something.
    pub(crate) findings: Vec<Finding>,
    /// What was not looked at.
    pub(crate) remarks: Vec<String>,
}

/// The rows of a split. Of trees, sentences count.
#[derive(Debug, Serialize)]
pub(crate) struct SplitFigures {
    pub(crate) split: Split,
    pub(crate) rows: usize,
    pub(crate) classes: Vec<ClassRows>,
    /// The accuracy of always answering the most frequent class.
    pub(crate) majority_rate: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ClassRows {
    pub(crate) label: String,
    pub(crate) rows: usize,
}

/// Rows of one kind.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) rows: usize,
    pub(crate) share: f64,
    /// The first ones.
    pub(crate) examples: Vec<Example>,
    /// In words, where no row shows it.
    pub(crate) remarks: Vec<String>,
}

/// A row that was found, and the one that it was found by.
#[derive(Debug, Serialize)]
pub(crate) struct Example {
    pub(crate) row: ExampleRow,
    pub(crate) other: Option<ExampleRow>,
}

/// A row.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ExampleRow {
    pub(crate) split: Option<Split>,
    pub(crate) id: i64,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<i64>,
    pub(crate) label: Option<String>,
    pub(crate) text: String,
}
