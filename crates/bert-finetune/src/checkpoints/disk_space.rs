//! Disk space: what a run will take for its checkpoints and its result, checked before its first step.

use std::fs;

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
    /// Checkpoints of an earlier run, which give way when this one has saved its first.
    pub(crate) replaced: u64,
}

impl DiskSpace {
    /// Fails where the disk cannot hold the run, or not the beginning of one that `continues` none beside what it replaces.
    pub(crate) fn check(folder: &CheckpointFolder, saves: Saves<'_>, continues: bool) -> anyhow::Result<Self> {
        let free = stage::available_bytes(folder.path()).context("cannot determine the free disk space")?;
        let (needed, replaced) = (saves.disk_bytes().total, bytes_present(folder));
        let path = folder.path().display();
        let remedy = "free some space or lower --save-total-limit";
        if free + replaced < needed {
            let problem =
                format!("{path} has {} bytes free, but this run may need {needed}; {remedy}", free + replaced);
            return Err(ExitReason::Unhealthy(problem).into());
        }
        let first = saves.first();
        if replaced > 0 && !continues && free < first {
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
        let saved = if self.n_saves == 0 { 0 } else { self.of_checkpoint() };
        saved + self.of_result()
    }

    fn of_checkpoint(self) -> u64 {
        let TensorCounts { trained, moments, has_average, .. } = *self.counts;
        4 * (trained + moments + if has_average { trained } else { 0 }) as u64
    }

    fn of_result(self) -> u64 {
        4 * self.counts.parameters as u64
    }
}

/// The bytes of an earlier run's checkpoints, which this run replaces.
fn bytes_present(folder: &CheckpointFolder) -> u64 {
    let folders = folder.steps().into_iter().map(|(_, path)| path).chain([folder.path().to_owned()]);
    let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}
