//! From what was typed to a search whose settings can no longer be wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow, ensure};
use serde::Serialize;
use stage::bad_input;
use toml::{Table, Value};

use crate::args::{Action, Args, Direction, Method};
use crate::halving::Halving;
use crate::log::Figures;
use crate::profile::{OWN, Profile};
use crate::search::Search;

/// Of `bert-finetune`, where nothing else is said.
const DEFAULT_SEED: i64 = 42;

/// What is searched, and how trials are judged.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) search: Search,
    pub(crate) halving: Option<Halving>,
    pub(crate) objective: Objective,
    /// Of each trial, the first is that of the profile.
    pub(crate) seeds: Vec<i64>,
    /// `[finetune]`, without what the sweep sets by itself.
    pub(crate) base: Table,
    /// The other sections, for a profile of the best trial.
    pub(crate) others: Table,
    pub(crate) effort: Effort,
}

/// How the machine is used, which defines no result.
#[derive(Debug)]
pub(crate) struct Effort {
    pub(crate) jobs: usize,
    pub(crate) threads: i64,
    pub(crate) finetune: PathBuf,
}

/// The figure that ranks trials.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Objective {
    pub(crate) metric: String,
    pub(crate) direction: Direction,
}

impl Objective {
    /// The figure, if the evaluation has it.
    pub(crate) fn value(&self, figures: &Figures) -> Option<f64> {
        figures.get(&self.metric).copied()
    }

    /// The figure, which every evaluation should have.
    pub(crate) fn judged(&self, figures: &Figures) -> anyhow::Result<f64> {
        let names = || figures.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let problem =
            || anyhow!("the evaluations have no {}, only {}; give --metric one of them", self.metric, names());
        self.value(figures).ok_or_else(|| bad_input(problem()))
    }

    /// A value turned so that more is better.
    pub(crate) fn merit(&self, value: f64) -> f64 {
        if self.direction == Direction::Maximize { value } else { -value }
    }
}

impl Sweep {
    /// Reads the profile and checks it against the flags; `usual_metric` is for where neither names one.
    pub(crate) fn resolve(args: &Args, usual_metric: &str) -> anyhow::Result<Self> {
        let profile = Profile::read(args.common.profile.as_deref())?;
        let mut base = profile.finetune;
        let threads = threads(args, &base)?;
        OWN.iter().for_each(|name| drop(base.remove(*name)));
        let objective = objective(args, usual_metric, &mut base)?;
        let seeds = seeds(&base, args.seeds)?;
        let searched = !profile.space.is_empty();
        ensure!(searched || seeds.len() > 1, "nothing to search: give [sweep.space] in the profile, or --seeds 5");
        ensure!(searched || profile.halving.is_none(), "[sweep.halving] needs [sweep.space]: seeds are not ranked");
        ensure!(
            profile.halving.is_none() || args.method != Method::Tpe,
            "[sweep.halving] goes with --method grid or random; tpe wants whole trials to learn from"
        );
        if args.action == Action::Plan {
            let independent = profile.halving.is_none() && args.method != Method::Tpe;
            ensure!(
                independent,
                "`plan` writes trials that run by themselves; those of tpe and [sweep.halving] wait for others"
            );
        }
        let search = Search::new(profile.space, args.method, args.trials, args.seed)?;
        let effort = Effort { jobs: usize::try_from(args.jobs)?, threads, finetune: finetune(args)? };
        Ok(Self { search, halving: profile.halving, objective, seeds, base, others: profile.others, effort })
    }

    /// Everything that defines the table, for the manifest.
    pub(crate) fn definition(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Definition {
            space: BTreeMap<String, String>,
            method: Method,
            trials: usize,
            seed: u64,
            seeds: Vec<i64>,
            objective: Objective,
            halving: Option<Halving>,
            finetune: Table,
        }
        let space = self.search.space.iter().map(|(name, choices)| (name.clone(), format!("{choices:?}")));
        Definition {
            space: space.collect(),
            method: self.search.method,
            trials: self.search.n_trials,
            seed: self.search.seed,
            seeds: self.seeds.clone(),
            objective: self.objective.clone(),
            halving: self.halving,
            finetune: self.base.clone(),
        }
    }
}

/// What ranks trials also chooses the checkpoint within each, unless the profile says otherwise.
fn objective(args: &Args, usual_metric: &str, base: &mut Table) -> anyhow::Result<Objective> {
    const CHOOSES: &str = "metric_for_best_model";
    let of_base = base.get(CHOOSES).map(|metric| metric.as_str().context("metric_for_best_model is no string"));
    let of_base = of_base.transpose()?.map(str::to_owned);
    if let (Some(metric), None) = (&args.metric, &of_base) {
        base.insert(CHOOSES.to_owned(), Value::String(metric.clone()));
    }
    let metric = args.metric.clone().or(of_base).unwrap_or_else(|| usual_metric.to_owned());
    let usual = if metric == "loss" { Direction::Minimize } else { Direction::Maximize };
    Ok(Objective { metric, direction: args.direction.unwrap_or(usual) })
}

/// The seed of the profile, then 1, 2, 3 …
fn seeds(base: &Table, n: u64) -> anyhow::Result<Vec<i64>> {
    let first = match base.get("seed") {
        None => DEFAULT_SEED,
        Some(seed) => seed.as_integer().context("seed in [finetune] is no whole number")?,
    };
    let others = (1..).filter(|seed| *seed != first);
    Ok([first].into_iter().chain(others).take(usize::try_from(n)?).collect())
}

fn threads(args: &Args, base: &Table) -> anyhow::Result<i64> {
    let of_base = base.get("threads").and_then(Value::as_integer);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let threads = args.threads.map(i64::try_from).transpose()?.or(of_base);
    Ok(threads.unwrap_or((cores / args.jobs).max(1) as i64))
}

fn finetune(args: &Args) -> anyhow::Result<PathBuf> {
    let path = match &args.finetune {
        Some(path) => path.clone(),
        None => std::env::current_exe().context("cannot find the program's own file")?.with_file_name("bert-finetune"),
    };
    ensure!(path.is_file(), "{} is not there; build bert-finetune, or give --finetune FILE", path.display());
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_begin_with_the_profiles_and_do_not_repeat() {
        assert_eq!(seeds(&Table::new(), 3).unwrap(), [42, 1, 2]);
        assert_eq!(seeds(&"seed = 2".parse().unwrap(), 4).unwrap(), [2, 1, 3, 4]);
    }

    #[test]
    fn less_loss_is_more_merit() {
        let loss = Objective { metric: "loss".to_owned(), direction: Direction::Minimize };
        assert!(loss.merit(0.3) > loss.merit(0.4));
        assert_eq!(loss.value(&Figures::from([("loss".to_owned(), 0.3)])), Some(0.3));
    }
}
