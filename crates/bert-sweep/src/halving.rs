//! Successive halving (Jamieson and Talwalkar 2016): all trials begin, and at each rung only the best go on.
//!
//! ```toml
//! [sweep.halving]
//! eta = 2           # at each rung one of so many goes on
//! first = 0.25      # the share of its own steps that a trial has done at the first rung; each next rung is eta times it
//! ```
//!
//! Every trial is planned for its whole length, since schedules need it; a rung is a pause at an evaluation. It is
//! synchronous: a rung is ranked when all trials have reached it, so that the table repeats whatever ended first.

use anyhow::{bail, ensure};
use serde::Serialize;
use toml::{Table, Value};

/// When trials are ranked, and how many go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Halving {
    pub(crate) eta: usize,
    pub(crate) first: f64,
}

impl Halving {
    /// Reads `[sweep.halving]`.
    pub(crate) fn parse(table: &Table) -> anyhow::Result<Self> {
        let mut halving = Self { eta: 2, first: 0.25 };
        for (key, value) in table {
            match (key.as_str(), value) {
                ("eta", Value::Integer(eta)) if *eta >= 2 => halving.eta = usize::try_from(*eta)?,
                ("first", Value::Float(first)) => halving.first = *first,
                ("eta", other) => bail!("eta in [sweep.halving] is {other}; expected a whole number from 2"),
                ("first", other) => bail!("first in [sweep.halving] is {other}; expected a share such as 0.25"),
                (other, _) => bail!("unknown key {other} in [sweep.halving]; it has eta and first"),
            }
        }
        let share = halving.first;
        ensure!(
            share > 0.0 && share < 1.0,
            "first in [sweep.halving] is {share}; expected more than 0 and less than 1"
        );
        Ok(halving)
    }

    /// The shares of the rungs; the last is the whole.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let next = |share: &f64| Some(share * self.eta as f64);
        let rungs = std::iter::successors(Some(self.first), next).take_while(|share| *share < 1.0 - 1e-9);
        rungs.chain([1.0]).collect()
    }

    /// The places of those that go on, in their order: one of `eta`, rounded up, of all that entered the rung. What has
    /// no merit does not go on; of equals the earlier one does.
    pub(crate) fn promoted(&self, merits: &[Option<f64>]) -> Vec<usize> {
        let mut ranked: Vec<(usize, f64)> =
            merits.iter().enumerate().filter_map(|(place, merit)| Some((place, (*merit)?))).collect();
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        ranked.truncate(merits.len().div_ceil(self.eta));
        let mut places: Vec<usize> = ranked.into_iter().map(|(place, _)| place).collect();
        places.sort_unstable();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Halving> {
        Halving::parse(&text.parse().unwrap())
    }

    #[test]
    fn rungs_grow_by_eta_up_to_the_whole() {
        assert_eq!(parse("").unwrap().shares(), [0.25, 0.5, 1.0]);
        assert_eq!(parse("eta = 3\nfirst = 0.2").unwrap().shares(), [0.2, 0.2 * 3.0, 1.0]);
        assert_eq!(parse("first = 0.5").unwrap().shares(), [0.5, 1.0]);
    }

    #[test]
    fn the_best_go_on_and_the_first_of_equals() {
        let halving = Halving { eta: 2, first: 0.25 };
        assert_eq!(halving.promoted(&[Some(0.7), Some(0.9), None, Some(0.8), Some(0.8)]), [1, 3, 4]);
        assert_eq!(halving.promoted(&[Some(0.8), Some(0.8), Some(0.8)]), [0, 1]);
        assert_eq!(halving.promoted(&[None, None, None, Some(-0.5)]), [3]);
        assert_eq!(Halving { eta: 3, first: 0.1 }.promoted(&[Some(1.0), Some(2.0)]), [1]);
    }

    #[test]
    fn settings_that_do_not_halve_are_named() {
        let refusal = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(refusal("eta = 1"), "eta in [sweep.halving] is 1; expected a whole number from 2");
        assert_eq!(refusal("first = 1.0"), "first in [sweep.halving] is 1; expected more than 0 and less than 1");
        assert_eq!(refusal("rungs = 3"), "unknown key rungs in [sweep.halving]; it has eta and first");
    }
}
