//! Layout of `checkpoints/`: the names of its files, and which of them are there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

const BEST_PREFIX: &str = "best-step-";
const STEP_PREFIX: &str = "step-";

/// The `checkpoints/` folder of an output folder.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointFolder {
    path: PathBuf,
}

impl CheckpointFolder {
    /// The one in the output folder `out`; nothing is made.
    pub(crate) fn of(out: &Path) -> Self {
        Self { path: out.join("checkpoints") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the checkpoint of `step`.
    pub(crate) fn step_path(&self, step: u64) -> PathBuf {
        self.path.join(format!("{STEP_PREFIX}{step:06}"))
    }

    /// The checkpoints that are there, complete or not, by step.
    pub(crate) fn steps(&self) -> Vec<(u64, PathBuf)> {
        let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix(STEP_PREFIX)?.parse().ok();
        let mut steps: Vec<_> = entries(&self.path).filter_map(|path| Some((number(&path)?, path))).collect();
        steps.sort();
        steps
    }

    /// The best weights, if they are those of `step`.
    pub(crate) fn best_path(&self, step: u64) -> PathBuf {
        self.path.join(format!("{BEST_PREFIX}{step:06}.safetensors"))
    }

    /// The best weights of `step` as the manifest of a checkpoint names them.
    pub(crate) fn best_name(step: u64) -> String {
        format!("../{BEST_PREFIX}{step:06}.safetensors")
    }

    /// Every file of best weights that is there.
    pub(crate) fn best_copies(&self) -> Vec<PathBuf> {
        let name = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        entries(&self.path).filter(|path| name(path).is_some_and(|name| name.starts_with(BEST_PREFIX))).collect()
    }

    /// Removes the best weights of a finished run: its `model.safetensors` is a copy of them.
    pub(crate) fn remove_best_copies(&self) -> anyhow::Result<()> {
        for path in self.best_copies() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }

    /// The log of the run, whose first bytes every checkpoint vouches for.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.path.with_file_name("log.jsonl")
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
