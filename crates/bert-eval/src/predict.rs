//! Predictions from logits: softmax and argmax of each row, beside the labels of the token file.

use bert::{argmax, probabilities};
use corpus::tokens::{Labels, TokenSet};
use run_files::predictions::{Outcomes, Predictions};

/// The predictions for all rows of `tokens`, from `logits`, `(n_rows, n_outputs)`.
pub(crate) fn predictions(tokens: &TokenSet, output_names: &[String], logits: &[f32]) -> Predictions {
    let n_outputs = output_names.len();
    let outcomes = match &tokens.labels {
        Labels::Classes(labels) => Outcomes::Classes {
            labels: labels.clone(),
            predictions: logits.chunks(n_outputs).map(|row| argmax(row) as i32).collect(),
            probabilities: probabilities(logits, n_outputs).chunks(n_outputs).map(<[f64]>::to_vec).collect(),
            logits: logits.to_vec(),
        },
        Labels::Scores(scores) => Outcomes::Scores { labels: scores.clone(), predictions: logits.to_vec() },
    };
    Predictions {
        label_names: output_names.to_vec(),
        ids: tokens.ids.clone(),
        sentence_ids: tokens.sentence_ids.clone(),
        outcomes,
    }
}
