//! Single run: one run of a search as a task of an engine that maps tasks over an index, and the list of all of them.
//!
//! What a run is follows from the settings alone, so no task waits for another one, and none has to be told more than its
//! index. Its folder is that of the whole search; `collect` then finds there what `run` would have left.

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value, json};
use stage::{Interrupt, Manifest, SharedFolder, State, Summary, bail_input, ensure_input, summarize};

use super::exit_error::exit_error;
use super::fold_preparation;
use super::plan_check::{self, KnownPlans};
use super::process_pool::{self, Event, Task};
use super::relay::Relay;
use super::training::failure;
use crate::args::Args;
use crate::settings::SweepSettings;
use crate::trials::dataset::Dataset;
use crate::trials::row::Row;
use crate::trials::trial::{SweepPaths, Trial};

/// Prints all runs in the order of their indices.
///
/// # Errors
/// Fails when the trials depend on each other, or folds are missing.
pub(crate) fn list(args: &Args, settings: &SweepSettings, shared: &SharedFolder) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Listed {
        index: usize,
        #[serde(flatten)]
        row: Row,
    }
    refuse_explain(args)?;
    let mut n_runs = 0;
    for trial in trials(args, settings, shared)? {
        for run in &trial.runs {
            stage::print_line(serde_json::to_string(&Listed { index: n_runs, row: Row::read(&trial, run)? })?)?;
            n_runs += 1;
        }
    }
    summarize(Summary {
        stage: shared.stage.to_owned(),
        folder: Some(args.common.out.display().to_string()),
        file: None,
        key: Some(shared.key.clone()),
        state: if shared.is_fresh { State::Fresh } else { State::Unfinished },
        figures: Map::from_iter([("runs".to_owned(), json!(n_runs))]),
    });
    Ok(())
}

/// Trains the run `--index`, or goes on with it.
///
/// # Errors
/// Fails as `bert-finetune` does, with its exit code, and on a signal, which it is passed.
pub(crate) fn train(args: &Args, settings: &SweepSettings, shared: &SharedFolder) -> anyhow::Result<()> {
    refuse_explain(args)?;
    let Some(index) = args.index else { bail_input!("`trial` needs --index: a number from 0 on, or auto") };
    let mut trial = only_run(trials(args, settings, shared)?, index)?;
    let interrupt = Interrupt::install().context("cannot install the signal handlers")?;
    let train = trial.runs[0].folder.train();
    let key_before = Manifest::read(&train).map(|manifest| manifest.key);
    if shared.is_fresh && !args.common.force {
        // What the table no longer needs of its trials may be gone.
        args.common.say(&format!("{}: {} is fresh, and its trials with it", shared.stage, args.common.out.display()));
    } else {
        plan_check::check(std::slice::from_mut(&mut trial), KnownPlans::Keep, &settings.resources, &interrupt)?;
        run(args, settings, &trial, &interrupt)?;
    }
    let key = Manifest::read(&train).map(|manifest| manifest.key);
    let was_there = shared.is_fresh || key.is_some() && key == key_before;
    let state = if was_there && !args.common.force { State::Fresh } else { State::Done };
    summarize(Summary {
        stage: shared.stage.to_owned(),
        folder: Some(trial.runs[0].folder.path().display().to_string()),
        file: None,
        key,
        state,
        figures: figures(index, &trial)?,
    });
    Ok(())
}

/// Runs `bert-finetune`, whose messages are relayed.
fn run(args: &Args, settings: &SweepSettings, trial: &Trial, interrupt: &Interrupt) -> anyhow::Result<()> {
    let run = &trial.runs[0];
    let log = run.folder.stderr();
    run.folder.write_failure(None)?;
    let mut command = run.command(&settings.resources.finetune);
    if args.common.force {
        command.arg("--force");
    }
    let mut relay = Relay::new(&log, args.common.quiet);
    let which = format!("trial {}{}", trial.number, run.suffix(settings.seeds.len()));
    let task = Task { index: 0, command, stderr_log: Some(log) };
    process_pool::run(vec![task], (1, &[]), interrupt, |event| {
        relay.forward();
        let Event::Finished(finished) = event else { return Ok(()) };
        let target_step = run.plan.as_ref().map_or(0, |plan| plan.total_steps);
        let Some(failure) = failure(run, &finished, target_step)? else { return Ok(()) };
        run.folder.write_failure(Some(&failure))?;
        Err(exit_error(finished.status, format!("{which}: {}", failure.reason)))
    })
}

/// The trials of the whole search.
fn trials(args: &Args, settings: &SweepSettings, shared: &SharedFolder) -> anyhow::Result<Vec<Trial>> {
    let (inputs, out) = (&shared.inputs, args.common.out.as_path());
    let datasets = match &settings.cross_validation {
        Some(folds) => fold_preparation::prepared(folds, out, inputs)?,
        None => vec![Dataset { fold: None, tokens: args.tokens.clone(), inputs: inputs.clone() }],
    };
    let paths = SweepPaths { out, model: &args.model, datasets: &datasets };
    let round = settings.sampler.next_round(&[])?;
    Ok((0..).zip(round).map(|(number, arguments)| Trial::new(number, arguments, settings, &paths)).collect())
}

/// The trial of the run with this index, with that run alone.
fn only_run(trials: Vec<Trial>, index: u64) -> anyhow::Result<Trial> {
    let n_runs: u64 = trials.iter().map(|trial| trial.runs.len() as u64).sum();
    ensure_input!(index < n_runs, "--index is {index}, but the search has {n_runs} runs; expected 0 to {}", n_runs - 1);
    let mut before = 0;
    for mut trial in trials {
        let n = trial.runs.len() as u64;
        if index < before + n {
            trial.runs = trial.runs.into_iter().skip((index - before) as usize).take(1).collect();
            return Ok(trial);
        }
        before += n;
    }
    bail_input!("the search has no run {index}")
}

/// Which run it is, and what was measured at its best step.
fn figures(index: u64, trial: &Trial) -> anyhow::Result<Map<String, Value>> {
    let row = Row::read(trial, &trial.runs[0])?;
    let metrics = json!(row.metrics);
    let named = [
        ("index", json!(index)),
        ("trial", json!(row.trial)),
        ("seed", json!(row.seed)),
        ("fold", json!(row.fold)),
        ("id", json!(row.id)),
        ("arguments", json!(row.arguments)),
        ("best_step", json!(row.best_step)),
    ];
    let named = named.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value));
    Ok(named.chain(metrics.as_object().cloned().unwrap_or_default()).collect())
}

fn refuse_explain(args: &Args) -> anyhow::Result<()> {
    ensure_input!(
        !args.common.explain,
        "--explain is for the whole search: `bert-sweep --explain` or `collect --explain`"
    );
    Ok(())
}
