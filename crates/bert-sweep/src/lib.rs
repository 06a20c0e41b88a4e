//! Hyper-parameter search (`bert-sweep`): a profile with a search space in, a table of trials and the best model out.
//!
//! ```text
//! args, profile ──► settings
//!                      │
//! search/              ▼
//!   sampler: grid, random, TPE ──► arguments ──► trials/ trial: one run per seed and fold, in a folder of its own
//!      ▲                                           │
//!      │ scores                                    ▼
//!      │                             execution/ plan_check: bert-finetune --plan
//!      │                                        training: one process a run, rung by rung (halving, retention)
//!      │                                        or batch_scripts, for Make and Slurm
//!      │                                           │
//!   trials/ ranking ◄── row ◄── run_log ◄──────────┘ train/log.jsonl
//!      │
//!      └──► report/ ──► OUT/{trials.jsonl, leaderboard.md, summary.json, sweep.html, best.toml, best/}
//! ```
//!
//! `list` and `trial` are for engines that map tasks over an index: `execution/single_run` prints all runs, or trains one of them.
//!
//! With `--folds`, `execution/fold_preparation` first has `sst-fetch` and `sst-tokenize` make the tokens of every fold.
//!
//! It links no libtorch and knows no argument of `bert-finetune` by name but the few that it sets. What a trial did is
//! read from its folder and from nowhere else; so a sweep that was killed, one that was run by Make, and an undisturbed
//! one come to the same table.

mod args;
mod profile;
mod programs;
mod devices;
mod cross_validation;
mod settings;
mod search;
mod trials;
mod execution;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder};
use run_files::layout::trial::TRAIN;
use stage::{Interrupt, Job, OutputFolder, Stage, Upstream, ensure_input, print_line};

pub use args::{Action, Args, Direction, Jobs, Method};
pub use execution::trial_process::become_trial;
pub use profile::OTHER_SECTIONS;

use crate::cross_validation::RAW_TRAIN;
use crate::execution::plan_check::KnownPlans;
use crate::execution::training::Training;
use crate::execution::{batch_scripts, fold_preparation, plan_check, retention, single_run};
use crate::report::leaderboard::LEADERBOARD;
use crate::report::outputs::{self, Written};
use crate::report::summary;
use crate::search::space::Observation;
use crate::settings::SweepSettings;
use crate::trials::dataset::Dataset;
use crate::trials::row::Row;
use crate::trials::trial::{SweepPaths, Trial};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-sweep", version: 1 };

/// How far a sweep came, and whether its leaderboard could be printed: a full stdout leaves no result unfinished.
enum Outcome {
    /// No trial is open any more, and the best one is there.
    Complete { printed: anyhow::Result<()> },
    /// The same command goes on: trials are open, or were only planned.
    Incomplete { printed: anyhow::Result<()> },
}

/// Runs the stage.
///
/// # Errors
/// Fails on settings that do not fit, a trial that `bert-finetune` rejects, a signal, and when no trial was completed.
pub fn run(args: &Args) -> anyhow::Result<()> {
    ensure_input!(args.index.is_none() || args.action == Action::Trial, "--index is for `bert-sweep trial` alone");
    for path in [&args.common.out, &args.tokens, &args.model] {
        ensure_input!(
            path.to_str().is_some(),
            "{} is not UTF-8, and trials are told their folders in profiles, which are; rename it",
            path.display()
        );
    }
    let tokens = Upstream::open(&args.tokens, "sst-tokenize")?;
    let settings = SweepSettings::resolve(args, &tokens)?;
    let job = job(args, &settings, &tokens)?;
    match args.action {
        Action::List => return single_run::list(args, &settings, &job.share()?),
        Action::Trial => return single_run::train(args, &settings, &job.share()?),
        Action::Run | Action::Plan | Action::Collect => {}
    }
    let Some(mut output) = job.begin()? else {
        if !args.common.explain {
            verify_best(&args.common.out)?;
            let leaderboard = fs::read_to_string(args.common.out.join(LEADERBOARD)).unwrap_or_default();
            print_line(leaderboard.trim_end())?;
        }
        return Ok(());
    };
    match sweep(args, &settings, &mut output)? {
        Outcome::Complete { printed } => {
            output.finish()?;
            printed
        }
        Outcome::Incomplete { printed } => printed,
    }
}

/// What freshness is judged by: the settings, the tokens and the model.
fn job(args: &Args, settings: &SweepSettings, tokens: &Upstream) -> anyhow::Result<Job> {
    stage::verify_files(&args.model, &CONFIG_AND_TOKENIZER_FILES)?;
    let model = ModelFolder::open(&args.model)?;
    let mut job = Job::new(STAGE, &args.common)
        .plan(&settings.definition())?
        .figures(summary::figures)
        .own_folders(&["trials", retention::BEST, retention::KEPT, fold_preparation::FOLDS])
        .takes_long(match starts_anew(args) {
            true => "--force removes its folder trials, too",
            false => "what was trained stays in its folder trials, and is found again where it fits",
        })
        .input_folder(&args.tokens)
        .input_folder(&args.model)
        .input("model/config.json", model.config_path());
    job = match &settings.cross_validation {
        Some(cross_validation) => {
            job.input_folder(&cross_validation.raw).input(RAW_TRAIN, cross_validation.raw_train())
        }
        None => job
            .needs("best/train/manifest.json")
            .input("tokens/train.parquet", tokens.required("train.parquet")?)
            .input("tokens/validation.parquet", tokens.required("validation.parquet")?),
    };
    for (name, path) in model.weight_files()? {
        job = job.input(format!("model/{name}"), path);
    }
    for (name, path) in model.tokenizer_files() {
        job = job.input(format!("model/{name}"), path);
    }
    Ok(job.record("jobs", settings.resources.jobs).record("threads", settings.resources.threads))
}

/// Runs, plans or collects all rounds of trials.
fn sweep(args: &Args, settings: &SweepSettings, output: &mut OutputFolder) -> anyhow::Result<Outcome> {
    let interrupt = Interrupt::install().context("cannot install the signal handlers")?;
    let datasets = match &settings.cross_validation {
        Some(folds) => fold_preparation::prepare(folds, args, output.inputs(), (settings.resources.jobs, &interrupt))?,
        None => vec![Dataset { fold: None, tokens: args.tokens.clone(), inputs: output.inputs().clone() }],
    };
    output.inputs_are_read(|_| true)?; // each run is held to those that it reads
    let paths = SweepPaths { out: &args.common.out, model: &args.model, datasets: &datasets };
    let mut training = Training {
        action: args.action,
        settings,
        common: &args.common,
        tokens: &args.tokens,
        model: &args.model,
        interrupt: &interrupt,
        output,
        trials: Vec::new(),
        seconds: BTreeMap::new(),
        warnings: BTreeSet::new(),
    };
    loop {
        let known = observations(&training)?;
        let round = settings.sampler.next_round(&known)?;
        if round.is_empty() {
            break;
        }
        let first = training.trials.len();
        for (index, arguments) in round.into_iter().enumerate() {
            training.trials.push(Trial::new(first + index, arguments, settings, &paths));
        }
        if args.action != Action::Collect {
            let known = if starts_anew(args) { KnownPlans::Discard } else { KnownPlans::Keep };
            plan_check::check(&mut training.trials[first..], known, &settings.resources, &interrupt)?;
        }
        if first == 0 && starts_anew(args) {
            training.clear_output()?;
            retention::discard(&args.common.out, &training.trials)?;
        }
        if args.action == Action::Plan {
            batch_scripts::write(&training.trials, &settings.resources.finetune, &args.common)?;
            return Ok(Outcome::Incomplete { printed: Ok(()) });
        }
        // What an earlier sweep has finished stays until something new is written: what is read may still be refused.
        training.rows()?;
        training.run_round(first)?;
        if args.action == Action::Collect && training.rows()?.iter().any(Row::is_open) {
            break; // TPE needs their scores to propose the next trials.
        }
    }
    let Written { is_complete, printed } = outputs::write(&mut training)?;
    Ok(if is_complete { Outcome::Complete { printed } } else { Outcome::Incomplete { printed } })
}

/// Checks the best run of a fresh sweep, whose manifest lists the files of the sweep alone.
fn verify_best(out: &Path) -> anyhow::Result<()> {
    let train = out.join(retention::BEST).join(TRAIN);
    if !train.is_dir() {
        return Ok(()); // of cross-validation the profile is the result
    }
    let run = Upstream::open(&train, "bert-finetune")?;
    let names: Vec<&str> = run.manifest.outputs.keys().map(String::as_str).collect();
    stage::verify_files(&train, &names)
}

/// Whether `--force` discards the trials of earlier sweeps. `collect` trains none, so it discards none.
fn starts_anew(args: &Args) -> bool {
    args.common.force && args.action != Action::Collect
}

/// The trials so far with their scores, for the sampler.
fn observations(training: &Training<'_>) -> anyhow::Result<Vec<Observation>> {
    let ranking = training.ranking(&training.rows()?);
    let score = |trial: &Trial| ranking.iter().find(|ranked| ranked.trial == trial.number)?.score();
    let observation = |trial: &Trial| Observation { arguments: trial.arguments.clone(), score: score(trial) };
    Ok(training.trials.iter().map(observation).collect())
}
