//! Retention: which weights and checkpoints are kept. Those of the best run, unless `--keep-weights` says more; of the others,
//! and of all runs of cross-validation, only the log.
//!
//! When all runs of a trial have ended, or it is ruled out, the weights and checkpoints of its runs are removed, except
//! for the best seed of the trial that is best so far. The run folder of the best is complete, and `OUT/best` is a link
//! to it. A pruned folder loses its manifest first, so that nobody takes it for complete; the trial table says that it
//! was trained. `collect` removes nothing: what it finds may be running elsewhere. Where more than the best run is kept, `OUT/kept` has a link
//! to the training of each, named by trial, seed and fold.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context;
use run_files::layout::train::{CHECKPOINTS, WEIGHTS};
use run_files::layout::trial::{FAILURE, STDERR, TRAIN};
use stage::{MANIFEST, Manifest, ensure_input, sync_folder};

use crate::args::KeepWeights;
use crate::trials::ranking::{RankedTrial, best_trial, kept_row};
use crate::trials::row::{Row, Status};
use crate::trials::trial::Trial;
use crate::trials::trial_folder::remove_if_exists;

/// The link to the folder of the best run.
pub(crate) const BEST: &str = "best";
/// The folder of links to the trainings that are kept beside it.
pub(crate) const KEPT: &str = "kept";

/// What becomes of the weights and checkpoints of failed runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailedRuns {
    /// They are kept, since the sweep may resume them.
    Keep,
    /// They are removed, since no run of the sweep will be resumed.
    Prune,
}

/// The ids of the runs whose weights are kept.
pub(crate) fn kept_ids<'a>(whose: KeepWeights, ranking: &[RankedTrial], rows: &'a [Row]) -> BTreeSet<&'a str> {
    let best = best_trial(ranking).map(|best| best.trial);
    let is_kept = |row: &&Row| match whose {
        KeepWeights::Run => kept_row(ranking, rows).is_some_and(|kept| kept.id == row.id),
        KeepWeights::Trial => Some(row.trial) == best,
        KeepWeights::All => row.status == Status::Done,
    };
    rows.iter().filter(is_kept).map(|row| row.id.as_str()).collect()
}

/// Removes the weights and checkpoints of all ranked trials that have ended, except those of the `kept` runs.
pub(crate) fn prune(
    trials: &[Trial],
    kept: &BTreeSet<&str>,
    ranking: &[RankedTrial],
    failed_runs: FailedRuns,
) -> anyhow::Result<()> {
    for ranked in ranking {
        let has_ended = match ranked.status {
            Status::Done | Status::RuledOut => true,
            Status::Failed => failed_runs == FailedRuns::Prune,
            Status::Unfinished => false,
        };
        let runs = trials.iter().filter(|trial| trial.number == ranked.trial && has_ended);
        for run in runs.flat_map(|trial| &trial.runs).filter(|run| !kept.contains(run.id.as_str())) {
            prune_run(&run.folder.train())?;
        }
    }
    Ok(())
}

fn prune_run(train: &Path) -> anyhow::Result<()> {
    let prunable = [WEIGHTS, CHECKPOINTS].map(|name| train.join(name));
    if !prunable.iter().any(|path| path.exists()) {
        return Ok(());
    }
    remove_if_exists(&train.join(MANIFEST))?;
    sync_folder(train).with_context(|| format!("cannot sync {}", train.display()))?;
    prunable.iter().try_for_each(|path| remove_if_exists(path))
}

/// Removes the folders of all runs but those of `trials`, of which nothing stays but the profile and the plan: what
/// `--force` discards once nothing can be refused any more.
pub(crate) fn discard(out: &Path, trials: &[Trial]) -> anyhow::Result<()> {
    let runs: Vec<_> = trials.iter().flat_map(|trial| &trial.runs).collect();
    for entry in fs::read_dir(out.join("trials")).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !runs.iter().any(|run| name.to_str() == Some(run.id.as_str())) {
            remove_if_exists(&entry.path())?;
        }
    }
    for run in runs {
        [TRAIN, STDERR, FAILURE].iter().try_for_each(|name| remove_if_exists(&run.folder.path().join(name)))?;
    }
    Ok(())
}

/// Makes `OUT/best` a link to the folder of a run; `false` when its weights are missing.
pub(crate) fn link_best(out: &Path, id: &str) -> anyhow::Result<bool> {
    let (link, target) = (out.join(BEST), Path::new("trials").join(id));
    unlink_best(out)?;
    if Manifest::read(&out.join(&target).join(TRAIN)).is_none() {
        return Ok(false);
    }
    make_link(&target, &link)?;
    sync_folder(out).with_context(|| format!("cannot sync {}", out.display()))?;
    Ok(true)
}

/// Makes `OUT/kept` a folder of links to the trainings of these rows, instead of those that it had.
pub(crate) fn link_kept(out: &Path, kept: &BTreeSet<&str>, rows: &[Row]) -> anyhow::Result<()> {
    let folder = out.join(KEPT);
    unlink_kept(out)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for row in rows.iter().filter(|row| kept.contains(row.id.as_str())) {
        let fold = row.fold.map_or(String::new(), |fold| format!("-fold-{fold}"));
        let link = folder.join(format!("trial-{}-seed-{}{fold}", row.trial, row.seed));
        let target = Path::new("../trials").join(&row.id).join(TRAIN);
        make_link(&target, &link)?;
    }
    sync_folder(&folder).with_context(|| format!("cannot sync {}", folder.display()))
}

fn make_link(target: &Path, link: &Path) -> anyhow::Result<()> {
    ensure_input!(
        !link.is_dir() || link.is_symlink(),
        "{} is a folder and should be a link to {}, as a copy that follows links makes one; remove it, and run this again",
        link.display(),
        target.display()
    );
    symlink(target, link).with_context(|| format!("cannot make the link {}", link.display()))
}

/// Removes the links to kept trainings, and nothing else.
pub(crate) fn unlink_kept(out: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(out.join(KEPT)).into_iter().flatten().flatten() {
        let link = entry.path();
        if link.is_symlink() {
            fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
        }
    }
    Ok(())
}

/// Removes the link, but not the folder that it points to.
pub(crate) fn unlink_best(out: &Path) -> anyhow::Result<()> {
    let link = out.join(BEST);
    if link.is_symlink() {
        fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_a_copy_made_a_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let best = folder.path().join(BEST);
        make_link(Path::new("trials/1"), &best).unwrap();
        fs::remove_file(&best).unwrap();
        fs::create_dir(&best).unwrap();
        let error = make_link(Path::new("trials/1"), &best).unwrap_err().to_string();
        assert!(error.contains("best is a folder and should be a link to trials/1"), "{error}");
    }

    #[test]
    fn a_pruned_run_keeps_its_log_and_is_no_longer_complete() {
        let folder = tempfile::tempdir().unwrap();
        let train = folder.path();
        fs::create_dir(train.join("checkpoints")).unwrap();
        for name in ["log.jsonl", "model.safetensors", MANIFEST, "checkpoints/best.safetensors"] {
            fs::File::options().create(true).truncate(true).write(true).open(train.join(name)).unwrap();
        }
        prune_run(train).unwrap();
        let names: Vec<_> = fs::read_dir(train).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["log.jsonl"]);
    }

    #[test]
    fn only_a_complete_run_is_linked() {
        let out = tempfile::tempdir().unwrap();
        assert!(!link_best(out.path(), "a").unwrap());
        assert!(!out.path().join("best").is_symlink());
    }
}
