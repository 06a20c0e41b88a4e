//! Which trials there are: a pure function of the space, the method, the seed of the search and, for TPE, of the figures
//! that came out so far.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use toml::Value;

use crate::args::Method;
use crate::draw::uniform;
use crate::space::{Choices, Space};
use crate::tpe;

/// The values of one trial, by the arguments of the space.
pub(crate) type Arguments = BTreeMap<String, Value>;

/// How trials are chosen from a space.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) space: Space,
    pub(crate) method: Method,
    /// As asked for; a grid has its own.
    pub(crate) n_trials: usize,
    pub(crate) seed: u64,
}

impl Search {
    /// Checks that the method fits the space.
    pub(crate) fn new(space: Space, method: Method, n_trials: Option<usize>, seed: u64) -> anyhow::Result<Self> {
        let n_trials = match (space.is_empty(), method) {
            (true, _) => 1,
            (false, Method::Grid) => {
                ensure!(n_trials.is_none(), "--trials goes with --method random or tpe; a grid has as many as it has");
                grid_size(&space)?
            }
            (false, _) => n_trials.context("--method random and tpe need --trials")?,
        };
        ensure!(n_trials > 0, "--trials is 0; expected at least 1");
        Ok(Self { space, method, n_trials, seed })
    }

    /// The trials to run next, behind those that are known with their merits; none when all are known.
    ///
    /// Grid and random search have one round. TPE has several, of a fixed size, so that its trials do not depend on
    /// which of the running ones ended first.
    pub(crate) fn next_round(&self, known: &[(Arguments, Option<f64>)]) -> anyhow::Result<Vec<Arguments>> {
        if known.len() >= self.n_trials {
            return Ok(Vec::new());
        }
        match self.method {
            _ if self.space.is_empty() => Ok(vec![Arguments::new()]),
            Method::Grid if known.is_empty() => Ok(self.grid()),
            Method::Random if known.is_empty() => Ok(self.random(self.n_trials)),
            Method::Grid | Method::Random => Ok(Vec::new()),
            Method::Tpe if known.is_empty() => Ok(self.random(self.n_trials.min(tpe::N_RANDOM))),
            Method::Tpe => tpe::next_round(self, known),
        }
    }

    /// Every combination. Arguments are in the order of their names, and the last one changes fastest.
    fn grid(&self) -> Vec<Arguments> {
        let mut combinations = vec![Arguments::new()];
        for (name, choices) in &self.space {
            let values = choices.all().unwrap_or_default();
            let longer = |begun: &Arguments| -> Vec<Arguments> {
                let with = |value: &Value| begun.clone().into_iter().chain([(name.clone(), value.clone())]).collect();
                values.iter().map(with).collect()
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        combinations
    }

    /// So many different trials, or fewer where the space has no more.
    fn random(&self, n_trials: usize) -> Vec<Arguments> {
        let most_draws = 50 * n_trials as u64 + 100;
        let mut trials: Vec<Arguments> = Vec::new();
        for draw in 0..most_draws {
            let trial = self.drawn(draw);
            if trials.len() < n_trials && !trials.contains(&trial) {
                trials.push(trial);
            }
        }
        trials
    }

    /// The arguments of one draw.
    pub(crate) fn drawn(&self, draw: u64) -> Arguments {
        let value = |(name, choices): (&String, &Choices)| (name.clone(), choices.at(uniform(self.seed, draw, name)));
        self.space.iter().map(value).collect()
    }
}

fn grid_size(space: &Space) -> anyhow::Result<usize> {
    const MOST: usize = 100_000;
    let mut size = 1_usize;
    for (name, choices) in space {
        let values = choices.all();
        let values = values.with_context(|| {
            format!("{name} in [sweep.space] is a range without a step; a grid needs a list, whole numbers or a step")
        })?;
        size = size.saturating_mul(values.len());
    }
    ensure!(size <= MOST, "the grid has more than {MOST} trials; use --method random");
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str, method: Method, n_trials: Option<usize>) -> anyhow::Result<Search> {
        let space = crate::space::parse(&text.parse().unwrap()).unwrap();
        Search::new(space, method, n_trials, 7)
    }

    fn told(trials: &[Arguments]) -> Vec<String> {
        let values = |trial: &Arguments| trial.values().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        trials.iter().map(values).collect()
    }

    const LISTS: &str = "b = [1, 2]\na = ['x', 'y', 'z']";

    #[test]
    fn a_grid_counts_up_with_the_last_name_fastest() {
        let grid = search(LISTS, Method::Grid, None).unwrap();
        let expected = ["\"x\" 1", "\"x\" 2", "\"y\" 1", "\"y\" 2", "\"z\" 1", "\"z\" 2"];
        assert_eq!(told(&grid.next_round(&[]).unwrap()), expected);
        assert_eq!(grid.n_trials, 6);
    }

    #[test]
    fn random_trials_differ_and_more_of_them_begin_with_the_same() {
        let space = "rate = { min = 1e-5, max = 1e-3, log = true }\nbatch = [8, 16]";
        let trials = |n| told(&search(space, Method::Random, Some(n)).unwrap().next_round(&[]).unwrap());
        let few = trials(4);
        assert_eq!(few, trials(9)[..4]);
        assert_eq!(few.len(), 4);
        let whole = told(&search(LISTS, Method::Random, Some(50)).unwrap().next_round(&[]).unwrap());
        assert_eq!(whole.iter().collect::<std::collections::BTreeSet<_>>().len(), 6, "the space has no more");
        assert_eq!(whole.len(), 6);
    }

    #[test]
    fn a_method_that_does_not_fit_is_refused() {
        let refusal = |text, method, n| search(text, method, n).unwrap_err().to_string();
        assert_eq!(
            refusal("a = { min = 0.0, max = 1.0 }", Method::Grid, None),
            "a in [sweep.space] is a range without a step; a grid needs a list, whole numbers or a step"
        );
        assert!(refusal(LISTS, Method::Grid, Some(3)).starts_with("--trials goes with --method random"));
        assert_eq!(refusal(LISTS, Method::Random, None), "--method random and tpe need --trials");
    }

    #[test]
    fn without_a_space_there_is_one_trial() {
        let search = search("", Method::Random, None).unwrap();
        assert_eq!(search.next_round(&[]).unwrap(), [Arguments::new()]);
        assert!(search.next_round(&[(Arguments::new(), None)]).unwrap().is_empty());
    }
}
