//! Checkpoints that can be trusted: `checkpoints/step-NNNNNN/`, and the best weights so far.
//!
//! A checkpoint is `model.safetensors` (what is learned), `optimizer.safetensors`, `average.safetensors` where an average
//! is kept, and `state.json`, and a `manifest.json` with the key of the run and the SHA-256 of each, which is written
//! last. Only one whose files all verify is continued. The best weights lie beside as `best-step-NNNNNN.safetensors`,
//! written before the checkpoint whose manifest lists them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use bert::Parameters;
use checkpoint::{Element, SafetensorsFile, TensorBytes, write_safetensors};
use stage::{Common, Fingerprint, OutputFile, Stop, Work};
use tch::{Kind, Tensor, no_grad};

use crate::checkpoint_manifest::{CheckpointManifest, MANIFEST};
use crate::state::LoopState;
use crate::trainer::Trainer;

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
    /// The best weights so far, as the next manifest will list them.
    best: BTreeMap<String, Fingerprint>,
}

/// Bytes of the disk that holds the checkpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskSpace {
    pub(crate) needed: u64,
    pub(crate) free: u64,
}

impl Checkpoints {
    /// Opens the checkpoints of `work`; `--force` discards what is there.
    pub(crate) fn open(work: &Work, total_limit: u64) -> anyhow::Result<Self> {
        let folder = work.folder().join(FOLDER);
        if work.starts_anew() && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        stage::sync_folder(work.folder()).with_context(|| format!("cannot sync {}", work.folder().display()))?;
        stage::remove_partials(&folder)?;
        let total_limit = usize::try_from(total_limit).unwrap_or(usize::MAX);
        Ok(Self { folder, key: work.key().to_owned(), total_limit, best: BTreeMap::new() })
    }

    /// Refuses to begin what the disk cannot hold: the kept checkpoints and one more, the best weights twice, the result.
    ///
    /// Returns what it may need and what is free, in bytes.
    pub(crate) fn check_space(&self, trainer: &Trainer<'_>) -> anyhow::Result<DiskSpace> {
        let needed = self.bytes_needed(trainer);
        let free = stage::available_bytes(&self.folder).context("cannot ask for the free space")? + self.bytes_here();
        if free < needed {
            let problem = format!(
                "{} has {free} bytes free, but this run may need {needed}; free some, or lower --save-total-limit",
                self.folder.display()
            );
            return Err(Stop::Unhealthy(problem).into());
        }
        Ok(DiskSpace { needed, free })
    }

    /// The most that the run will take on the disk.
    pub(crate) fn bytes_needed(&self, trainer: &Trainer<'_>) -> u64 {
        let trained = trainer.parameters.count_trained();
        let moments: usize = trainer.optimizer.state().values().map(Tensor::numel).sum();
        let average = if trainer.average.is_some() { trained } else { 0 };
        let checkpoints = self.total_limit.min(3) + 1;
        let numbers = (trained + moments + average) * checkpoints + 3 * trainer.parameters.count();
        4 * numbers as u64
    }

    /// What the checkpoints of an earlier run take, which this one replaces.
    fn bytes_here(&self) -> u64 {
        let folders = self.steps().into_iter().map(|(_, path)| path).chain([self.folder.clone()]);
        let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
    }

    /// Takes `trainer` to the newest checkpoint of the same key that verifies, and says what was passed over.
    pub(crate) fn resume(&mut self, trainer: &mut Trainer<'_>, common: &Common) -> anyhow::Result<Option<LoopState>> {
        for (step, path) in self.steps().into_iter().rev() {
            match self.load(step, &path, trainer) {
                Ok(state) => {
                    common.say(&format!("bert-finetune: continuing at step {step} from {}", path.display()));
                    // A run that was killed between its last save and this has left more than the limit.
                    self.remove_old(step, &state)?;
                    return Ok(Some(state));
                }
                Err(reason) => common.say(&format!("bert-finetune: passing over {}: {reason:#}", path.display())),
            }
        }
        Ok(None)
    }

    fn load(&mut self, step: u64, path: &Path, trainer: &mut Trainer<'_>) -> anyhow::Result<LoopState> {
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
        self.best = manifest.files.into_iter().filter(|(name, _)| name.starts_with("../")).collect();
        Ok(state)
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
        let manifest = CheckpointManifest::new(self.key.clone(), trainer.step, files, log);
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

fn float_bytes<'a>((name, tensor): (&String, &'a Tensor)) -> TensorBytes<'a> {
    let bytes = || {
        let tensor = tensor.to_device(tch::Device::Cpu);
        let mut bytes = vec![0; tensor.numel() * 4];
        tensor.f_copy_data_u8(&mut bytes, tensor.numel()).map_err(std::io::Error::other)?;
        Ok(bytes)
    };
    let shape = tensor.size().iter().map(|&size| size as usize).collect();
    TensorBytes { name: name.clone(), element: Element::F32, shape, bytes: Box::new(bytes) }
}

/// Each tensor of `parameters` that is learned, as the place in memory and the value in the file.
fn read_trained(path: &Path, parameters: &Parameters) -> anyhow::Result<Vec<(Tensor, Tensor)>> {
    let mut file = SafetensorsFile::open(path)?;
    let parts = parameters.trained().flat_map(|leaf| leaf.parts.iter().map(move |part| (leaf, part)));
    parts
        .map(|(leaf, part)| {
            let value = float_tensor(&mut file, &part.name, &part.shape)?;
            Ok((leaf.part_of(&leaf.tensor.detach(), part), value))
        })
        .collect()
}

fn float_tensor(file: &mut SafetensorsFile, name: &str, shape: &[i64]) -> anyhow::Result<Tensor> {
    let bytes = file.read(name)?;
    let expected = shape.iter().product::<i64>() as usize * 4;
    if bytes.len() != expected {
        bail!(anyhow!("{name} has {} bytes; expected {expected}", bytes.len()));
    }
    Ok(Tensor::f_from_data_size(&bytes, shape, Kind::Float)?)
}
