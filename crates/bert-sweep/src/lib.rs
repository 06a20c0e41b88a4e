//! `bert-sweep`: a profile with a space of arguments in, a table of trials and the best trained model out.
//!
//! ```text
//! profile ──► sweep ──► search ──► trials ──► check: bert-finetune --plan
//!                          ▲                    │
//!                          └── (tpe) ── rows ◄── training: a process each, rung by rung ──► OUT/{trials.jsonl,
//!                                                leaderboard.md, summary.json, sweep.html, best.toml, best/}
//! ```
//!
//! It links no libtorch and knows no argument of `bert-finetune` by name but the few that it sets. What a trial did is
//! read from its folder and from nowhere else; so a sweep that was killed, one that was planned and run by Make, and an
//! undisturbed one come to the same table.

mod args;
mod check;
mod child;
mod draw;
mod effect;
mod halving;
mod keep;
mod leaderboard;
mod length;
mod log;
mod page;
mod planned;
mod pool;
mod profile;
mod report;
mod row;
mod rungs;
mod search;
mod space;
mod standing;
mod sweep;
mod tpe;
mod training;
mod trial;

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;
use checkpoint::ModelFolder;
use stage::{Interrupt, Job, Stage, Upstream, OutputFolder, bad_input};

pub use args::{Action, Args};
pub use child::become_trial;

use crate::row::Row;
use crate::search::Arguments;
use crate::sweep::Sweep;
use crate::training::Training;
use crate::trial::{Places, Trial, remove_if_there};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-sweep", version: 1 };

/// Runs the stage.
///
/// # Errors
/// Fails on settings that do not fit, a trial that `bert-finetune` refuses, a signal, and when no trial can be judged.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let tokens = Upstream::open(&args.tokens, "sst-tokenize")?;
    let usual_metric = if tokens.manifest.plan["task"] == "regression" { "loss" } else { "accuracy" };
    let sweep = Sweep::resolve(args, usual_metric).map_err(bad_input)?;
    let model = ModelFolder::open(&args.model).map_err(bad_input)?;
    let mut job = Job::new(STAGE, &args.common)
        .plan(&sweep.definition())?
        .input("tokens/train.parquet", tokens.required("train.parquet")?)
        .input("tokens/validation.parquet", tokens.required("validation.parquet")?)
        .input("model/config.json", model.config_path())
        .input("model/model.safetensors", model.weights_path());
    for (name, path) in model.tokenizer_files() {
        job = job.input(format!("model/{name}"), path);
    }
    job = job.record("jobs", sweep.effort.jobs).record("threads", sweep.effort.threads);
    let Some(mut work) = job.begin()? else {
        if !args.common.explain {
            print!("{}", fs::read_to_string(args.common.out.join(report::LEADERBOARD)).unwrap_or_default());
        }
        return Ok(());
    };
    if work.starts_anew() {
        keep::unlink_best(&args.common.out)?;
        remove_if_there(&args.common.out.join("trials"))?;
    }
    sweep_through(args, &sweep, &mut work)?.map_or(Ok(()), |finished| finish(work, finished))
}

/// Runs, plans or collects all rounds. The value is whether every trial has been settled; `None` after `plan`.
fn sweep_through(args: &Args, sweep: &Sweep, work: &mut OutputFolder) -> anyhow::Result<Option<bool>> {
    let interrupt = Interrupt::install().context("cannot install the signal handlers")?;
    let inputs = work.inputs().clone();
    let places = Places { out: &args.common.out, tokens: &args.tokens, model: &args.model, inputs: &inputs };
    let (common, trials, seconds) = (&args.common, Vec::new(), BTreeMap::new());
    let mut training = Training { sweep, common, interrupt: &interrupt, work, trials, seconds };
    loop {
        let known = known(&training, &training.rows()?);
        let round = sweep.search.next_round(&known)?;
        let first = training.trials.len();
        if round.is_empty() {
            break;
        }
        let numbered = round.into_iter().enumerate();
        training.trials.extend(numbered.map(|(place, arguments)| Trial::new(first + place, arguments, sweep, &places)));
        if args.action != Action::Collect {
            check::check(&mut training.trials[first..], &sweep.effort, &interrupt)?;
        }
        if args.action == Action::Plan {
            planned::write(&training)?;
            return Ok(None);
        }
        training.work.clear()?;
        keep::unlink_best(&args.common.out)?;
        training.round(first, args.action == Action::Run)?;
        if args.action == Action::Collect && training.rows()?.iter().any(Row::is_open) {
            break; // what tpe would try next is not known yet
        }
    }
    report::write(&mut training, args.action == Action::Run).map(Some)
}

/// The trials so far with their merits.
fn known(training: &Training<'_>, rows: &[Row]) -> Vec<(Arguments, Option<f64>)> {
    let standings = training.standings(rows);
    let merit = |trial: &Trial| {
        standings.iter().find(|standing| standing.trial == trial.number).and_then(standing::Standing::merit)
    };
    training.trials.iter().map(|trial| (trial.arguments.clone(), merit(trial))).collect()
}

/// A sweep whose trials are all settled is finished; another one goes on by the same command.
fn finish(work: OutputFolder, finished: bool) -> anyhow::Result<()> {
    if finished {
        work.finish()?;
    }
    Ok(())
}
