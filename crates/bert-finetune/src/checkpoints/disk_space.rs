//! Disk space: what a run will take for its checkpoints and its result, checked before its first step.

use std::fs;

use anyhow::Context;
use stage::ExitReason;
use tch::Tensor;

use crate::checkpoints::layout::CheckpointFolder;
use crate::training::trainer::Trainer;

/// Bytes of the disk that holds the checkpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskSpace {
    pub(crate) needed: u64,
    pub(crate) free: u64,
}

impl DiskSpace {
    /// Fails where the disk cannot hold the run: `n_checkpoints` and one more, the best weights twice, the result.
    pub(crate) fn check(folder: &CheckpointFolder, trainer: &Trainer<'_>, n_checkpoints: u64) -> anyhow::Result<Self> {
        let needed = bytes_needed(trainer, n_checkpoints);
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

fn bytes_needed(trainer: &Trainer<'_>, n_checkpoints: u64) -> u64 {
    let parameters = trainer.parameters();
    let trained = parameters.count_trained();
    let moments: usize = trainer.optimizer_state().values().map(Tensor::numel).sum();
    let ema = if trainer.ema.is_some() { trained } else { 0 };
    let of_checkpoints = ((trained + moments + ema) as u64).saturating_mul(n_checkpoints.saturating_add(1));
    of_checkpoints.saturating_add(3 * parameters.count() as u64).saturating_mul(4)
}

/// The bytes of an earlier run's checkpoints, which this run replaces.
fn bytes_present(folder: &CheckpointFolder) -> u64 {
    let folders = folder.steps().into_iter().map(|(_, path)| path).chain([folder.path().to_owned()]);
    let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}
