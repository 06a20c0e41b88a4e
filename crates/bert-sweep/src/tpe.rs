//! Tree-structured Parzen estimators (Bergstra et al. 2011): where good trials lie more densely than the others, more
//! are tried. The estimators are those of crate `tpe`, one for each argument.
//!
//! Rounds have a fixed size and know the figures of earlier rounds only, so that the same profile gives the same trials
//! however many run at a time. The random numbers are counters here too.

use std::convert::Infallible;

use anyhow::Context;
use rand::rand_core::TryRng;
use toml::Value;
use tpe::{TpeOptimizer, categorical_range, histogram_estimator, parzen_estimator, range};

use crate::draw::bits;
use crate::search::{Arguments, Search};
use crate::space::Choices;

/// Trials before the first that is not random.
pub(crate) const N_RANDOM: usize = 8;
/// Trials of a round.
const ROUND: usize = 4;
/// Draws for a trial that is not known yet; where a small space has no other, the round is shorter.
const ATTEMPTS: u64 = 64;

/// The next trials, by what came out of the known ones; a trial without merit counts as the worst.
pub(crate) fn next_round(search: &Search, known: &[(Arguments, Option<f64>)]) -> anyhow::Result<Vec<Arguments>> {
    let mut round: Vec<Arguments> = Vec::new();
    for number in known.len()..search.n_trials.min(known.len() + ROUND) {
        for attempt in 0..ATTEMPTS {
            let trial = proposed(search, known, number as u64 * ATTEMPTS + attempt)?;
            if !round.contains(&trial) && known.iter().all(|(other, _)| *other != trial) {
                round.push(trial);
                break;
            }
        }
    }
    Ok(round)
}

fn proposed(search: &Search, known: &[(Arguments, Option<f64>)], draw: u64) -> anyhow::Result<Arguments> {
    let argument = |(name, choices): (&String, &Choices)| {
        let told = known.iter().filter_map(|(trial, merit)| Some((trial.get(name)?, *merit)));
        let mut numbers = Counter { seed: bits(search.seed, draw, name), drawn: 0 };
        let value = value(choices, told, &mut numbers).with_context(|| format!("no estimate for {name}"))?;
        Ok((name.clone(), value))
    };
    search.space.iter().map(argument).collect()
}

/// The value that one estimator asks for next.
fn value<'a>(
    choices: &Choices,
    told: impl Iterator<Item = (&'a Value, Option<f64>)>,
    numbers: &mut Counter,
) -> anyhow::Result<Value> {
    let (mut estimator, n_places) = match choices {
        Choices::List(values) => {
            (TpeOptimizer::new(histogram_estimator(), categorical_range(values.len())?), values.len() as f64)
        }
        _ => (TpeOptimizer::new(parzen_estimator(), range(0.0, 1.0)?), 1.0),
    };
    for (value, merit) in told {
        // A list has its places, a range its shares; the estimator makes the least of what it is told.
        let share = choices.share_of(value);
        let place = if n_places > 1.0 { (share * n_places).floor() } else { share };
        estimator.tell(place, merit.map_or(f64::INFINITY, |merit| -merit))?;
    }
    let asked = estimator.ask(numbers)?;
    Ok(choices.at(if n_places > 1.0 { (asked.floor() + 0.5) / n_places } else { asked }))
}

/// Random numbers that are functions of a counter.
struct Counter {
    seed: u64,
    drawn: u64,
}

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.drawn += 1;
        Ok(bits(self.seed, self.drawn, ""))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Method;

    /// The merit is best at a rate of 1e-4 and with "b".
    fn merit(trial: &Arguments) -> f64 {
        let rate = trial["rate"].as_float().unwrap();
        -(rate.log10() + 4.0).abs() - if trial["kind"].as_str() == Some("b") { 0.0 } else { 0.5 }
    }

    fn searched(n_trials: usize) -> Vec<(Arguments, Option<f64>)> {
        let text = "rate = { min = 1e-6, max = 1e-2, log = true }\nkind = ['a', 'b', 'c']";
        let space = crate::space::parse(&text.parse().unwrap()).unwrap();
        let search = Search::new(space, Method::Tpe, Some(n_trials), 3).unwrap();
        let mut known: Vec<(Arguments, Option<f64>)> = Vec::new();
        loop {
            let round = search.next_round(&known).unwrap();
            if round.is_empty() {
                return known;
            }
            known.extend(round.into_iter().map(|trial| (trial.clone(), Some(merit(&trial)))));
        }
    }

    #[test]
    fn later_trials_are_better_and_repeat() {
        let known = searched(40);
        assert_eq!(known.len(), 40);
        let mean = |part: &[(Arguments, Option<f64>)]| {
            part.iter().filter_map(|(_, merit)| *merit).sum::<f64>() / part.len() as f64
        };
        assert!(mean(&known[20..]) > mean(&known[..N_RANDOM]) + 0.2, "{} {}", mean(&known[20..]), mean(&known[..8]));
        assert_eq!(known, searched(40));
    }

    #[test]
    fn a_small_space_is_not_searched_twice() {
        let space = crate::space::parse(&"x = [1, 2, 3]".parse().unwrap()).unwrap();
        let search = Search::new(space, Method::Tpe, Some(20), 3).unwrap();
        let known: Vec<_> = search.next_round(&[]).unwrap().into_iter().map(|trial| (trial, Some(0.5))).collect();
        assert_eq!(known.len(), 3);
        assert!(search.next_round(&known).unwrap().is_empty());
    }
}
