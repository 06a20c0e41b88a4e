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

/// The difference of figures of different rows: the distances from each figure to the ends of its own interval, squared and
/// added (Newcombe 1998), and Welch's test on the scale on which the figure is nearest to normal.
fn unpaired(inside: &Estimate, outside: &Estimate) -> Result<Difference, Reason> {
    let (left, right) = (inside.spread()?, outside.spread()?);
    let (of_inside, of_outside) = (inside.interval()?, outside.interval()?);
    let value = inside.value - outside.value;
    let below = (inside.value - of_inside.low).hypot(of_outside.high - outside.value);
    let above = (of_inside.high - inside.value).hypot(outside.value - of_outside.low);

    let (center_left, error_left) = inside.on_test_scale(&left);
    let (center_right, error_right) = outside.on_test_scale(&right);
    let error = error_left.hypot(error_right);
    let part = |error: f64, spread: &Spread| error.powi(4) / spread.moments.freedom(spread.freedom);
    let freedom = error.powi(4) / (part(error_left, &left) + part(error_right, &right));
    let p_value = student_two_sided((center_left - center_right) / error, freedom);
    Ok(Difference { value, interval: Interval { low: value - below, high: value + above }, p_value })
}

fn difference(value: f64, center: f64, error: f64, freedom: f64) -> Difference {
    let half_width = student_quantile(freedom) * error;
    let interval = Interval { low: (center - half_width).min(value), high: (center + half_width).max(value) };
    Difference { value, interval, p_value: student_two_sided(center / error, freedom) }
}
