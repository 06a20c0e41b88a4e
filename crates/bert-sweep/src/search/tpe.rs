//! TPE, tree-structured Parzen estimators (Bergstra et al. 2011): where good trials lie more densely than the others,
//! more are tried. The estimators are those of crate `tpe`, one for each argument.
//!
//! Rounds have a fixed size and know the scores of earlier rounds only, so that the same profile gives the same trials
//! however many run at a time. The random numbers are functions of counters here too.

use std::convert::Infallible;

use anyhow::Context;
use rand::rand_core::TryRng;
use toml::Value;
use tpe::{TpeOptimizer, categorical_range, histogram_estimator, parzen_estimator, range};

use super::rng::bits;
use super::space::{Arguments, Distribution, Observation, Space};

/// Random trials before the first that TPE proposes.
pub(crate) const N_STARTUP_TRIALS: usize = 8;
const TRIALS_PER_ROUND: usize = 4;
/// Proposals per trial until one is not known yet; a small space may have no other, and the round is shorter.
const MAX_ATTEMPTS: u64 = 64;

/// The next trials, given all earlier ones; a trial without a score counts as the worst.
pub(crate) fn next_round(
    space: &Space,
    seed: u64,
    n_trials: usize,
    known: &[Observation],
) -> anyhow::Result<Vec<Arguments>> {
    let mut round: Vec<Arguments> = Vec::new();
    for number in known.len()..n_trials.min(known.len() + TRIALS_PER_ROUND) {
        for attempt in 0..MAX_ATTEMPTS {
            let trial = proposal(space, seed, number as u64 * MAX_ATTEMPTS + attempt, known)?;
            if !round.contains(&trial) && known.iter().all(|other| other.arguments != trial) {
                round.push(trial);
                break;
            }
        }
    }
    Ok(round)
}

fn proposal(space: &Space, seed: u64, draw: u64, known: &[Observation]) -> anyhow::Result<Arguments> {
    let argument = |(name, distribution): (&String, &Distribution)| {
        let observed = known.iter().filter_map(|trial| Some((trial.arguments.get(name)?, trial.score)));
        let mut rng = CounterRng { seed: bits(seed, draw, name), n_drawn: 0 };
        let value = propose(distribution, observed, &mut rng).with_context(|| format!("no estimate for {name}"))?;
        Ok((name.clone(), value))
    };
    space.iter().map(argument).collect()
}

/// The value that the estimator of one argument proposes, given the values and scores of earlier trials.
fn propose<'a>(
    distribution: &Distribution,
    observed: impl Iterator<Item = (&'a Value, Option<f64>)>,
    rng: &mut CounterRng,
) -> anyhow::Result<Value> {
    let (mut estimator, n_categories) = match distribution {
        Distribution::Categorical(values) => {
            (TpeOptimizer::new(histogram_estimator(), categorical_range(values.len())?), values.len() as f64)
        }
        _ => (TpeOptimizer::new(parzen_estimator(), range(0.0, 1.0)?), 1.0),
    };
    for (value, score) in observed {
        // The estimator knows a category by its index and a number by its fraction of the range, and it minimizes.
        let fraction = distribution.fraction_of(value);
        let position = if n_categories > 1.0 { (fraction * n_categories).floor() } else { fraction };
        estimator.tell(position, score.map_or(f64::INFINITY, |score| -score))?;
    }
    let position = estimator.ask(rng)?;
    Ok(distribution.value_at(if n_categories > 1.0 { (position.floor() + 0.5) / n_categories } else { position }))
}

/// A random number generator whose numbers are functions of a seed and a counter.
struct CounterRng {
    seed: u64,
    n_drawn: u64,
}

impl TryRng for CounterRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.n_drawn += 1;
        Ok(bits(self.seed, self.n_drawn, ""))
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
    use crate::search::sampler::Sampler;
    use crate::search::space::parse;

    /// Best at a rate of 1e-4 and with "b".
    fn score(trial: &Arguments) -> f64 {
        let rate = trial["rate"].as_float().unwrap();
        -(rate.log10() + 4.0).abs() - if trial["kind"].as_str() == Some("b") { 0.0 } else { 0.5 }
    }

    fn search(n_trials: usize) -> Vec<Observation> {
        let text = "rate = { min = 1e-6, max = 1e-2, log = true }\nkind = ['a', 'b', 'c']";
        let space = parse(&text.parse().unwrap()).unwrap();
        let sampler = Sampler::new(space, Method::Tpe, Some(n_trials), 3).unwrap();
        let mut known: Vec<Observation> = Vec::new();
        loop {
            let round = sampler.next_round(&known).unwrap();
            if round.is_empty() {
                return known;
            }
            let observed = |arguments: Arguments| Observation { score: Some(score(&arguments)), arguments };
            known.extend(round.into_iter().map(observed));
        }
    }

    #[test]
    fn later_trials_are_better_and_repeat() {
        let known = search(40);
        assert_eq!(known.len(), 40);
        let mean = |part: &[Observation]| part.iter().filter_map(|trial| trial.score).sum::<f64>() / part.len() as f64;
        let (random, later) = (mean(&known[..N_STARTUP_TRIALS]), mean(&known[20..]));
        assert!(later > random + 0.2, "{later} {random}");
        assert_eq!(known, search(40));
    }

    #[test]
    fn a_small_space_is_not_searched_twice() {
        let space = parse(&"x = [1, 2, 3]".parse().unwrap()).unwrap();
        let sampler = Sampler::new(space, Method::Tpe, Some(20), 3).unwrap();
        let observed = |arguments: Arguments| Observation { arguments, score: Some(0.5) };
        let known: Vec<_> = sampler.next_round(&[]).unwrap().into_iter().map(observed).collect();
        assert_eq!(known.len(), 3);
        assert!(sampler.next_round(&known).unwrap().is_empty());
    }
}
