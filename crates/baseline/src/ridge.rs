//! Ridge regression over TF-IDF, for scores: squared errors and L2 penalty with `alpha = 1`.

use crate::error::{BaselineError, check_lengths};
use crate::linear::Linear;
use crate::tfidf::TfIdf;

/// A trained baseline for scores.
#[derive(Clone, Debug)]
pub struct RidgeBaseline {
    tf_idf: TfIdf,
    model: Linear,
}

impl RidgeBaseline {
    /// Trains on `texts` with their scores, `(n)` each.
    ///
    /// # Errors
    /// When there are no texts or when the lengths differ.
    pub fn fit<S: AsRef<str>>(texts: &[S], targets: &[f64]) -> Result<Self, BaselineError> {
        check_lengths(texts.len(), targets.len())?;
        let (tf_idf, rows) = TfIdf::fit(texts);
        let model = Linear::fit(&rows, 1, 1.0, |row, scores| {
            let error = scores[0] - targets[row];
            scores[0] = error;
            error * error / 2.0
        });
        Ok(Self { tf_idf, model })
    }

    /// The score of each text, in the unit of the targets.
    #[must_use]
    pub fn predict<S: AsRef<str>>(&self, texts: &[S]) -> Vec<f64> {
        self.model.scores(&self.tf_idf.transform(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_one_text_in_two_moves_the_score_half_way() {
        // Each text is one feature of value 1: w = (y - b) / (1 + alpha), and the intercept is the mean.
        let ridge = RidgeBaseline::fit(&["good", "bad"], &[1.0, 0.0]).unwrap();
        let scores = ridge.predict(&["good", "bad", "other"]);
        for (score, expected) in scores.iter().zip([0.75, 0.25, 0.5]) {
            assert!((score - expected).abs() < 1e-6, "{scores:?}");
        }
    }
}
