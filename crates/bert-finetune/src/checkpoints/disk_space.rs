//! Disk space: what a run will take for its checkpoints and its result, checked before its first step.

use anyhow::Context;
use run_files::plan::Disk;
use stage::ExitReason;

use crate::checkpoints::layout::CheckpointFolder;
use crate::training::tensor_counts::TensorCounts;

/// Bytes of the disk that holds the checkpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskSpace {
    pub(crate) needed: u64,
    pub(crate) free: u64,
    /// Checkpoints of other settings, which give way when this run has saved its first.
    pub(crate) replaced: u64,
}

/// Bytes of the checkpoints that are there, with the best weights that they name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Present {
    /// Of this run: a part of what it takes.
    pub(crate) own: u64,
    /// Of other settings or inputs.
    pub(crate) others: u64,
}

impl DiskSpace {
    /// Fails where the disk cannot hold the run, or not its beginning beside what it replaces.
    pub(crate) fn check(folder: &CheckpointFolder, saves: Saves<'_>, present: Present) -> anyhow::Result<Self> {
        let free = stage::available_bytes(folder.path()).context("cannot determine the free disk space")?;
        let needed = saves.disk_bytes().total;
        let replaced = if saves.n_saves == 0 { 0 } else { present.others };
        let path = folder.path().display();
        if free + present.own + replaced < needed {
            let problem = format!(
                "{path} has {} bytes free, but this run may need {needed}; free some space or lower --save-total-limit",
                free + present.own + replaced
            );
            return Err(ExitReason::Unhealthy(problem).into());
        }
        let first = saves.first();
        if present.own == 0 && replaced > 0 && free < first {
            let problem = format!(
                "{path} has {free} bytes free, but this run may need {first} for its first checkpoint, beside the {replaced} of an \
                 earlier run, which stay until then; free some space"
            );
            return Err(ExitReason::Unhealthy(problem).into());
        }
        Ok(Self { needed, free, replaced })
    }
}

/// What a run writes, and how often.
#[derive(Clone, Copy)]
pub(crate) struct Saves<'a> {
    pub(crate) counts: &'a TensorCounts,
    pub(crate) n_saves: u64,
    pub(crate) total_limit: u64,
}

impl Saves<'_> {
    /// The bytes that the run takes at most: the checkpoints that it keeps (of `n_saves` at most `total_limit`) and one more while
    /// it is written, the best weights that each of them refers to, and those of the last evaluation, the result.
    pub(crate) fn disk_bytes(self) -> Disk {
        let n_checkpoints = self.n_saves.min(self.total_limit);
        let checkpoints = self.of_checkpoint().saturating_mul(n_checkpoints.saturating_add(1));
        let result = self.of_result();
        let best_weights = result.saturating_mul(n_checkpoints.saturating_add(1).max(2));
        let total = checkpoints.saturating_add(best_weights).saturating_add(result);
        Disk { checkpoints, best_weights, result, total }
    }

    /// Those that it takes until it has saved for the first time.
    fn first(self) -> u64 {
        self.of_checkpoint() + 2 * self.of_result()
    }

    fn of_checkpoint(self) -> u64 {
        let TensorCounts { trained, moments, has_average, .. } = *self.counts;
        4 * (trained + moments + if has_average { trained } else { 0 }) as u64
    }

    fn of_result(self) -> u64 {
        4 * self.counts.parameters as u64
    }
}
