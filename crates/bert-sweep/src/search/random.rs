//! Random search: every argument of every trial is sampled independently from its distribution.

use super::rng::uniform;
use super::space::{Arguments, Distribution, Space};

/// `n_trials` different trials, or fewer if the space has no more.
pub(crate) fn random(space: &Space, seed: u64, n_trials: usize) -> Vec<Arguments> {
    let max_draws = 50 * n_trials as u64 + 100;
    let mut trials: Vec<Arguments> = Vec::new();
    for draw in 0..max_draws {
        let trial = sample(space, seed, draw);
        if trials.len() < n_trials && !trials.contains(&trial) {
            trials.push(trial);
        }
    }
    trials
}

fn sample(space: &Space, seed: u64, draw: u64) -> Arguments {
    let value = |(name, distribution): (&String, &Distribution)| {
        (name.clone(), distribution.value_at(uniform(seed, draw, name)))
    };
    space.iter().map(value).collect()
}
