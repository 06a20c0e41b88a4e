//! Paired bootstrap: rows are drawn anew with replacement, the same for both models.

use serde::{Deserialize, Serialize};

use crate::classification::{Tally, macro_average};
use crate::estimate::Reason;
use crate::interval::Interval;
use crate::rows::ClassRows;
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
    /// How often the rows were drawn.
    pub n_resamples: usize,
}

/// The bootstraps of the figures whose distribution is requested; both are of the same draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedBootstraps {
    /// Of the accuracy.
    pub accuracy: PairedBootstrap,
    /// Of the plain mean of the classes' F1.
    pub f1_macro: PairedBootstrap,
}

/// Draws the rows of both models anew `n_resamples` times, seeded. Only counts by class are kept of a draw.
///
/// # Errors
/// Says why there is no difference.
pub fn paired_bootstrap(
    first: ClassRows,
    second: ClassRows,
    n_resamples: usize,
    seed: u64,
) -> Result<PairedBootstraps, Reason> {
    let n = first.n();
    if first.labels() != second.labels() {
        return Err("the two are of different rows");
    }
    if n_resamples < 2 {
        return Err("one resample has no distribution");
    }
    let [mut left, mut right] = [first, second].map(Tallied::new);
    let mut differences = |rows: &mut dyn Iterator<Item = usize>| {
        left.clear();
        right.clear();
        for row in rows {
            left.add(row);
            right.add(row);
        }
        [right.accuracy(n) - left.accuracy(n), right.f1_macro() - left.f1_macro()]
    };
    let values = differences(&mut (0..n));
    let (mut of_accuracy, mut of_f1) = (Vec::with_capacity(n_resamples), Vec::with_capacity(n_resamples));
    for resample in 0..n_resamples {
        let mut draws = (0..n).map(|draw| random_below(n, seed, (resample * n + draw) as u64));
        let [accuracy, f1] = differences(&mut draws);
        of_accuracy.push(accuracy);
        of_f1.push(f1);
    }
    Ok(PairedBootstraps {
        accuracy: PairedBootstrap::new(values[0], of_accuracy),
        f1_macro: PairedBootstrap::new(values[1], of_f1),
    })
}

/// Rows that are drawn, counted by class.
struct Tallied<'a> {
    rows: ClassRows<'a>,
    tallies: Vec<Tally>,
}

impl<'a> Tallied<'a> {
    fn new(rows: ClassRows<'a>) -> Self {
        Self { rows, tallies: vec![Tally::default(); rows.n_classes()] }
    }

    fn clear(&mut self) {
        self.tallies.fill(Tally::default());
    }

    fn add(&mut self, row: usize) {
        let (label, prediction) = (self.rows.labels()[row], self.rows.predictions()[row]);
        self.tallies[label].support += 1;
        self.tallies[prediction].n_predicted += 1;
        self.tallies[label].n_correct += u64::from(label == prediction);
    }

    fn accuracy(&self, n: usize) -> f64 {
        self.tallies.iter().map(|tally| tally.n_correct).sum::<u64>() as f64 / n as f64
    }

    fn f1_macro(&self) -> f64 {
        macro_average(&self.tallies).f1
    }
}

impl PairedBootstrap {
    fn new(value: f64, differences: Vec<f64>) -> Self {
        let n_resamples = differences.len();
        let share = |side: fn(f64) -> bool| {
            differences.iter().filter(|&&difference| side(difference)).count() as f64 / n_resamples as f64
        };
        let smaller = share(|difference| difference <= 0.0).min(share(|difference| difference >= 0.0));
        let p_value = (2.0 * smaller.max(1.0 / n_resamples as f64)).min(1.0);
        Self { value, interval: percentile_interval(differences), p_value, n_resamples }
    }
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
