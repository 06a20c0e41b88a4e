//! The predictions in memory, as the writer takes and the reader returns them.

/// The predictions of one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The name of each class; of regression, of the score. Length `n_outputs`.
    pub label_names: Vec<String>,
    /// The rows' ids, `(n_rows)`.
    pub ids: Vec<i64>,
    /// The sentences that the rows are or belong to, `(n_rows)`.
    pub sentence_ids: Vec<i64>,
    /// What was predicted.
    pub outcomes: Outcomes,
}

/// What was predicted, beside the truth where it is known; `(n_rows)` each.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcomes {
    /// Of a classifier.
    Classes {
        /// The true class.
        labels: Vec<Option<i32>>,
        /// The predicted class.
        predictions: Vec<i32>,
        /// Row after row, `(n_rows * n_outputs)`.
        probabilities: Vec<f64>,
        /// Row after row, `(n_rows * n_outputs)`.
        logits: Vec<f32>,
    },
    /// Of a regression.
    Scores {
        /// The true score.
        labels: Vec<Option<f32>>,
        /// The predicted score.
        predictions: Vec<f32>,
    },
}

impl Predictions {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Columns of text beside the predictions: the texts themselves, and columns that the user kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumns {
    /// None of them is the name of a column of the predictions.
    pub names: Vec<String>,
    /// By column, then by row.
    pub values: Vec<Vec<Option<String>>>,
}
