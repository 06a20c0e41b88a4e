//! Logistic regression over TF-IDF: one weight a feature for two classes, multinomial beyond; L2 penalty with `C = 1`.

use crate::error::{BaselineError, check_lengths};
use crate::linear::Linear;
use crate::tfidf::TfIdf;

/// A trained baseline for classes.
#[derive(Clone, Debug)]
pub struct Baseline {
    tf_idf: TfIdf,
    model: Option<Linear>,
    /// The classes that have texts; others have probability 0.
    classes: Vec<usize>,
    n_classes: usize,
}

impl Baseline {
    /// Trains on `texts` with their class indices, `(n)` each.
    ///
    /// # Errors
    /// When there are no texts, when the lengths differ, or when a label is no class.
    pub fn fit<S: AsRef<str>>(texts: &[S], labels: &[usize], n_classes: usize) -> Result<Self, BaselineError> {
        check_lengths(texts.len(), labels.len())?;
        if let Some((row, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= n_classes) {
            return Err(BaselineError::UnknownClass { row, label, n_classes });
        }
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        let (tf_idf, rows) = TfIdf::fit(texts);
        let model = match classes[..] {
            [_] => None,
            [_, second] => Some(Linear::fit(&rows, 1, 1.0, |row, scores| {
                let sign = if labels[row] == second { 1.0 } else { -1.0 };
                let margin = sign * scores[0];
                scores[0] = -sign / (1.0 + margin.exp());
                // ln(1 + exp(-margin)), which does not overflow.
                (-margin).max(0.0) + (-margin.abs()).exp().ln_1p()
            })),
            _ => {
                let mut position = vec![0; n_classes];
                classes.iter().enumerate().for_each(|(index, &class)| position[class] = index);
                Some(Linear::fit(&rows, classes.len(), 1.0, |row, scores| {
                    let own = position[labels[row]];
                    softmax(scores);
                    let loss = -scores[own].max(f64::MIN_POSITIVE).ln();
                    scores[own] -= 1.0;
                    loss
                }))
            }
        };
        Ok(Self { tf_idf, model, classes, n_classes })
    }

    /// The probability of each class for each text, `(n_texts, n_classes)` row after row.
    #[must_use]
    pub fn predict_proba<S: AsRef<str>>(&self, texts: &[S]) -> Vec<f64> {
        let mut probabilities = vec![0.0; texts.len() * self.n_classes];
        let scores = self.model.as_ref().map(|model| model.scores(&self.tf_idf.transform(texts)));
        let n_scores = if self.classes.len() == 2 { 1 } else { self.classes.len() };
        for (row, of_text) in probabilities.chunks_mut(self.n_classes).enumerate() {
            let mut of_classes = match &scores {
                Some(scores) => scores[row * n_scores..(row + 1) * n_scores].to_vec(),
                None => vec![0.0],
            };
            if self.classes.len() == 2 {
                let second = 1.0 / (1.0 + (-of_classes[0]).exp());
                of_classes = vec![1.0 - second, second];
            } else {
                softmax(&mut of_classes);
            }
            self.classes.iter().zip(of_classes).for_each(|(&class, probability)| of_text[class] = probability);
        }
        probabilities
    }
}

fn softmax(scores: &mut [f64]) {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 6] = ["good film", "good work", "bad film", "bad work", "odd film", "odd work"];

    #[test]
    fn classes_are_learned_and_absent_ones_are_impossible() {
        for (labels, n_classes) in [(&[1, 1, 0, 0][..], 2), (&[3, 3, 0, 0, 1, 1], 4)] {
            let texts = &TEXTS[..labels.len()];
            let baseline = Baseline::fit(texts, labels, n_classes).unwrap();
            let probabilities = baseline.predict_proba(texts);
            for (row, &label) in probabilities.chunks(n_classes).zip(labels) {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(row.iter().enumerate().all(|(class, &p)| class == label || p < row[label]), "{row:?} {label}");
                assert!(n_classes == 2 || row[2] == 0.0);
            }
            let again = Baseline::fit(texts, labels, n_classes).unwrap();
            assert_eq!(probabilities, again.predict_proba(texts));
        }
    }

    #[test]
    fn what_teaches_nothing_is_no_error() {
        let one = Baseline::fit(&TEXTS, &[1; 6], 3).unwrap();
        assert_eq!(one.predict_proba(&["any text"]), [0.0, 1.0, 0.0]);
        let wordless = Baseline::fit(&["a", "!", ""], &[0, 1, 0], 2).unwrap();
        assert!((wordless.predict_proba(&["b"])[1] - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(wordless.predict_proba::<&str>(&[]), [0.0; 0]);
    }

    #[test]
    fn bad_input_is_named() {
        let error = |texts: &[&str], labels: &[usize]| Baseline::fit(texts, labels, 2).unwrap_err().to_string();
        assert_eq!(error(&[], &[]), "there are no texts to train a baseline on");
        assert_eq!(error(&["a"], &[]), "1 texts but 0 labels");
        assert_eq!(error(&["a"], &[2]), "text 0 has label 2, expected a class below 2");
    }
}
