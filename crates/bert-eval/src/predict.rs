//! Predictions from logits: softmax and argmax of each text, beside the labels of the token file.

use bert::{argmax, probabilities};
use corpus::tokens::{Labels, TokenSet};
use run_files::predictions::{Outcomes, Predictions};

/// What is predicted for: the texts of a token file, each of one or more rows.
pub(crate) struct Texts {
    ids: Vec<i64>,
    sentence_ids: Vec<i64>,
    pub(crate) labels: Labels,
}

impl Texts {
    pub(crate) fn of(tokens: &TokenSet) -> Self {
        let rows = tokens.first_rows();
        Self {
            ids: rows.iter().map(|&row| tokens.ids[row]).collect(),
            sentence_ids: rows.iter().map(|&row| tokens.sentence_ids[row]).collect(),
            labels: tokens.labels.of_rows(rows),
        }
    }

    /// The predictions for all texts, from `logits`, `(n_texts, n_outputs)`.
    pub(crate) fn predictions(self, output_names: &[String], logits: &[f32]) -> Predictions {
        let n_outputs = output_names.len();
        let outcomes = match self.labels {
            Labels::Classes(labels) => Outcomes::Classes {
                labels,
                predictions: logits.chunks(n_outputs).map(|row| argmax(row) as i32).collect(),
                probabilities: probabilities(logits, n_outputs),
                logits: logits.to_vec(),
            },
            Labels::Scores(labels) => Outcomes::Scores { labels, predictions: logits.to_vec() },
        };
        Predictions { label_names: output_names.to_vec(), ids: self.ids, sentence_ids: self.sentence_ids, outcomes }
    }
}
