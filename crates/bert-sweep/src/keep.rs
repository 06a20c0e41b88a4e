//! What is kept of trials: of the best one everything, of the others the log.
//!
//! The rule: when all runs of a trial have ended, or it is ruled out, the weights and checkpoints of its runs are removed,
//! but for the best seed of the trial that is best so far. Its run folder is whole, and `OUT/best` is a link to the
//! folder of the run. A pruned folder loses its manifest first, so that nobody takes it for finished; the trial table
//! says that it was run. `collect` removes nothing: what it finds may be running elsewhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context;
use stage::{MANIFEST, Manifest, sync_folder};

use crate::row::{Row, Status};
use crate::standing::{Standing, best_row};
use crate::trial::{Trial, remove_if_there};

const BEST: &str = "best";

/// Prunes by the rule. Trials with runs that have not ended keep all, since those go on from there; `at_the_end` of a
/// sweep failed ones count as ended.
pub(crate) fn prune(trials: &[Trial], rows: &[Row], standings: &[Standing], at_the_end: bool) -> anyhow::Result<()> {
    let kept = best_row(standings, rows).map(|row| row.id.as_str());
    for standing in standings {
        let ended = match standing.status {
            Status::Done | Status::RuledOut => true,
            Status::Failed => at_the_end,
            Status::Unfinished => false,
        };
        let runs = trials.iter().filter(|trial| trial.number == standing.trial && ended).flat_map(|trial| &trial.runs);
        for run in runs.filter(|run| Some(run.id.as_str()) != kept) {
            prune_run(&run.train())?;
        }
    }
    Ok(())
}

fn prune_run(train: &Path) -> anyhow::Result<()> {
    let prunable = ["model.safetensors", "checkpoints"].map(|name| train.join(name));
    if !prunable.iter().any(|path| path.exists()) {
        return Ok(());
    }
    remove_if_there(&train.join(MANIFEST))?;
    sync_folder(train).with_context(|| format!("cannot sync {}", train.display()))?;
    prunable.iter().try_for_each(|path| remove_if_there(path))
}

/// Makes `OUT/best` a link to the folder of a run; `false` when its weights are not there.
pub(crate) fn link_best(out: &Path, id: &str) -> anyhow::Result<bool> {
    let (link, target) = (out.join(BEST), Path::new("trials").join(id));
    unlink_best(out)?;
    if Manifest::read(&out.join(&target).join("train")).is_none() {
        return Ok(false);
    }
    symlink(&target, &link).with_context(|| format!("cannot make the link {}", link.display()))?;
    sync_folder(out).with_context(|| format!("cannot sync {}", out.display()))?;
    Ok(true)
}

/// Removes the link, but nothing that it points at.
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
    fn a_pruned_run_keeps_its_log_and_is_no_longer_finished() {
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
    fn only_a_whole_run_is_linked() {
        let out = tempfile::tempdir().unwrap();
        assert!(!link_best(out.path(), "a").unwrap());
        assert!(!out.path().join("best").is_symlink());
    }
}
