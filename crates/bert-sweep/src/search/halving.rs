//! Successive halving (Jamieson and Talwalkar 2016): all trials begin, and at each rung only the best go on.
//!
//! ```toml
//! [sweep.halving]
//! eta = 2           # at each rung, the best 1 / eta of the trials go on
//! first = 0.25      # the first rung, as a fraction of a trial's steps; each next rung is eta times as far
//! ```
//!
//! Every trial is planned for all its steps, since learning rate schedules need them; a rung is a pause at an
//! evaluation. Halving is synchronous: a rung is ranked when all trials have reached it, so that the result does not
//! depend on which ended first.

use serde::Serialize;
use stage::{bail_input, ensure_input};
use toml::{Table, Value};

/// When trials are ranked, and how many go on. Its fields are part of the plan that the manifest's key is made of.
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
                ("eta", other) => bail_input!("eta in [sweep.halving] is {other}; expected an integer of at least 2"),
                ("first", other) => {
                    bail_input!("first in [sweep.halving] is {other}; expected a fraction such as 0.25")
                }
                (other, _) => bail_input!("unknown key {other} in [sweep.halving]; it has eta and first"),
            }
        }
        let first = halving.first;
        ensure_input!(
            first > 0.0 && first < 1.0,
            "first in [sweep.halving] is {first}; expected more than 0 and less than 1"
        );
        Ok(halving)
    }

    /// The rungs as fractions of a trial's steps; the last is 1.
    pub(crate) fn rungs(&self) -> Vec<f64> {
        let next = |fraction: &f64| Some(fraction * self.eta as f64);
        let rungs = std::iter::successors(Some(self.first), next).take_while(|fraction| *fraction < 1.0 - 1e-9);
        rungs.chain([1.0]).collect()
    }

    /// The indices of the trials that go on, in ascending order: the best 1 / `eta`, rounded up, of all that entered
    /// the rung. A trial without a score does not go on; of equal ones the earlier does.
    pub(crate) fn promoted(&self, scores: &[Option<f64>]) -> Vec<usize> {
        let mut ranked: Vec<(usize, f64)> =
            scores.iter().enumerate().filter_map(|(index, score)| Some((index, (*score)?))).collect();
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        ranked.truncate(scores.len().div_ceil(self.eta));
        let mut indices: Vec<usize> = ranked.into_iter().map(|(index, _)| index).collect();
        indices.sort_unstable();
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Halving> {
        Halving::parse(&text.parse().unwrap())
    }

    #[test]
    fn rungs_grow_by_eta_up_to_all_steps() {
        assert_eq!(parse("").unwrap().rungs(), [0.25, 0.5, 1.0]);
        assert_eq!(parse("eta = 3\nfirst = 0.2").unwrap().rungs(), [0.2, 0.2 * 3.0, 1.0]);
        assert_eq!(parse("first = 0.5").unwrap().rungs(), [0.5, 1.0]);
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
    fn invalid_settings_are_named() {
        let refusal = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(refusal("eta = 1"), "eta in [sweep.halving] is 1; expected an integer of at least 2");
        assert_eq!(refusal("first = 1.0"), "first in [sweep.halving] is 1; expected more than 0 and less than 1");
        assert_eq!(refusal("rungs = 3"), "unknown key rungs in [sweep.halving]; it has eta and first");
    }
}
