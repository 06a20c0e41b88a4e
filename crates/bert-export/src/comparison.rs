//! Comparison of what a format says of texts with what the model says: differences of probabilities, labels that flip, and the figure
//! of both. Pure functions of logits.

use bert::{argmax, probabilities, sigmoid};
use checkpoint::OutputKind;
use corpus::tokens::Labels;

/// The largest margin of a tie: a label whose probability is hardly above the next may flip by rounding alone.
pub(crate) const TIE: f64 = 1e-4;
/// How far a score may move by rounding alone, in its own size where that is above 1.
const ROUNDING: f64 = 1e-4;
/// How far a score of a format that is not exact may move, in standard deviations of the model's scores.
const MOVED: f64 = 0.1;

/// What the outputs of a model are.
pub(crate) struct Outputs<'a> {
    pub(crate) names: &'a [String],
    pub(crate) kind: OutputKind,
}

/// How a format differs from the model.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    /// The largest of a probability or score.
    pub(crate) max: f64,
    /// The mean of all.
    pub(crate) mean: f64,
    /// The texts that flip, in words, by their place.
    pub(crate) flips: Vec<(usize, String)>,
    /// Texts that flip and are ties.
    pub(crate) ties: usize,
}

impl Outputs<'_> {
    /// How `other` logits differ from the `model`'s, `(n_texts, n_outputs)` both; `exact`: where only roundings may.
    pub(crate) fn difference(&self, model: &[f32], other: &[f32], exact: bool) -> Difference {
        let n = self.names.len();
        let (model, other) = (self.predictions(model), self.predictions(other));
        let mut found = Difference { max: 0.0, mean: 0.0, flips: Vec::new(), ties: 0 };
        for (a, b) in model.iter().zip(&other) {
            let difference = (a - b).abs();
            found.mean += difference / model.len() as f64;
            // What is no number is the largest of differences.
            found.max = if difference.is_nan() { f64::INFINITY } else { found.max.max(difference) };
        }
        let tolerance = if exact { 0.0 } else { MOVED * deviation(&model) };
        for (text, (a, b)) in model.chunks(n).zip(other.chunks(n)).enumerate() {
            match self.flip(a, b, tolerance) {
                Some((_, margin)) if margin <= TIE => found.ties += 1,
                Some((told, _)) => found.flips.push((text, told)),
                None => {}
            }
        }
        found
    }

    /// Whether a prediction is another: in words, with its margin.
    fn flip(&self, a: &[f64], b: &[f64], tolerance: f64) -> Option<(String, f64)> {
        match self.kind {
            OutputKind::Score => {
                let (a, b) = (a.first()?, b.first()?);
                let allowed = tolerance.max(ROUNDING * a.abs().max(1.0));
                ((a - b).abs() > allowed || b.is_nan()).then(|| (format!("{a:.5} became {b:.5}"), f64::INFINITY))
            }
            OutputKind::Class => {
                let (of_a, of_b) = (argmax(a), argmax(b));
                let told = || {
                    let (name_a, name_b) = (&self.names[of_a], &self.names[of_b]);
                    format!("{name_a} ({:.4}) became {name_b} ({:.4})", a[of_a], b[of_b])
                };
                let is_other = of_a != of_b || b.iter().any(|p| p.is_nan());
                is_other.then(|| (told(), if b.iter().any(|p| p.is_nan()) { f64::INFINITY } else { a[of_a] - a[of_b] }))
            }
            OutputKind::Labels => {
                let flipped = (0..a.len()).filter(|&label| (a[label] >= 0.5) != (b[label] >= 0.5) || b[label].is_nan());
                let margin = |&label: &usize| if b[label].is_nan() { f64::INFINITY } else { (a[label] - 0.5).abs() };
                let label = flipped.max_by(|one, two| margin(one).total_cmp(&margin(two)))?;
                let told = format!("{} ({:.4}) became {:.4}", self.names[label], a[label], b[label]);
                Some((told, margin(&label)))
            }
        }
    }

    /// Probabilities, or scores, `(n_texts, n_outputs)`.
    fn predictions(&self, logits: &[f32]) -> Vec<f64> {
        match self.kind {
            OutputKind::Score => logits.iter().map(|&score| f64::from(score)).collect(),
            OutputKind::Class => probabilities(logits, self.names.len()),
            OutputKind::Labels => logits.iter().map(|&logit| sigmoid(f64::from(logit))).collect(),
        }
    }

    /// The name and the value of what a figure says: accuracy, or the mean squared error of scores; nothing without labels, and of
    /// models with several labels a text, for which token files have none.
    pub(crate) fn figure(&self, logits: &[f32], labels: &Labels) -> Option<(&'static str, f64)> {
        let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        match (self.kind, labels) {
            (OutputKind::Class, Labels::Classes(labels)) => {
                let rows = labels.iter().zip(logits.chunks(self.names.len()));
                let is_right = |(label, row): (&Option<i32>, &[f32])| {
                    label.map(|label| f64::from(usize::try_from(label) == Ok(argmax(row))))
                };
                Some(("accuracy", mean(rows.filter_map(is_right).collect())?))
            }
            (OutputKind::Score, Labels::Scores(labels)) => {
                let error =
                    |(label, &score): (&Option<f32>, &f32)| Some((f64::from((*label)?) - f64::from(score)).powi(2));
                Some(("mse", mean(labels.iter().zip(logits).filter_map(error).collect())?))
            }
            _ => None,
        }
    }
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn labels_that_flip_are_told_and_ties_are_counted_apart() {
        let names = names(&["bad", "good"]);
        let outputs = Outputs { names: &names, kind: OutputKind::Class };
        // A flip with a margin of 0.1, a tie, and one that stays.
        let model = [0.2, 0.0, 0.00001, 0.0, -1.0, 1.0];
        let other = [0.0, 0.2, 0.0, 0.00001, -1.0, 1.0];
        let found = outputs.difference(&model, &other, true);
        assert_eq!((found.flips.len(), found.flips[0].0, found.ties), (1, 0, 1));
        assert_eq!(found.flips[0].1, "bad (0.5498) became good (0.5498)");
        assert!((found.max - 0.099_668).abs() < 1e-6, "{}", found.max);
        assert!((found.mean - 2.0 * (found.max + 5e-6) / 6.0).abs() < 1e-8, "{}", found.mean);
        let labels = Labels::Classes(vec![Some(0), None, Some(0)]);
        assert_eq!(outputs.figure(&model, &labels), Some(("accuracy", 0.5)));
        assert_eq!(outputs.figure(&model, &Labels::Classes(vec![None; 3])), None);
    }

    #[test]
    fn what_is_no_number_flips_and_is_the_largest_difference() {
        let names = names(&["a", "b"]);
        for kind in [OutputKind::Class, OutputKind::Labels] {
            let found = Outputs { names: &names, kind }.difference(&[0.0, 1.0], &[f32::NAN, 1.0], true);
            assert_eq!((found.max, found.flips.len()), (f64::INFINITY, 1), "{kind:?}");
        }
        let score = Outputs { names: &names[..1], kind: OutputKind::Score }.difference(&[0.0], &[f32::NAN], false);
        assert_eq!((score.max, score.flips.len()), (f64::INFINITY, 1));
    }

    #[test]
    fn each_label_is_compared_with_a_half() {
        let names = names(&["a", "b"]);
        let outputs = Outputs { names: &names, kind: OutputKind::Labels };
        let found = outputs.difference(&[1.0, -0.1, 1.0, -1.0], &[1.1, 0.1, 1.1, -1.1], true);
        assert_eq!(found.flips, [(0, "b (0.4750) became 0.5250".to_owned())]);
        assert_eq!(outputs.figure(&[1.0, 1.0], &Labels::Classes(vec![Some(0)])), None);
    }

    #[test]
    fn scores_may_move_by_roundings_or_by_a_tenth_of_their_deviation() {
        let names = names(&["score"]);
        let outputs = Outputs { names: &names, kind: OutputKind::Score };
        let model = [-100.0, 0.0, 100.0]; // standard deviation 81.6
        let flips = |other: [f32; 3], exact| outputs.difference(&model, &other, exact).flips.len();
        assert_eq!(flips([-100.005, 0.00005, 100.0], true), 0);
        assert_eq!(flips([-100.02, 0.0002, 100.0], true), 2);
        assert_eq!(flips([-92.0, 8.0, 109.0], false), 1);
        let labels = Labels::Scores(vec![Some(-98.0), Some(4.0), None]);
        assert_eq!(outputs.figure(&model, &labels), Some(("mse", 10.0)));
    }
}
