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
}

impl DiskSpace {
    /// Fails where the disk cannot hold the run.
    pub(crate) fn check(folder: &CheckpointFolder, needed: u64) -> anyhow::Result<Self> {
        let free = stage::available_bytes(folder.path()).context("cannot determine the free disk space")?;
        let free = free + bytes_present(folder);
        if free < needed {
            let problem = format!(
                "{} has {free} bytes free, but this run may need {needed}; free some space or lower --save-total-limit",
                folder.path().display()
            );
            return Err(ExitReason::Unhealthy(problem).into());
        }
        Ok(Self { needed, free })
    }
}

/// The bytes that a run takes at most: the checkpoints that it keeps (of `n_saves` at most `total_limit`) and one more while
/// it is written, the best weights twice, the result.
pub(crate) fn disk_bytes(counts: &TensorCounts, n_saves: u64, total_limit: u64) -> Disk {
    let TensorCounts { parameters, trained, moments, has_average, .. } = *counts;
    let of_checkpoint = 4 * (trained + moments + if has_average { trained } else { 0 }) as u64;
    let n_checkpoints = n_saves.min(total_limit);
    let checkpoints = of_checkpoint.saturating_mul(n_checkpoints.saturating_add(1));
    let result = 4 * parameters as u64;
    let (best_weights, total) = (2 * result, checkpoints.saturating_add(3 * result));
    Disk { checkpoints, best_weights, result, total }
}

/// The bytes of an earlier run's checkpoints, which this run replaces.
fn bytes_present(folder: &CheckpointFolder) -> u64 {
    let folders = folder.steps().into_iter().map(|(_, path)| path).chain([folder.path().to_owned()]);
    let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}
