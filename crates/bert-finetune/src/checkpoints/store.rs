//! Saving and resuming: the trainer and the loop state, to a checkpoint and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use bert::{Machine, tensor_bytes};
use checkpoint::{SafetensorsFile, write_safetensors};
use run_files::layout::checkpoint::{EMA, OPTIMIZER, STATE, WEIGHTS};
use stage::{CommonArgs, Fingerprint, MANIFEST, OutputFile, OutputFolder, write_file, write_file_with};
use tch::no_grad;

use crate::checkpoints::disk_space::{DiskSpace, Present, Saves};
use crate::checkpoints::layout::{CheckpointFolder, remove_checkpoint};
use crate::checkpoints::manifest::CheckpointManifest;
use crate::checkpoints::tensors::read_trained;
use crate::training::loop_state::LoopState;
use crate::training::trainer::Trainer;

/// The checkpoints of one output folder.
pub(crate) struct Checkpoints {
    folder: CheckpointFolder,
    /// Of the run; only its own checkpoints are continued.
    key: String,
    total_limit: usize,
    /// Where this run computes.
    machine: Machine,
    /// The best weights so far, as the next manifest will list them.
    best: BTreeMap<String, Fingerprint>,
}

impl Checkpoints {
    /// Opens the checkpoints of `output`; `--force` discards those that are there, and nothing that the user put beside them.
    pub(crate) fn open(output: &OutputFolder, total_limit: u64, machine: Machine) -> anyhow::Result<Self> {
        let folder = CheckpointFolder::of(output.folder());
        let path = folder.path();
        if output.starts_anew() {
            folder.steps().iter().try_for_each(|(_, path)| remove_checkpoint(path))?;
            folder.remove_best_copies()?;
            folder.remove_log_aside()?;
        }
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        stage::sync_folder(output.folder()).with_context(|| format!("cannot sync {}", output.folder().display()))?;
        stage::remove_partials(path)?;
        let total_limit = usize::try_from(total_limit).unwrap_or(usize::MAX);
        Ok(Self { folder, key: output.key().to_owned(), total_limit, machine, best: BTreeMap::new() })
    }

    /// Whether there is something to go on from.
    pub(crate) fn is_unfinished(&self) -> bool {
        !self.folder.steps().is_empty()
    }

    /// The step of the newest checkpoint of other settings or inputs.
    pub(crate) fn newest_of_others(&self) -> Option<u64> {
        self.folder.newest(|key| key != self.key)
    }

    /// Keeps the log of an unfinished run of other settings, to which its checkpoints belong until this run has saved its first, or has
    /// evaluated or saved at a step of theirs: where this one comes to nothing before, the other can still be continued.
    pub(crate) fn set_log_aside(&self) -> anyhow::Result<()> {
        let (log, aside) = (self.folder.log_path(), self.folder.log_aside_path());
        // What is aside already may be longer than what a second run of these settings has left.
        let needs_log = |manifest: CheckpointManifest| {
            manifest.key != self.key && manifest.verify_log(&log).is_ok() && manifest.verify_log(&aside).is_err()
        };
        if self.folder.steps().iter().any(|(_, path)| CheckpointManifest::read(path).is_ok_and(needs_log)) {
            copy(&log, &aside)?;
        }
        Ok(())
    }

    /// The log that a checkpoint belongs to: that of the folder, or the one that was set aside.
    fn log_of(&self, manifest: &CheckpointManifest) -> anyhow::Result<PathBuf> {
        let (log, aside) = (self.folder.log_path(), self.folder.log_aside_path());
        match manifest.verify_log(&log) {
            Err(_) if manifest.verify_log(&aside).is_ok() => Ok(aside),
            verified => verified.map(|()| log),
        }
    }

    /// Fails where the disk cannot hold what a run saves.
    pub(crate) fn check_disk_space(&self, saves: Saves<'_>) -> anyhow::Result<DiskSpace> {
        let (own, others): (Vec<_>, Vec<_>) = self.folder.steps().into_iter().partition(|(_, path)| self.is_ours(path));
        let bytes = |checkpoints: Vec<(u64, PathBuf)>| {
            let best: BTreeSet<PathBuf> = checkpoints.iter().filter_map(|(_, path)| self.best_of(path)).collect();
            let files = checkpoints.iter().flat_map(|(_, path)| fs::read_dir(path).into_iter().flatten().flatten());
            let files = files.map(|file| file.path()).chain(best);
            files.filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
        };
        DiskSpace::check(&self.folder, saves, Present { own: bytes(own), others: bytes(others) })
    }

    /// Restores `trainer` from the newest checkpoint of the same key that verifies, and reports those that were skipped.
    pub(crate) fn resume(
        &mut self,
        trainer: &mut Trainer<'_>,
        common: &CommonArgs,
    ) -> anyhow::Result<Option<LoopState>> {
        for (step, path) in self.folder.steps().into_iter().rev() {
            match self.load(step, &path, trainer) {
                Ok((state, machine)) => {
                    common.say(&format!("bert-finetune: continuing at step {step} from {}", path.display()));
                    if machine != self.machine {
                        common.say(&format!(
                            "bert-finetune: warning: this checkpoint was written on {machine}, but this run is on {}; \
                             the result will not be bitwise identical to that of an uninterrupted run",
                            self.machine
                        ));
                    }
                    // A run that was killed between its last save and this has left more than the limit.
                    self.remove_old(step, &state)?;
                    return Ok(Some(state));
                }
                Err(reason) => common.say(&format!("bert-finetune: skipping {}: {reason:#}", path.display())),
            }
        }
        Ok(None)
    }

    /// Restores `trainer` from one checkpoint; returns the loop state and the machine that wrote it.
    fn load(&mut self, step: u64, path: &Path, trainer: &mut Trainer<'_>) -> anyhow::Result<(LoopState, Machine)> {
        let manifest = CheckpointManifest::read(path)?;
        ensure!(manifest.step == step, "its manifest says step {}", manifest.step);
        ensure!(manifest.key == self.key, "it belongs to a run with other settings or inputs");
        let ema = trainer.ema.as_ref().map(|_| EMA);
        let missing =
            [WEIGHTS, OPTIMIZER, STATE].into_iter().chain(ema).find(|name| !manifest.files.contains_key(*name));
        ensure!(missing.is_none(), "its manifest does not list {}", missing.unwrap_or_default());
        manifest.verify(path)?;
        let log = self.log_of(&manifest)?;
        let state: LoopState = serde_json::from_slice(&fs::read(path.join(STATE))?)
            .with_context(|| format!("{STATE} cannot be parsed"))?;

        // All is read before anything is changed.
        let weights = read_trained(&path.join(WEIGHTS), trainer.parameters())?;
        let mut file = SafetensorsFile::open(&path.join(OPTIMIZER))?;
        let moments = trainer.optimizer_state().into_iter().map(|(name, moment)| {
            let value = tensor_bytes::read(&mut file, &name, &moment.size())?;
            Ok((moment, value))
        });
        let mut read = moments.collect::<anyhow::Result<Vec<_>>>()?;
        read.extend(weights);
        if let Some(ema) = &trainer.ema {
            read.extend(read_trained(&path.join(EMA), &ema.parameters)?);
        }
        if log != self.folder.log_path() {
            copy(&log, &self.folder.log_path())?;
        }
        for (mut tensor, value) in read {
            no_grad(|| tensor.copy_(&value));
        }
        trainer.step = manifest.step;
        trainer.weights_were_set()?;
        self.best = manifest.files.into_iter().filter(|(name, _)| name.starts_with("../")).collect();
        Ok((state, manifest.machine))
    }

    /// Saves a checkpoint, then removes those that are no longer needed. One that could not be saved whole is removed, so
    /// that it takes no space.
    pub(crate) fn save(&self, trainer: &Trainer<'_>, state: &LoopState) -> anyhow::Result<()> {
        let path = self.folder.step_path(trainer.step);
        if let Err(error) = self.write(&path, trainer, state) {
            let _ = remove_checkpoint(&path);
            return Err(error);
        }
        self.remove_old(trainer.step, state)
    }

    fn write(&self, path: &Path, trainer: &Trainer<'_>, state: &LoopState) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        let mut files = self.best.clone();
        let mut write = |name: &str, fill: &dyn Fn(&mut OutputFile) -> anyhow::Result<()>| -> anyhow::Result<()> {
            let ((), fingerprint) = write_file_with(&path.join(name), fill)?;
            files.insert(name.to_owned(), fingerprint);
            Ok(())
        };
        write(WEIGHTS, &|file| Ok(bert::write_trained(file, trainer.parameters())?))?;
        let moments = trainer.optimizer_state();
        let entries = || moments.iter().map(|(name, moment)| tensor_bytes::entry(name, moment.shallow_clone()));
        write(OPTIMIZER, &|file| Ok(write_safetensors(file, entries().collect())?))?;
        if let Some(ema) = &trainer.ema {
            write(EMA, &|file| Ok(bert::write_trained(file, &ema.parameters)?))?;
        }
        write(STATE, &|file| Ok(file.write_all(&serde_json::to_vec_pretty(state)?)?))?;
        let (key, machine) = (self.key.clone(), self.machine.clone());
        let log = Fingerprint::of_first(&self.folder.log_path(), state.log_bytes)?;
        let manifest = CheckpointManifest::new(key, machine, trainer.step, files, log).sealed()?;
        write_file(&path.join(MANIFEST), manifest)?;
        let folder = self.folder.path();
        stage::sync_folder(folder).with_context(|| format!("cannot sync {}", folder.display()))
    }

    /// Keeps the present weights as the best so far.
    pub(crate) fn keep_best(&mut self, trainer: &Trainer<'_>) -> anyhow::Result<()> {
        let weights = trainer.result();
        let path = self.folder.best_path(trainer.step);
        let ((), fingerprint) = write_file_with(&path, |file| Ok(bert::write_weights(file, &weights)?))?;
        self.best = BTreeMap::from([(CheckpointFolder::best_name(trainer.step), fingerprint)]);
        // Those that were the best since the last save no checkpoint names.
        let named = self.folder.steps().into_iter().filter_map(|(_, path)| self.best_of(&path));
        self.folder.remove_best_copies_but(&named.chain([path]).collect::<Vec<_>>())
    }

    /// Removes other runs' checkpoints, all but the newest of this run, and best weights that no kept checkpoint names.
    fn remove_old(&self, newest: u64, state: &LoopState) -> anyhow::Result<()> {
        let mut kept_best: Vec<PathBuf> = state.best.iter().map(|best| self.folder.best_path(best.step)).collect();
        let mut n_kept = 0;
        for (step, path) in self.folder.steps().into_iter().rev() {
            let is_ours = step <= newest && self.is_ours(&path);
            if is_ours && n_kept < self.total_limit {
                n_kept += 1;
                kept_best.extend(self.best_of(&path));
            } else {
                remove_checkpoint(&path)?;
            }
        }
        self.folder.remove_log_aside()?;
        self.folder.remove_best_copies_but(&kept_best)
    }

    /// The best weights that a checkpoint knows of.
    fn best_of(&self, checkpoint: &Path) -> Option<PathBuf> {
        best_step(checkpoint).map(|step| self.folder.best_path(step))
    }

    fn is_ours(&self, path: &Path) -> bool {
        CheckpointManifest::read(path).is_ok_and(|manifest| manifest.key == self.key)
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    write_file_with(to, |file| stage::copy_from(from, file)).map(drop)
}

/// The best step that a checkpoint knows of.
fn best_step(path: &Path) -> Option<u64> {
    let bytes = fs::read(path.join(STATE)).ok()?;
    serde_json::from_slice::<LoopState>(&bytes).ok()?.best.map(|best| best.step)
}
