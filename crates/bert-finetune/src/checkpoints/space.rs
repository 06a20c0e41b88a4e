//! What a run will take on the disk, before its first step.

use std::fs;

use anyhow::Context;
use stage::ExitReason;
use tch::Tensor;

use super::Checkpoints;
use crate::training::trainer::Trainer;

/// Bytes of the disk that holds the checkpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskSpace {
    pub(crate) needed: u64,
    pub(crate) free: u64,
}

impl Checkpoints {
    /// Refuses to begin what the disk cannot hold: the kept checkpoints of `n_saves` and one more, the best weights twice,
    /// the result.
    pub(crate) fn check_space(&self, trainer: &Trainer<'_>, n_saves: u64) -> anyhow::Result<DiskSpace> {
        let needed = self.bytes_needed(trainer, n_saves);
        let free = stage::available_bytes(&self.folder).context("cannot ask for the free space")? + self.bytes_here();
        if free < needed {
            let problem = format!(
                "{} has {free} bytes free, but this run may need {needed}; free some, or lower --save-total-limit",
                self.folder.display()
            );
            return Err(ExitReason::Unhealthy(problem).into());
        }
        Ok(DiskSpace { needed, free })
    }

    fn bytes_needed(&self, trainer: &Trainer<'_>, n_saves: u64) -> u64 {
        let trained = trainer.parameters.count_trained();
        let moments: usize = trainer.optimizer.state().values().map(Tensor::numel).sum();
        let average = if trainer.average.is_some() { trained } else { 0 };
        let checkpoints = (self.total_limit as u64).min(n_saves).saturating_add(1);
        let of_checkpoints = ((trained + moments + average) as u64).saturating_mul(checkpoints);
        of_checkpoints.saturating_add(3 * trainer.parameters.count() as u64).saturating_mul(4)
    }

    /// What the checkpoints of an earlier run take, which this one replaces.
    fn bytes_here(&self) -> u64 {
        let folders = self.steps().into_iter().map(|(_, path)| path).chain([self.folder.clone()]);
        let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
    }
}
