//! Sampler: which trials are run next, by grid search, random search or TPE. A pure function of the space, the method,
//! the seed of the search and, for TPE, of the scores so far.

use stage::{bail_input, ensure_input};

use super::grid::{grid, grid_size};
use super::random::random;
use super::space::{Arguments, Observation, Space};
use super::tpe;
use crate::args::Method;

/// How trials are chosen from a space.
#[derive(Debug)]
pub(crate) struct Sampler {
    pub(crate) space: Space,
    pub(crate) method: Method,
    /// Of a grid, the number of its combinations; else as given.
    pub(crate) n_trials: usize,
    pub(crate) seed: u64,
}

impl Sampler {
    /// Checks that the method fits the space.
    pub(crate) fn new(space: Space, method: Method, n_trials: Option<usize>, seed: u64) -> anyhow::Result<Self> {
        let n_trials = match (space.is_empty(), method, n_trials) {
            (true, ..) => 1,
            (false, Method::Grid, None) => grid_size(&space)?,
            (false, Method::Grid, Some(_)) => {
                bail_input!("--trials does not apply to --method grid, which runs every combination")
            }
            (false, _, Some(n_trials)) => n_trials,
            (false, _, None) => bail_input!("--method random and tpe need --trials"),
        };
        ensure_input!(n_trials > 0, "--trials is 0; expected at least 1");
        Ok(Self { space, method, n_trials, seed })
    }

    /// The trials to run next, given all earlier ones with their scores; none when there are no more.
    ///
    /// Grid and random search have one round. TPE has several, of a fixed size, so that its trials do not depend on
    /// which of the running ones ended first.
    pub(crate) fn next_round(&self, known: &[Observation]) -> anyhow::Result<Vec<Arguments>> {
        if known.len() >= self.n_trials {
            return Ok(Vec::new());
        }
        match self.method {
            _ if self.space.is_empty() => Ok(vec![Arguments::new()]),
            Method::Grid if known.is_empty() => Ok(grid(&self.space)),
            Method::Random if known.is_empty() => Ok(random(&self.space, self.seed, self.n_trials)),
            Method::Grid | Method::Random => Ok(Vec::new()),
            Method::Tpe if known.is_empty() => {
                Ok(random(&self.space, self.seed, self.n_trials.min(tpe::N_STARTUP_TRIALS)))
            }
            Method::Tpe => tpe::next_round(&self.space, self.seed, self.n_trials, known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::space::parse;

    fn sampler(text: &str, method: Method, n_trials: Option<usize>) -> anyhow::Result<Sampler> {
        Sampler::new(parse(&text.parse().unwrap()).unwrap(), method, n_trials, 7)
    }

    fn written(trials: &[Arguments]) -> Vec<String> {
        let values = |trial: &Arguments| trial.values().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        trials.iter().map(values).collect()
    }

    const LISTS: &str = "b = [1, 2]\na = ['x', 'y', 'z']";

    #[test]
    fn a_grid_counts_up_with_the_last_name_fastest() {
        let sampler = sampler(LISTS, Method::Grid, None).unwrap();
        let expected = ["\"x\" 1", "\"x\" 2", "\"y\" 1", "\"y\" 2", "\"z\" 1", "\"z\" 2"];
        assert_eq!(written(&sampler.next_round(&[]).unwrap()), expected);
        assert_eq!(sampler.n_trials, 6);
    }

    #[test]
    fn random_trials_differ_and_more_of_them_begin_with_the_same() {
        let space = "rate = { min = 1e-5, max = 1e-3, log = true }\nbatch = [8, 16]";
        let trials = |n| written(&sampler(space, Method::Random, Some(n)).unwrap().next_round(&[]).unwrap());
        let few = trials(4);
        assert_eq!(few, trials(9)[..4]);
        assert_eq!(few.len(), 4);
        let whole = written(&sampler(LISTS, Method::Random, Some(50)).unwrap().next_round(&[]).unwrap());
        assert_eq!(whole.iter().collect::<std::collections::BTreeSet<_>>().len(), 6, "the space has no more");
        assert_eq!(whole.len(), 6);
    }

    #[test]
    fn a_method_that_does_not_fit_is_refused() {
        let refusal = |text, method, n| sampler(text, method, n).unwrap_err().to_string();
        assert_eq!(
            refusal("a = { min = 0.0, max = 1.0 }", Method::Grid, None),
            "a in [sweep.space] is a continuous range; for a grid, give a list, integer bounds or a step"
        );
        assert!(refusal(LISTS, Method::Grid, Some(3)).starts_with("--trials does not apply to --method grid"));
        assert_eq!(refusal(LISTS, Method::Random, None), "--method random and tpe need --trials");
    }

    #[test]
    fn without_a_space_there_is_one_trial() {
        let sampler = sampler("", Method::Random, None).unwrap();
        assert_eq!(sampler.next_round(&[]).unwrap(), [Arguments::new()]);
        let known = [Observation { arguments: Arguments::new(), score: None }];
        assert!(sampler.next_round(&known).unwrap().is_empty());
    }
}
