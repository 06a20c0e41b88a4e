//! Differences of a figure with intervals and p-values, from influence values.

use serde::{Deserialize, Serialize};

use crate::distributions::{student_quantile, student_two_sided};
use crate::estimate::{Estimate, Moments, Reason, Spread};
use crate::figures::{ClassEvaluation, Figure, ScoreFigure, score_estimate};
use crate::interval::Interval;
use crate::rows::ScoreRows;

/// A difference of two figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// By how much the second figure is larger; inside by how much it is larger than outside.
    pub value: f64,
    /// 95 % interval of the difference.
    pub interval: Interval,
    /// Two-sided: how likely such a difference, or a larger one, is by chance.
    pub p_value: f64,
}

/// A figure of some rows beside that of all others.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceDifference {
    /// Rows inside.
    pub n: usize,
    /// The figure inside.
    pub inside: Result<Estimate, Reason>,
    /// The figure of all other rows.
    pub outside: Result<Estimate, Reason>,
    /// Inside less outside.
    pub difference: Result<Difference, Reason>,
}

const OTHER_ROWS: Reason = "the two are of different rows";
const EQUAL: Reason = "the two say the same of every row";
const NO_ROWS: Reason = "there are no rows";

/// By how much `figure` is larger in `second` than in `first`, which are two models' predictions for the same rows.
///
/// The influences of a row on both figures are subtracted, so that what both models find easy or hard cancels. For
/// accuracy [`McNemar`](crate::McNemar) has the better p-value.
///
/// # Errors
/// Says why there is no difference, or none with an interval.
pub fn paired_difference(
    figure: Figure,
    first: &ClassEvaluation,
    second: &ClassEvaluation,
) -> Result<Difference, Reason> {
    let labels = first.rows().labels();
    if labels != second.rows().labels() {
        return Err(OTHER_ROWS);
    }
    let (left, right) = (first.estimate(figure)?, second.estimate(figure)?);
    let left_influence = left.row_influence(labels, first.rows().predictions());
    let right_influence = right.row_influence(labels, second.rows().predictions());
    paired((&left, &left_influence), (&right, &right_influence))
}

/// By how much a figure of scores is larger in `second` than in `first`, which are predictions for the same rows.
///
/// # Errors
/// Says why there is no difference, or none with an interval.
pub fn paired_score_difference(figure: ScoreFigure, first: ScoreRows, second: ScoreRows) -> Result<Difference, Reason> {
    if first.targets() != second.targets() {
        return Err(OTHER_ROWS);
    }
    let (left, right) = (score_estimate(figure, first)?, score_estimate(figure, second)?);
    paired((&left, &left.row_influence(&[], &[])), (&right, &right.row_influence(&[], &[])))
}

fn paired(first: (&Estimate, &[f64]), second: (&Estimate, &[f64])) -> Result<Difference, Reason> {
    let (left, right) = (first.0.spread()?, second.0.spread()?);
    let pairs = first.1.iter().zip(second.1).map(|(left, right)| (right - left, 1.0));
    let moments = Moments::of(pairs);
    if moments.second <= 0.0 {
        return Err(EQUAL);
    }
    let freedom = moments.freedom(left.freedom);
    // What an interval of each is drawn to the middle by, or is without bias, is no part of the value.
    let center = right.center - left.center;
    Ok(difference(second.0.value - first.0.value, center, moments.standard_error(), freedom))
}

/// `figure` of the rows for which `is_inside` is true, beside that of all others, `(n)`.
#[must_use]
pub fn slice(figure: Figure, evaluation: &ClassEvaluation, is_inside: &[bool]) -> SliceDifference {
    let rows = evaluation.rows();
    let estimate = |inside: bool| {
        let members = is_inside.iter().enumerate().filter(|&(_, &member)| member == inside);
        let sample = rows.select(members.map(|(row, _)| row).filter(|&row| row < rows.n()));
        ClassEvaluation::new(sample.rows().ok_or(NO_ROWS)?).estimate(figure)
    };
    SliceDifference::new(is_inside, estimate(true), estimate(false))
}

/// A figure of scores of the rows for which `is_inside` is true, beside that of all others, `(n)`.
#[must_use]
pub fn score_slice(figure: ScoreFigure, rows: ScoreRows, is_inside: &[bool]) -> SliceDifference {
    let estimate = |inside: bool| {
        let members = is_inside.iter().enumerate().filter(|&(_, &member)| member == inside);
        let (targets, predictions) = rows.select(members.map(|(row, _)| row).filter(|&row| row < rows.n()));
        score_estimate(figure, ScoreRows::new(&targets, &predictions).map_err(|_| NO_ROWS)?)
    };
    SliceDifference::new(is_inside, estimate(true), estimate(false))
}

impl SliceDifference {
    fn new(is_inside: &[bool], inside: Result<Estimate, Reason>, outside: Result<Estimate, Reason>) -> Self {
        let n = is_inside.iter().filter(|&&member| member).count();
        let difference = inside.as_ref().map_err(|&reason| reason).and_then(|inside| {
            let outside = outside.as_ref().map_err(|&reason| reason)?;
            unpaired(inside, outside)
        });
        Self { n, inside, outside, difference }
    }
}

/// The difference of figures of different rows (Welch).
fn unpaired(inside: &Estimate, outside: &Estimate) -> Result<Difference, Reason> {
    let (left, right) = (inside.spread()?, outside.spread()?);
    let variance = |spread: &Spread| spread.moments.standard_error().powi(2);
    let (of_left, of_right) = (variance(&left), variance(&right));
    let part = |variance: f64, spread: &Spread| variance * variance / spread.moments.freedom(spread.freedom);
    let freedom = (of_left + of_right).powi(2) / (part(of_left, &left) + part(of_right, &right));
    let error = (of_left + of_right).sqrt();
    Ok(difference(inside.value - outside.value, left.center - right.center, error, freedom))
}

fn difference(value: f64, center: f64, error: f64, freedom: f64) -> Difference {
    let half_width = student_quantile(freedom) * error;
    let interval = Interval { low: (center - half_width).min(value), high: (center + half_width).max(value) };
    Difference { value, interval, p_value: student_two_sided(center / error, freedom) }
}
