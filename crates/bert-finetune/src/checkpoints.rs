//! Checkpoints that can be trusted: `checkpoints/step-NNNNNN/`, and the best weights so far.
//!
//! A checkpoint is `model.safetensors`, `optimizer.safetensors` and `state.json`, and a `manifest.json` with the key of
//! the run and the SHA-256 of each, which is written last. Only one whose files all verify is continued. The best
//! weights lie beside as `best-step-NNNNNN.safetensors`, written before the checkpoint whose manifest lists them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use checkpoint::{Element, SafetensorsFile, TensorBytes, write_safetensors};
use stage::{Common, Fingerprint, OutputFile, Stop, Work};
use tch::{Kind, Tensor, no_grad};

use crate::checkpoint_manifest::{CheckpointManifest, MANIFEST};
use crate::state::LoopState;
use crate::trainer::Trainer;

const FOLDER: &str = "checkpoints";
const WEIGHTS: &str = "model.safetensors";
const MOMENTS: &str = "optimizer.safetensors";
const STATE: &str = "state.json";

/// The checkpoints of one output folder.
pub(crate) struct Checkpoints {
    folder: PathBuf,
    key: String,
    total_limit: usize,
    /// The best weights so far, as the next manifest will list them.
    best: BTreeMap<String, Fingerprint>,
}

impl Checkpoints {
    /// Opens the checkpoints of `work`; `--force` discards what is there.
    pub(crate) fn open(work: &Work, total_limit: u64) -> anyhow::Result<Self> {
        let folder = work.folder().join(FOLDER);
        if work.starts_anew() && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let total_limit = usize::try_from(total_limit).unwrap_or(usize::MAX);
        Ok(Self { folder, key: work.key().to_owned(), total_limit, best: BTreeMap::new() })
    }

    /// Refuses to begin what the disk cannot hold: the kept checkpoints and one more, the best weights twice, the result.
    pub(crate) fn check_space(&self, trainer: &Trainer<'_>) -> anyhow::Result<()> {
        let weights = trainer.parameters.count() as u64 * 4;
        let checkpoints = (self.total_limit as u64).min(3) + 1;
        let needed = weights * (3 * checkpoints + 3);
        let free = stage::available_bytes(&self.folder).context("cannot ask for the free space")? + self.bytes_here();
        if free < needed {
            let problem = format!(
                "{} has {free} bytes free, but this run may need {needed}; free some, or lower --save-total-limit",
                self.folder.display()
            );
            return Err(Stop::Unhealthy(problem).into());
        }
        Ok(())
    }

    /// What the checkpoints of an earlier run take, which this one replaces.
    fn bytes_here(&self) -> u64 {
        let folders = self.steps().into_iter().map(|(_, path)| path);
        let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    /// Takes `trainer` to the newest checkpoint of the same key that verifies, and says what was passed over.
    pub(crate) fn resume(&mut self, trainer: &mut Trainer<'_>, common: &Common) -> anyhow::Result<Option<LoopState>> {
        for (step, path) in self.steps().into_iter().rev() {
            match self.load(step, &path, trainer) {
                Ok(state) => {
                    common.say(&format!("bert-finetune: continuing at step {step} from {}", path.display()));
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
        ensure!(
            [WEIGHTS, MOMENTS, STATE].iter().all(|name| manifest.files.contains_key(*name)),
            "its manifest does not list all files"
        );
        manifest.verify(path, &self.log_path())?;
        let state: LoopState = serde_json::from_slice(&fs::read(path.join(STATE))?).context("its state is damaged")?;

        let mut weights = SafetensorsFile::open(&path.join(WEIGHTS))?;
        for (leaf, part) in trainer.parameters.parts() {
            let value = float_tensor(&mut weights, &part.name, &part.shape)?;
            no_grad(|| leaf.part_of(&leaf.tensor.detach(), part).copy_(&value));
        }
        let mut moments = SafetensorsFile::open(&path.join(MOMENTS))?;
        let shape = trainer.parameters.flat.size();
        trainer.optimizer.exp_avg.copy_(&float_tensor(&mut moments, "exp_avg", &shape)?);
        trainer.optimizer.exp_avg_sq.copy_(&float_tensor(&mut moments, "exp_avg_sq", &shape)?);
        trainer.step = manifest.step;
        self.best = manifest.files.into_iter().filter(|(name, _)| name.starts_with("../")).collect();
        Ok(state)
    }

    /// Saves the moment, then removes what is no longer needed.
    pub(crate) fn save(&self, trainer: &Trainer<'_>, state: &LoopState) -> anyhow::Result<()> {
        let path = self.folder.join(format!("step-{:06}", trainer.step));
        fs::create_dir_all(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        let mut files = self.best.clone();
        let mut write = |name: &str, fill: &dyn Fn(&mut OutputFile) -> anyhow::Result<()>| -> anyhow::Result<()> {
            let mut file = OutputFile::create(&path.join(name))?;
            fill(&mut file).with_context(|| format!("cannot write {}", path.join(name).display()))?;
            files.insert(name.to_owned(), file.commit()?);
            Ok(())
        };
        write(WEIGHTS, &|file| Ok(bert::write_weights(file, &trainer.parameters)?))?;
        write(MOMENTS, &|file| {
            let moments = [("exp_avg", &trainer.optimizer.exp_avg), ("exp_avg_sq", &trainer.optimizer.exp_avg_sq)];
            Ok(write_safetensors(file, moments.map(|(name, flat)| flat_tensor(name, flat)).into())?)
        })?;
        write(STATE, &|file| Ok(file.write_all(&serde_json::to_vec_pretty(state)?)?))?;
        let log = Fingerprint::of_first(&self.log_path(), state.log_bytes)?;
        let manifest = CheckpointManifest::new(self.key.clone(), trainer.step, files, log);
        let mut file = OutputFile::create(&path.join(MANIFEST))?;
        file.write_all(&manifest.sealed()?)?;
        file.commit()?;
        stage::sync_folder(&self.folder).with_context(|| format!("cannot sync {}", self.folder.display()))?;
        self.remove_old(trainer.step, state)
    }

    /// Keeps the weights of the moment as the best so far.
    pub(crate) fn keep_best(&mut self, trainer: &Trainer<'_>) -> anyhow::Result<()> {
        let path = self.best_path(trainer.step);
        let mut file = OutputFile::create(&path)?;
        bert::write_weights(&mut file, &trainer.parameters)
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

fn flat_tensor<'a>(name: &str, flat: &'a Tensor) -> TensorBytes<'a> {
    let bytes = || {
        let flat = flat.to_device(tch::Device::Cpu);
        let mut bytes = vec![0; flat.numel() * 4];
        flat.f_copy_data_u8(&mut bytes, flat.numel()).map_err(std::io::Error::other)?;
        Ok(bytes)
    };
    TensorBytes { name: name.to_owned(), element: Element::F32, shape: vec![flat.numel()], bytes: Box::new(bytes) }
}

fn float_tensor(file: &mut SafetensorsFile, name: &str, shape: &[i64]) -> anyhow::Result<Tensor> {
    let bytes = file.read(name)?;
    let expected = shape.iter().product::<i64>() as usize * 4;
    if bytes.len() != expected {
        bail!(anyhow!("{name} has {} bytes; expected {expected}", bytes.len()));
    }
    Ok(Tensor::f_from_data_size(&bytes, shape, Kind::Float)?)
}
