//! Accuracy of a regression whose scores are cut into classes.

use super::row_means::hits;
use crate::estimate::Estimate;
use crate::rows::ScoreRows;

/// The class of each score: how many of the ascending `edges` lie below it, so that each class is closed above, as the
/// classes of the Stanford Sentiment Treebank are. Compared in float32, the precision in which scores are stored.
#[must_use]
pub fn cut(scores: &[f64], edges: &[f64]) -> Vec<usize> {
    scores.iter().map(|&score| edges.iter().filter(|&&edge| (edge as f32) < score as f32).count()).collect()
}

/// Fraction of the rows whose predicted score falls into the class of the true one.
#[must_use]
pub fn cut_accuracy(rows: ScoreRows, edges: &[f64]) -> Estimate {
    let pairs = cut(rows.targets(), edges).into_iter().zip(cut(rows.predictions(), edges));
    hits(pairs.map(|(target, prediction)| target == prediction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_class_below_it() {
        let edges = [0.2, 0.4, 0.6, 0.8];
        assert_eq!(cut(&[0.0, f64::from(0.2_f32), 0.21, 0.6, 1.0, -3.0], &edges), [0, 0, 1, 2, 4, 0]);
        let rows = ScoreRows::new(&[0.1, 0.5, 0.9, 0.7], &[0.2, 0.3, 1.5, 0.75]).unwrap();
        let estimate = cut_accuracy(rows, &edges);
        assert_eq!(estimate.value, 0.75);
        assert_eq!(estimate.interval(), Ok(crate::interval::wilson_interval(3, 4)));
    }
}
