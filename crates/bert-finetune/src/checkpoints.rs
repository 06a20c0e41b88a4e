//! Checkpoints that can be trusted: `checkpoints/step-NNNNNN/`, and the best weights so far.
//!
//! A checkpoint is `model.safetensors` (what is learned), `optimizer.safetensors`, `average.safetensors` where an average
//! is kept, and `state.json`, and a `manifest.json` with the key of the run and the SHA-256 of each, which is written
//! last. Only one whose files all verify is continued. The best weights lie beside as `best-step-NNNNNN.safetensors`,
//! written before the checkpoint whose manifest lists them.

mod manifest;
mod space;
mod tensors;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use bert::Machine;
use checkpoint::{SafetensorsFile, write_safetensors};
use stage::{Common, Fingerprint, OutputFile, OutputFolder};
use tch::no_grad;

use self::manifest::{CheckpointManifest, MANIFEST};
use self::tensors::{float_bytes, float_tensor, read_trained};
use crate::train_loop::loop_state::LoopState;
use crate::training::trainer::Trainer;

pub(crate) use self::space::DiskSpace;

const FOLDER: &str = "checkpoints";
const WEIGHTS: &str = "model.safetensors";
const MOMENTS: &str = "optimizer.safetensors";
const AVERAGE: &str = "average.safetensors";
const STATE: &str = "state.json";

/// The checkpoints of one output folder.
pub(crate) struct Checkpoints {
    folder: PathBuf,
    key: String,
    total_limit: usize,
    /// What computes here.
    machine: Machine,
    /// The best weights so far, as the next manifest will list them.
    best: BTreeMap<String, Fingerprint>,
}

impl Checkpoints {
    /// Opens the checkpoints of `work`; `--force` discards what is there.
    pub(crate) fn open(work: &OutputFolder, total_limit: u64, machine: Machine) -> anyhow::Result<Self> {
        let folder = work.folder().join(FOLDER);
        if work.starts_anew() && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        stage::sync_folder(work.folder()).with_context(|| format!("cannot sync {}", work.folder().display()))?;
        stage::remove_partials(&folder)?;
        let total_limit = usize::try_from(total_limit).unwrap_or(usize::MAX);
        Ok(Self { folder, key: work.key().to_owned(), total_limit, machine, best: BTreeMap::new() })
    }

    /// Takes `trainer` to the newest checkpoint of the same key that verifies, and says what was passed over.
    pub(crate) fn resume(&mut self, trainer: &mut Trainer<'_>, common: &Common) -> anyhow::Result<Option<LoopState>> {
        for (step, path) in self.steps().into_iter().rev() {
            match self.load(step, &path, trainer) {
                Ok((state, machine)) => {
                    common.say(&format!("bert-finetune: continuing at step {step} from {}", path.display()));
                    if machine != self.machine {
                        common.say(&format!(
                            "bert-finetune: it was saved on {machine}, this is {}: the result will not be the same bytes",
                            self.machine
                        ));
                    }
                    // A run that was killed between its last save and this has left more than the limit.
                    self.remove_old(step, &state)?;
                    return Ok(Some(state));
                }
                Err(reason) => common.say(&format!("bert-finetune: passing over {}: {reason:#}", path.display())),
            }
        }
        Ok(None)
    }

    fn load(&mut self, step: u64, path: &Path, trainer: &mut Trainer<'_>) -> anyhow::Result<(LoopState, Machine)> {
        let manifest = CheckpointManifest::read(path)?;
        ensure!(manifest.step == step, "its manifest is that of step {}", manifest.step);
        ensure!(manifest.key == self.key, "it is of a run with other settings or inputs");
        let average = trainer.average.as_ref().map(|_| AVERAGE);
        let missing =
            [WEIGHTS, MOMENTS, STATE].into_iter().chain(average).find(|name| !manifest.files.contains_key(*name));
        ensure!(missing.is_none(), "its manifest does not list {}", missing.unwrap_or_default());
        manifest.verify(path, &self.log_path())?;
        let state: LoopState = serde_json::from_slice(&fs::read(path.join(STATE))?).context("its state is damaged")?;

        // All is read before anything is changed.
        let weights = read_trained(&path.join(WEIGHTS), &trainer.parameters)?;
        let mut file = SafetensorsFile::open(&path.join(MOMENTS))?;
        let moments = trainer.optimizer.state().into_iter().map(|(name, moment)| {
            let value = float_tensor(&mut file, &name, &moment.size())?;
            Ok((moment, value))
        });
        let mut read = moments.collect::<anyhow::Result<Vec<_>>>()?;
        read.extend(weights);
        if let Some(average) = &trainer.average {
            read.extend(read_trained(&path.join(AVERAGE), &average.parameters)?);
        }
        for (mut place, value) in read {
            no_grad(|| place.copy_(&value));
        }
        trainer.step = manifest.step;
        trainer.weights_were_set()?;
        self.best = manifest.files.into_iter().filter(|(name, _)| name.starts_with("../")).collect();
        Ok((state, manifest.machine))
    }

    /// Saves the moment, then removes what is no longer needed. What could not be saved whole leaves its space to others.
    pub(crate) fn save(&self, trainer: &Trainer<'_>, state: &LoopState) -> anyhow::Result<()> {
        let path = self.folder.join(format!("step-{:06}", trainer.step));
        if let Err(error) = self.write(&path, trainer, state) {
            let _ = fs::remove_dir_all(&path);
            return Err(error);
        }
        self.remove_old(trainer.step, state)
    }

    fn write(&self, path: &Path, trainer: &Trainer<'_>, state: &LoopState) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        let mut files = self.best.clone();
        let mut write = |name: &str, fill: &dyn Fn(&mut OutputFile) -> anyhow::Result<()>| -> anyhow::Result<()> {
            let mut file = OutputFile::create(&path.join(name))?;
            fill(&mut file).with_context(|| format!("cannot write {}", path.join(name).display()))?;
            files.insert(name.to_owned(), file.commit()?);
            Ok(())
        };
        write(WEIGHTS, &|file| Ok(bert::write_trained(file, &trainer.parameters)?))?;
        let moments = trainer.optimizer.state();
        write(MOMENTS, &|file| Ok(write_safetensors(file, moments.iter().map(float_bytes).collect())?))?;
        if let Some(average) = &trainer.average {
            write(AVERAGE, &|file| Ok(bert::write_trained(file, &average.parameters)?))?;
        }
        write(STATE, &|file| Ok(file.write_all(&serde_json::to_vec_pretty(state)?)?))?;
        let log = Fingerprint::of_first(&self.log_path(), state.log_bytes)?;
        let manifest = CheckpointManifest::new((self.key.clone(), self.machine.clone()), trainer.step, files, log);
        let mut file = OutputFile::create(&path.join(MANIFEST))?;
        file.write_all(&manifest.sealed()?)?;
        file.commit()?;
        stage::sync_folder(&self.folder).with_context(|| format!("cannot sync {}", self.folder.display()))
    }

    /// Keeps the weights of the moment as the best so far.
    pub(crate) fn keep_best(&mut self, trainer: &Trainer<'_>) -> anyhow::Result<()> {
        let path = self.best_path(trainer.step);
        let mut file = OutputFile::create(&path)?;
        bert::write_weights(&mut file, &trainer.result())
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.best = BTreeMap::from([(format!("../{}", best_name(trainer.step)), file.commit()?)]);
        Ok(())
    }

    /// Other runs' checkpoints, all but the newest of this one, and best weights that no kept checkpoint names.
    fn remove_old(&self, newest: u64, state: &LoopState) -> anyhow::Result<()> {
        let mut kept_best: Vec<PathBuf> = state.best.iter().map(|best| self.best_path(best.step)).collect();
        let mut kept = 0;
        for (step, path) in self.steps().into_iter().rev() {
            let ours = step <= newest && self.is_ours(&path);
            if ours && kept < self.total_limit {
                kept += 1;
                let saved =
                    fs::read(path.join(STATE)).ok().and_then(|bytes| serde_json::from_slice::<LoopState>(&bytes).ok());
                kept_best.extend(saved.and_then(|state| state.best).map(|best| self.best_path(best.step)));
            } else {
                fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        for path in best_copies(&self.folder) {
            if !kept_best.contains(&path) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn is_ours(&self, path: &Path) -> bool {
        CheckpointManifest::read(path).is_ok_and(|manifest| manifest.key == self.key)
    }

    /// The checkpoints that are there, whole or not, by step.
    fn steps(&self) -> Vec<(u64, PathBuf)> {
        let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut steps: Vec<(u64, PathBuf)> = entries.filter_map(|path| Some((number(&path)?, path))).collect();
        steps.sort();
        steps
    }

    fn log_path(&self) -> PathBuf {
        self.folder.with_file_name("log.jsonl")
    }

    fn best_path(&self, step: u64) -> PathBuf {
        self.folder.join(best_name(step))
    }
}

fn best_name(step: u64) -> String {
    format!("best-step-{step:06}.safetensors")
}

/// The best weights of the run in `out`, kept at `step`.
pub(crate) fn best_weights(out: &Path, step: u64) -> PathBuf {
    out.join(FOLDER).join(best_name(step))
}

/// Every kept copy of best weights in a checkpoints folder.
fn best_copies(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_copy = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("best-step-"))
    };
    entries.filter(is_copy).collect()
}

/// Removes the copies of the best weights of a finished run, whose `model.safetensors` they are.
pub(crate) fn remove_best_copies(out: &Path) -> anyhow::Result<()> {
    for path in best_copies(&out.join(FOLDER)) {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}
