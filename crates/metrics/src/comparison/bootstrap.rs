//! Paired bootstrap: rows are drawn anew with replacement, the same for both models.

use serde::{Deserialize, Serialize};

use crate::estimate::Reason;
use crate::figures::{ClassEvaluation, Figure};
use crate::interval::Interval;
use crate::split_mix64::{SPLIT_MIX_INCREMENT, split_mix64};

/// The difference of a figure over resamples of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedBootstrap {
    /// By how much the second figure is larger, of the rows as they are.
    pub value: f64,
    /// The central 95 % of the differences (Efron 1979).
    pub interval: Interval,
    /// Two-sided: twice the smaller share of resamples on one side of zero, at least that of a single one.
    pub p_value: f64,
    /// Resamples in which the figure is defined for both.
    pub n_resamples: usize,
}

/// Draws the rows of both models anew `n_resamples` times, seeded; takes time for as many evaluations.
///
/// # Errors
/// Says why there is no difference.
pub fn paired_bootstrap(
    figure: Figure,
    first: &ClassEvaluation,
    second: &ClassEvaluation,
    n_resamples: usize,
    seed: u64,
) -> Result<PairedBootstrap, Reason> {
    let n = first.rows().n();
    if first.rows().labels() != second.rows().labels() {
        return Err("the two are of different rows");
    }
    let value = second.estimate(figure)?.value - first.estimate(figure)?.value;
    let of_rows = |evaluation: &ClassEvaluation, indices: &[usize]| {
        let sample = evaluation.rows().select(indices.iter().copied());
        Some(ClassEvaluation::new(sample.rows()?).estimate(figure).ok()?.value)
    };
    let mut differences = Vec::with_capacity(n_resamples);
    for resample in 0..n_resamples {
        let indices: Vec<usize> = (0..n).map(|draw| random_below(n, seed, (resample * n + draw) as u64)).collect();
        if let (Some(left), Some(right)) = (of_rows(first, &indices), of_rows(second, &indices)) {
            differences.push(right - left);
        }
    }
    if differences.len() < 2 {
        return Err("the figure is not defined in the resamples");
    }
    let share = |side: fn(f64) -> bool| {
        differences.iter().filter(|&&difference| side(difference)).count() as f64 / differences.len() as f64
    };
    let smaller = share(|difference| difference <= 0.0).min(share(|difference| difference >= 0.0));
    let p_value = (2.0 * smaller.max(1.0 / differences.len() as f64)).min(1.0);
    let n_resamples = differences.len();
    Ok(PairedBootstrap { value, interval: percentile_interval(differences), p_value, n_resamples })
}

/// The central 95 % of the values, with linear interpolation between neighbors as `numpy.percentile` does by default.
fn percentile_interval(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let position = q * (values.len() - 1) as f64;
        let below = values[position.floor() as usize];
        let above = values[position.ceil() as usize];
        below + (above - below) * position.fract()
    };
    Interval { low: quantile(0.025), high: quantile(0.975) }
}

/// An integer in `0..n`: the high half of the product of `n` and 64 random bits.
fn random_below(n: usize, seed: u64, draw: u64) -> usize {
    let bits = split_mix64(split_mix64(seed).wrapping_add(draw.wrapping_mul(SPLIT_MIX_INCREMENT)));
    ((u128::from(bits) * n as u128) >> 64) as usize
}
