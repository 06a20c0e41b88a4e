//! Layout of `checkpoints/`: the names of its files, and which of them are there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use run_files::layout::{checkpoint, train};
use stage::MANIFEST;

use crate::checkpoints::manifest::CheckpointManifest;

/// The `checkpoints/` folder of an output folder.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointFolder {
    path: PathBuf,
}

impl CheckpointFolder {
    /// The one in the output folder `out`; nothing is made.
    pub(crate) fn of(out: &Path) -> Self {
        Self { path: out.join(train::CHECKPOINTS) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the checkpoint of `step`.
    pub(crate) fn step_path(&self, step: u64) -> PathBuf {
        self.path.join(train::checkpoint_name(step))
    }

    /// The checkpoints that are there, complete or not, by step.
    pub(crate) fn steps(&self) -> Vec<(u64, PathBuf)> {
        let mut steps: Vec<_> =
            self.entries().filter_map(|entry| Some((train::checkpoint_step(&entry.name)?, entry.path))).collect();
        steps.sort();
        steps
    }

    /// The step of the newest checkpoint of a run whose key is so.
    pub(crate) fn newest(&self, is_wanted: impl Fn(&str) -> bool) -> Option<u64> {
        let is_of_it = |path: &Path| CheckpointManifest::read(path).is_ok_and(|manifest| is_wanted(&manifest.key));
        self.steps().into_iter().rev().find(|(_, path)| is_of_it(path)).map(|(step, _)| step)
    }

    /// What becomes of an unfinished run in the output folder `out`, of this key or of others, in words.
    pub(crate) fn told(out: &Path, key: &str) -> Option<String> {
        let folder = Self::of(out);
        let own = folder.newest(|other| other == key).map(|step| format!("its checkpoint of step {step} is continued"));
        own.or_else(|| {
            let step = folder.newest(|_| true)?;
            Some(format!("its checkpoint of step {step} is of other settings or inputs, and gives way"))
        })
    }

    /// The best weights, if they are those of `step`.
    pub(crate) fn best_path(&self, step: u64) -> PathBuf {
        self.path.join(train::best_weights_name(step))
    }

    /// The best weights of `step` as the manifest of a checkpoint names them.
    pub(crate) fn best_name(step: u64) -> String {
        format!("../{}", train::best_weights_name(step))
    }

    /// Every file of best weights that is there.
    pub(crate) fn best_copies(&self) -> Vec<PathBuf> {
        let copies = self.entries().filter(|entry| train::is_best_weights_name(&entry.name));
        copies.map(|entry| entry.path).collect()
    }

    /// Removes the best weights of a finished run: its `model.safetensors` is a copy of them.
    pub(crate) fn remove_best_copies(&self) -> anyhow::Result<()> {
        self.remove_best_copies_but(&[])
    }

    /// Removes all best weights but these.
    pub(crate) fn remove_best_copies_but(&self, kept: &[PathBuf]) -> anyhow::Result<()> {
        for path in self.best_copies().iter().filter(|path| !kept.contains(path)) {
            fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }

    /// The log of the run, whose first bytes every checkpoint vouches for.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.path.with_file_name(train::LOG)
    }

    /// The log of an unfinished run that gave way to one of other settings, as long as its checkpoints are there.
    pub(crate) fn log_aside_path(&self) -> PathBuf {
        self.path.join(checkpoint::LOG_ASIDE)
    }

    /// Removes the log of a run whose checkpoints are gone.
    pub(crate) fn remove_log_aside(&self) -> anyhow::Result<()> {
        stage::remove_if_there(&self.log_aside_path())
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        entries.filter_map(|entry| Some(Entry { name: entry.file_name().into_string().ok()?, path: entry.path() }))
    }
}

/// A file or folder in `checkpoints/`.
struct Entry {
    name: String,
    path: PathBuf,
}

/// Removes a checkpoint: its files, the manifest first, then its folder, unless the user has put something into it.
pub(crate) fn remove_checkpoint(path: &Path) -> anyhow::Result<()> {
    if !path.is_dir() {
        return Ok(());
    }
    for name in [MANIFEST, checkpoint::STATE, checkpoint::WEIGHTS, checkpoint::OPTIMIZER, checkpoint::EMA] {
        stage::remove_if_there(&path.join(name))?;
    }
    stage::remove_partials(path)?;
    match fs::remove_dir(path) {
        Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
