//! Curves of a class against the rest: ROC and precision-recall, as points to draw.

use serde::{Deserialize, Serialize};

use crate::estimate::Reason;
use crate::figures::{Ranking, Tie};
use crate::rows::ClassRows;

/// A curve and the exact area under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Area of the whole curve, of which the points are a part: ROC AUC, or average precision.
    pub area: f64,
    /// From the highest threshold to the lowest.
    pub points: Vec<CurvePoint>,
}

/// What predictions with at least this score come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// False positive rate, or recall.
    pub x: f64,
    /// True positive rate, or precision.
    pub y: f64,
    /// The score from which on rows are taken for the class; `None` above all scores.
    pub threshold: Option<f64>,
}

/// True by false positive rate of `class` against the rest, in at most `most_points` points, 8 at least; where there are
/// fewer anyway, those of scikit-learn's `roc_curve`.
///
/// # Errors
/// Says why there is no curve.
pub fn roc_curve(rows: ClassRows, class: usize, most_points: usize) -> Result<Curve, Reason> {
    let ranking = ranking(rows, class)?;
    let (n_own, n_rest) = ranking.counts();
    let ties: Vec<Tie> = ranking.descending().collect();
    // A point between two equal steps lies on the line between its neighbors.
    let step = |index: usize| (ties[index].own, ties[index].rest);
    let turns = |index: usize| index == 0 || index + 1 == ties.len() || step(index) != step(index + 1);
    let mut points = vec![CurvePoint { x: 0.0, y: 0.0, threshold: None }];
    let (mut own, mut rest) = (0.0, 0.0);
    for (index, tie) in ties.iter().enumerate() {
        own += tie.own;
        rest += tie.rest;
        if turns(index) {
            points.push(CurvePoint { x: rest / n_rest, y: own / n_own, threshold: Some(tie.score) });
        }
    }
    Ok(Curve { area: ranking.roc_auc(0.0, &mut vec![0.0; rows.n()]).value, points: thinned(points, most_points) })
}

/// Precision by recall of `class` against the rest, in at most `most_points` points, 8 at least, beginning with precision 1
/// at recall 0, as scikit-learn's `precision_recall_curve` reversed.
///
/// # Errors
/// Says why there is no curve.
pub fn precision_recall_curve(rows: ClassRows, class: usize, most_points: usize) -> Result<Curve, Reason> {
    let ranking = ranking(rows, class)?;
    let (n_own, _) = ranking.counts();
    let mut points = vec![CurvePoint { x: 0.0, y: 1.0, threshold: None }];
    let (mut own, mut all) = (0.0, 0.0);
    for tie in ranking.descending() {
        own += tie.own;
        all += tie.own + tie.rest;
        points.push(CurvePoint { x: own / n_own, y: own / all, threshold: Some(tie.score) });
    }
    let area = ranking.average_precision(0.0, &mut vec![0.0; rows.n()]).value;
    Ok(Curve { area, points: thinned(points, most_points) })
}

fn ranking(rows: ClassRows, class: usize) -> Result<Ranking, Reason> {
    if class >= rows.n_classes() {
        return Err("there is no such class");
    }
    Ranking::new(rows.probabilities().column(class), rows.labels().iter().map(|&label| label == class))
}

/// Of each of equally wide strips the first, the last, the lowest and the highest point: what a picture shows.
fn thinned(points: Vec<CurvePoint>, most: usize) -> Vec<CurvePoint> {
    let n_strips = (most / 4).max(2);
    if points.len() <= most.max(8) {
        return points;
    }
    let strip = |point: &CurvePoint| ((point.x * n_strips as f64) as usize).min(n_strips - 1);
    let mut kept = Vec::new();
    for strip in points.chunk_by(|left, right| strip(left) == strip(right)) {
        let by_height = |left: &&usize, right: &&usize| strip[**left].y.total_cmp(&strip[**right].y);
        let indices: Vec<usize> = (0..strip.len()).collect();
        let extremes = [indices.iter().min_by(by_height), indices.iter().max_by(by_height)];
        let mut chosen: Vec<usize> = extremes.into_iter().flatten().copied().chain([0, strip.len() - 1]).collect();
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|index| strip[index]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probabilities::Probabilities;
    use crate::split_mix64::split_mix64;

    fn sample(n: usize) -> (Vec<usize>, Vec<f64>) {
        let uniform = |counter: usize| (split_mix64(counter as u64) >> 11) as f64 / (1_u64 << 53) as f64;
        let labels: Vec<usize> = (0..n).map(|row| row % 2).collect();
        let scores =
            labels.iter().enumerate().map(|(row, label)| 0.6 * uniform(row) + 0.4 * *label as f64 * uniform(n + row));
        (labels.clone(), scores.flat_map(|score| [1.0 - score, score]).collect())
    }

    #[test]
    fn many_points_are_thinned_and_the_area_stays() {
        let (labels, values) = sample(20_000);
        let rows = ClassRows::new(&labels, &labels, Probabilities::new(&values, 2).unwrap()).unwrap();
        for curve in [roc_curve, precision_recall_curve] {
            let (all, few) = (curve(rows, 1, usize::MAX / 2).unwrap(), curve(rows, 1, 500).unwrap());
            assert!(all.points.len() > 5000 && few.points.len() <= 500, "{} {}", all.points.len(), few.points.len());
            assert_eq!(all.area, few.area);
            assert_eq!((all.points.first(), all.points.last()), (few.points.first(), few.points.last()));
            // Every point lies between its kept neighbors, up to the width of a strip.
            let extent =
                |curve: &Curve| curve.points.iter().fold((1.0_f64, 0.0_f64), |e, p| (e.0.min(p.y), e.1.max(p.y)));
            assert_eq!(extent(&all), extent(&few));
        }
    }

    #[test]
    fn a_class_without_rows_has_no_curve() {
        let rows = ClassRows::new(&[0, 0], &[0, 0], Probabilities::new(&[0.5; 4], 2).unwrap()).unwrap();
        assert!(roc_curve(rows, 1, 500).is_err() && precision_recall_curve(rows, 7, 500).is_err());
    }
}
