//! Fold preparation: the raw files and the tokens of every fold, made by `sst-fetch` and `sst-tokenize` before the trials.
//!
//! ```text
//! OUT/folds/<fold>/raw/         the other folds as train, this one as validation
//!                  tokens/      what the runs of the fold read
//!                  stderr.log   the messages of both programs
//! ```
//!
//! Both programs are fresh when they run again, so a sweep that goes on finds the same files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use stage::{Fingerprint, Interrupt, Upstream, bad_input};

use super::exit_error::exit_error;
use super::process_pool::{self, Event, Finished, Task};
use crate::args::Args;
use crate::cross_validation::CrossValidation;
use crate::trials::dataset::Dataset;
use crate::trials::trial_folder::{last_message, remove_if_exists};

/// The folder of all folds in the output folder of a sweep.
pub(crate) const FOLDS: &str = "folds";

/// The folder of one fold.
struct FoldFolder(PathBuf);

impl FoldFolder {
    fn raw(&self) -> PathBuf {
        self.0.join("raw")
    }

    fn tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    fn stderr(&self) -> PathBuf {
        self.0.join("stderr.log")
    }
}

/// Makes the tokens of all folds, and returns them in the order of the folds.
///
/// # Errors
/// Fails where `sst-fetch` or `sst-tokenize` does, with its message and its exit code; on a signal.
pub(crate) fn prepare(
    cross_validation: &CrossValidation,
    args: &Args,
    inputs: &BTreeMap<String, Fingerprint>,
    (jobs, interrupt): (usize, &Interrupt),
) -> anyhow::Result<Vec<Dataset>> {
    let all = args.common.out.join(FOLDS);
    remove_surplus(&all, cross_validation.folds)?;
    let numbers = 1..=cross_validation.folds;
    let folders: Vec<FoldFolder> = numbers.clone().map(|fold| FoldFolder(all.join(fold.to_string()))).collect();
    for FoldFolder(path) in &folders {
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    }
    let fetch = numbers.clone().zip(&folders).map(|(fold, of)| cross_validation.fetch(fold, args.seed, &of.raw()));
    run_all("sst-fetch", fetch.collect(), &folders, (jobs, interrupt))?;
    let tokenize = folders.iter().map(|of| cross_validation.tokenize(&of.raw(), &args.model, &of.tokens()));
    run_all("sst-tokenize", tokenize.collect(), &folders, (jobs, interrupt))?;
    args.common.say(&format!(
        "bert-sweep: train is cut into {} folds (seed {}): {}",
        cross_validation.folds,
        args.seed,
        all.display()
    ));
    numbers.zip(&folders).map(|(fold, of)| dataset(fold, of.tokens(), inputs)).collect()
}

/// The folds that `bert-sweep plan` has made, without making any: several runs may look at the same time.
///
/// # Errors
/// Fails where one is missing.
pub(crate) fn prepared(
    cross_validation: &CrossValidation,
    out: &Path,
    inputs: &BTreeMap<String, Fingerprint>,
) -> anyhow::Result<Vec<Dataset>> {
    let of_fold = |fold: u32| {
        let tokens = FoldFolder(out.join(FOLDS).join(fold.to_string())).tokens();
        let first =
            || bad_input!("the folds are not there; make them with `bert-sweep plan` and the same settings first");
        if tokens.exists() { dataset(fold, tokens, inputs) } else { Err(first()) }
    };
    (1..=cross_validation.folds).map(of_fold).collect()
}

/// Removes the folds of an earlier sweep that had more: they would be those of another cut.
fn remove_surplus(all: &Path, n_folds: u32) -> anyhow::Result<()> {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let fold = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if fold.is_some_and(|fold| fold > n_folds) {
            remove_if_exists(&entry.path())?;
        }
    }
    Ok(())
}

/// Runs a command for each fold; of several that fail, the first fold is told.
fn run_all(
    program: &str,
    commands: Vec<Command>,
    folders: &[FoldFolder],
    (jobs, interrupt): (usize, &Interrupt),
) -> anyhow::Result<()> {
    let task = |(index, command)| Task { index, command, stderr_log: Some(folders[index].stderr()) };
    let tasks = commands.into_iter().enumerate().map(task).collect();
    let mut failed: Vec<Finished> = Vec::new();
    process_pool::run(tasks, (jobs, &[]), interrupt, |event| {
        if let Event::Finished(finished) = event
            && !finished.status.success()
        {
            failed.push(finished);
        }
        Ok(())
    })?;
    let Some(first) = failed.into_iter().min_by_key(|finished| finished.index) else { return Ok(()) };
    let fold = first.index + 1;
    let message = last_message(&fs::read(folders[first.index].stderr()).unwrap_or_default());
    let error = exit_error(first.status, message);
    Err(error.context(format!("{program} cannot make fold {fold} of {}", folders.len())))
}

/// What the runs of a fold read: its tokens, and the model that all runs start from.
fn dataset(fold: u32, tokens: PathBuf, inputs: &BTreeMap<String, Fingerprint>) -> anyhow::Result<Dataset> {
    let upstream = Upstream::open(&tokens, "sst-tokenize")?;
    let of_model = inputs.iter().filter(|(role, _)| role.starts_with("model/"));
    let mut inputs: BTreeMap<_, _> = of_model.map(|(role, file)| (role.clone(), file.clone())).collect();
    for name in ["train.parquet", "validation.parquet"] {
        upstream.required(name)?;
        inputs.insert(format!("tokens/{name}"), upstream.manifest.outputs[name].clone());
    }
    Ok(Dataset { fold: Some(fold), tokens, inputs })
}
