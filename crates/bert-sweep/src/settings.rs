//! Settings of a sweep: flags and profile in, settings that can no longer be wrong out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use run_files::log::Evaluation;
use serde::Serialize;
use stage::{Upstream, bad_input, bail_input, ensure_input};
use toml::{Table, Value};

use crate::args::{Action, Args, Direction, Jobs, KeepWeights, Method};
use crate::cross_validation::CrossValidation;
use crate::devices;
use crate::profile::{Profile, SET_BY_SWEEP};
use crate::programs::sibling;
use crate::search::halving::Halving;
use crate::search::sampler::Sampler;
use crate::trials::objective::Objective;

/// The default of `bert-finetune`.
const DEFAULT_SEED: i64 = 42;

/// What is searched, how trials are ranked, and what they run on.
#[derive(Debug)]
pub(crate) struct SweepSettings {
    pub(crate) sampler: Sampler,
    pub(crate) halving: Option<Halving>,
    pub(crate) objective: Objective,
    /// How train is cut into folds, if it is.
    pub(crate) cross_validation: Option<CrossValidation>,
    /// Of each trial's runs; the first is that of the profile.
    pub(crate) seeds: Vec<i64>,
    /// `[finetune]`, without what the sweep sets itself.
    pub(crate) finetune: Table,
    /// All other sections, for the profile of the best trial.
    pub(crate) other_sections: Table,
    pub(crate) keep_weights: KeepWeights,
    pub(crate) resources: Resources,
}

/// What the trials run with, which does not change their result.
#[derive(Debug)]
pub(crate) struct Resources {
    /// Trials at the same time.
    pub(crate) jobs: usize,
    /// The CUDA device of each of them, where they have one each.
    pub(crate) devices: Vec<String>,
    /// Of each trial.
    pub(crate) threads: i64,
    /// The program that trains.
    pub(crate) finetune: PathBuf,
}

impl SweepSettings {
    /// Reads the profile and checks it against the flags. The task of the `tokens` says which metric ranks trials if neither
    /// names one.
    pub(crate) fn resolve(args: &Args, tokens: &Upstream) -> anyhow::Result<Self> {
        let default_metric = if tokens.manifest.plan["task"] == "regression" { "loss" } else { "accuracy" };
        let profile = Profile::read(&args.common)?;
        let mut finetune = profile.finetune;
        let devices = if args.jobs == Jobs::Auto { devices::for_trials(&finetune) } else { Vec::new() };
        let jobs = match args.jobs {
            Jobs::Number(number) => number,
            Jobs::Auto => devices.len().max(1),
        };
        let threads = threads(args, &finetune, jobs)?;
        SET_BY_SWEEP.iter().for_each(|name| drop(finetune.remove(*name)));
        let objective = objective(args, default_metric, &mut finetune)?;
        let seeds = seeds(&finetune, args.seeds)?;
        let sampler = Sampler::new(profile.space, args.method, args.trials, args.seed)?;
        let n_runs = seeds.len() * args.folds.map_or(1, |folds| folds as usize);
        check_combination(&sampler, profile.halving, n_runs, args.action)?;
        let cross_validation = args.folds.map(|folds| CrossValidation::resolve(folds, args, tokens)).transpose()?;
        let resources = Resources { jobs, devices, threads, finetune: finetune_program(args)? };
        let (halving, other_sections) = (profile.halving, profile.other_sections);
        Ok(Self {
            sampler,
            halving,
            objective,
            cross_validation,
            seeds,
            finetune,
            other_sections,
            keep_weights: args.keep_weights,
            resources,
        })
    }

    /// Everything that defines the result, for the manifest. Its fields are hashed into the manifest's key.
    pub(crate) fn definition(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Definition<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            cross_validation: Option<&'a CrossValidation>,
            space: BTreeMap<String, String>,
            method: Method,
            trials: usize,
            seed: u64,
            seeds: Vec<i64>,
            objective: Objective,
            halving: Option<Halving>,
            finetune: Table,
            #[serde(skip_serializing_if = "Option::is_none")]
            keep_weights: Option<KeepWeights>,
            /// They go into `best.toml`, which has a description of its own.
            #[serde(skip_serializing_if = "Table::is_empty")]
            other_sections: Table,
        }
        let mut other_sections = self.other_sections.clone();
        other_sections.remove("description");
        let sampler = &self.sampler;
        let space = sampler.space.iter().map(|(name, distribution)| (name.clone(), distribution.plan_text()));
        Definition {
            cross_validation: self.cross_validation.as_ref(),
            space: space.collect(),
            method: sampler.method,
            trials: sampler.n_trials,
            seed: sampler.seed,
            seeds: self.seeds.clone(),
            objective: self.objective.clone(),
            halving: self.halving,
            finetune: self.finetune.clone(),
            keep_weights: Some(self.keep_weights).filter(|kept| *kept != KeepWeights::Run),
            other_sections,
        }
    }
}

/// `n_runs`: of each trial.
fn check_combination(sampler: &Sampler, halving: Option<Halving>, n_runs: usize, action: Action) -> anyhow::Result<()> {
    let has_space = !sampler.space.is_empty();
    let is_tpe = sampler.method == Method::Tpe;
    let has_halving = halving.is_some();
    if !has_space && n_runs == 1 {
        bail_input!("nothing to search: add [sweep.space] to the profile, or compare seeds with --seeds 5");
    }
    ensure_input!(has_space || !has_halving, "[sweep.halving] needs [sweep.space]: seeds alone are not ranked");
    ensure_input!(
        !(has_halving && is_tpe),
        "[sweep.halving] needs --method grid or random: tpe learns from fully trained trials only"
    );
    ensure_input!(
        !action.needs_independent_trials() || !(has_halving || is_tpe),
        "`{}` needs trials that do not depend on each other; with tpe or [sweep.halving] they do",
        action.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
    );
    Ok(())
}

/// The metric that ranks trials also chooses the checkpoint within each, unless the profile says otherwise.
fn objective(args: &Args, default_metric: &str, finetune: &mut Table) -> anyhow::Result<Objective> {
    const KEY: &str = "metric_for_best_model";
    let metric_of_profile = match finetune.get(KEY) {
        None => None,
        Some(Value::String(metric)) => Some(metric.clone()),
        Some(other) => bail_input!("{KEY} in [finetune] is {other}; expected a string"),
    };
    if let (Some(metric), None) = (&args.metric, &metric_of_profile) {
        finetune.insert(KEY.to_owned(), Value::String(metric.clone()));
    }
    // As Transformers spells it, which bert-finetune takes.
    let plain = |metric: &String| metric.strip_prefix("eval_").unwrap_or(metric).to_owned();
    let of_best_model = metric_of_profile.as_ref().map(plain);
    let metric = args.metric.as_ref().map(plain).or_else(|| of_best_model.clone());
    let metric = metric.unwrap_or_else(|| default_metric.to_owned());
    let said = match finetune.get("greater_is_better").map(text) {
        Some(greater) if of_best_model.is_none_or(|of_best_model| of_best_model == metric) => Some(greater == "true"),
        _ => None,
    };
    let greater_is_better = said.unwrap_or(!Evaluation::LESS_IS_BETTER.contains(&metric.as_str()));
    let default_direction = if greater_is_better { Direction::Maximize } else { Direction::Minimize };
    Ok(Objective { metric, direction: args.direction.unwrap_or(default_direction) })
}

/// A value of a profile as `bert-finetune` reads it, whether it is quoted or not.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The seed of the profile, then 1, 2, 3, …
fn seeds(finetune: &Table, n: u64) -> anyhow::Result<Vec<i64>> {
    let first = match finetune.get("seed") {
        None => DEFAULT_SEED,
        Some(seed) => {
            text(seed).parse().map_err(|_| bad_input!("seed in [finetune] is {seed}; expected an integer"))?
        }
    };
    let others = (1..).filter(|seed| *seed != first);
    Ok([first].into_iter().chain(others).take(usize::try_from(n)?).collect())
}

fn threads(args: &Args, finetune: &Table, jobs: usize) -> anyhow::Result<i64> {
    let of_profile = finetune.get("threads").map(|threads| {
        text(threads).parse().map_err(|_| bad_input!("threads in [finetune] is {threads}; expected an integer"))
    });
    let of_profile = of_profile.transpose()?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.map(i64::try_from).transpose()?.or(of_profile);
    Ok(threads.unwrap_or((cores / jobs).max(1) as i64))
}

fn finetune_program(args: &Args) -> anyhow::Result<PathBuf> {
    let path = match &args.finetune {
        Some(path) => path.clone(),
        None => sibling("bert-finetune")?,
    };
    ensure_input!(path.is_file(), "cannot find {}; build bert-finetune, or set --finetune to its path", path.display());
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_ranked_as_bert_finetune_ranks_it() {
        #[derive(clap::Parser)]
        struct Flags {
            #[command(flatten)]
            args: Args,
        }
        let of = |finetune: &str, flags: &str| {
            let line = format!("sweep --tokens t --model m --out o {flags}");
            let args = <Flags as clap::Parser>::parse_from(line.split(' ').filter(|word| !word.is_empty())).args;
            let objective = objective(&args, "accuracy", &mut finetune.parse().unwrap()).unwrap();
            (objective.metric, objective.direction)
        };
        let (least, most) = (Direction::Minimize, Direction::Maximize);
        assert_eq!(of("", ""), ("accuracy".to_owned(), most));
        assert_eq!(of("metric_for_best_model = 'mse'", ""), ("mse".to_owned(), least));
        assert_eq!(of("metric_for_best_model = 'eval_loss'", ""), ("loss".to_owned(), least));
        assert_eq!(of("metric_for_best_model = 'f1'\ngreater_is_better = false", ""), ("f1".to_owned(), least));
        let other = of("metric_for_best_model = 'loss'\ngreater_is_better = 'false'", "--metric eval_f1");
        assert_eq!(other, ("f1".to_owned(), most));
        assert_eq!(of("metric_for_best_model = 'mse'", "--direction maximize"), ("mse".to_owned(), most));
    }

    #[test]
    fn seeds_begin_with_the_profiles_and_do_not_repeat() {
        assert_eq!(seeds(&Table::new(), 3).unwrap(), [42, 1, 2]);
        assert_eq!(seeds(&"seed = 2".parse().unwrap(), 4).unwrap(), [2, 1, 3, 4]);
        assert_eq!(seeds(&"seed = '2'".parse().unwrap(), 1).unwrap(), [2]);
    }
}
