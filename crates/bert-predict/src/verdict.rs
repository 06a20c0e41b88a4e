//! Verdict: what the logits of a text say, by the kind of the model's outputs and what was requested.

use bert::{argmax, calibrated_probabilities, sigmoid};
use checkpoint::OutputKind;

/// How verdicts are made of logits.
#[derive(Debug, Clone)]
pub(crate) struct Decoding {
    /// The label names by class index; of regression, the name of the score.
    pub(crate) names: Vec<String>,
    pub(crate) kind: OutputKind,
    /// Only so many probabilities are given, the largest first.
    pub(crate) top_k: Option<usize>,
    /// The probability below which no label is given.
    pub(crate) threshold: Option<f64>,
    /// What logits are divided by.
    pub(crate) temperature: Option<f64>,
}

/// What the logits of a text say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Score(f32),
    Class {
        /// None where the model abstains.
        label: Option<usize>,
        probabilities: Vec<(usize, f64)>,
    },
    Labels {
        labels: Vec<usize>,
        probabilities: Vec<(usize, f64)>,
    },
}

/// From which probability a label is given, where any number of them can be.
const LABEL_THRESHOLD: f64 = 0.5;

impl Decoding {
    /// The verdicts of texts by their `logits`, `(n_texts, n_names)`.
    pub(crate) fn verdicts(&self, logits: &[f32]) -> Vec<Verdict> {
        let n = self.names.len();
        let probabilities = match self.kind {
            OutputKind::Score => return logits.iter().map(|&score| Verdict::Score(score)).collect(),
            OutputKind::Class => calibrated_probabilities(logits, n, self.temperature.unwrap_or(1.0)),
            OutputKind::Labels => logits.iter().map(|&logit| sigmoid(f64::from(logit))).collect(),
        };
        let rows = logits.chunks(n).zip(probabilities.chunks(n));
        rows.map(|(logits, probabilities)| self.verdict(argmax(logits), probabilities)).collect()
    }

    /// The verdict of a text whose largest logit is that of `label`.
    fn verdict(&self, label: usize, probabilities: &[f64]) -> Verdict {
        if self.kind == OutputKind::Labels {
            let threshold = self.threshold.unwrap_or(LABEL_THRESHOLD);
            let labels = (0..probabilities.len()).filter(|&label| probabilities[label] >= threshold).collect();
            return Verdict::Labels { labels, probabilities: self.given(probabilities) };
        }
        let is_sure = self.threshold.is_none_or(|threshold| probabilities[label] >= threshold);
        Verdict::Class { label: is_sure.then_some(label), probabilities: self.given(probabilities) }
    }

    /// The probabilities that are given, each with its output: all in their order, or the largest in theirs.
    fn given(&self, probabilities: &[f64]) -> Vec<(usize, f64)> {
        let mut given: Vec<(usize, f64)> = probabilities.iter().copied().enumerate().collect();
        if let Some(top_k) = self.top_k {
            given.sort_by(|a, b| b.1.total_cmp(&a.1)); // stable: of equals the first output comes first
            given.truncate(top_k);
        }
        given
    }
}

impl Verdict {
    /// Whether a label was withheld.
    pub(crate) fn abstains(&self) -> bool {
        matches!(self, Self::Class { label: None, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoding(kind: OutputKind) -> Decoding {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        Decoding { names, kind, top_k: None, threshold: None, temperature: None }
    }

    fn first(decoding: &Decoding, logits: &[f32]) -> Verdict {
        decoding.verdicts(logits).remove(0)
    }

    #[test]
    fn a_text_has_the_same_verdict_alone_and_among_others() {
        for n in [2, 3, 5, 20, 151] {
            let names = (0..n).map(|name| name.to_string()).collect();
            let decoding = Decoding { names, ..decoding(OutputKind::Class) };
            let logits: Vec<f32> = (0..n * 70).map(|index| ((index * 7919 % 1013) as f32 - 500.0) / 97.0).collect();
            let alone = logits.chunks(n).map(|logits| first(&decoding, logits));
            assert_eq!(decoding.verdicts(&logits), alone.collect::<Vec<_>>(), "{n} classes");
        }
    }

    #[test]
    fn a_label_below_the_threshold_is_withheld() {
        let (logits, third) = ([2_f32.ln(), 0.0, 0.0], 0.5);
        for (threshold, label) in [(0.5 - 1e-6, Some(0)), (0.5 + 1e-6, None)] {
            let decoding = Decoding { threshold: Some(threshold), ..decoding(OutputKind::Class) };
            let Verdict::Class { label: found, probabilities } = first(&decoding, &logits) else { panic!("a class") };
            assert_eq!(found, label);
            assert!((probabilities[0].1 - third).abs() < 1e-6 && probabilities.len() == 3);
        }
    }

    #[test]
    fn the_largest_come_first_and_of_equals_the_first() {
        let decoding = Decoding { top_k: Some(2), ..decoding(OutputKind::Class) };
        let Verdict::Class { probabilities, .. } = first(&decoding, &[0.0, 1.0, 0.0]) else { panic!("a class") };
        assert_eq!(probabilities.iter().map(|(output, _)| *output).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn a_temperature_changes_probabilities_and_no_label() {
        let probabilities =
            |temperature| match first(&Decoding { temperature, ..decoding(OutputKind::Class) }, &[1.0, 3.0, -2.0]) {
                Verdict::Class { label: Some(1), probabilities } => probabilities,
                other => panic!("{other:?}"),
            };
        let (plain, one, two) = (probabilities(None), probabilities(Some(1.0)), probabilities(Some(2.0)));
        for class in 0..3 {
            assert!((plain[class].1 - one[class].1).abs() < 1e-12);
        }
        // e^(1/2), e^(3/2), e^-1
        let sum = 0.5_f64.exp() + 1.5_f64.exp() + (-1_f64).exp();
        assert!((two[1].1 - 1.5_f64.exp() / sum).abs() < 1e-12, "{two:?}");
    }

    #[test]
    fn labels_are_those_of_at_least_the_threshold() {
        let labels = |threshold| match first(&Decoding { threshold, ..decoding(OutputKind::Labels) }, &[0.0, -1e4, 2.0])
        {
            Verdict::Labels { labels, .. } => labels,
            other => panic!("{other:?}"),
        };
        assert_eq!((labels(None), labels(Some(0.8)), labels(Some(0.9))), (vec![0, 2], vec![2], vec![]));
    }
}
