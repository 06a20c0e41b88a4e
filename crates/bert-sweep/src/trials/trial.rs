//! Trial: one setting of the searched arguments, and its runs, one for each training seed and fold.
//!
//! The id of a run is a hash of the settings, the seed and the inputs. So a folder means the same run in every sweep,
//! and what was trained once is found again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use stage::{Fingerprint, sha256_hex};
use toml::{Table, Value};

use super::dataset::Dataset;
use super::trial_folder::TrialFolder;
use super::trial_plan::TrialPlan;
use super::values::canonical;
use crate::search::space::Arguments;
use crate::settings::SweepSettings;

/// Characters of an id: enough for many more trials than anybody runs.
const ID_LENGTH: usize = 12;

/// One setting.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) number: usize,
    pub(crate) arguments: Arguments,
    /// One for each seed, or for each seed and fold.
    pub(crate) runs: Vec<Run>,
    /// The rung, as a fraction of its steps, after which the trial does not go on.
    pub(crate) ruled_out_at: Option<f64>,
}

/// One training.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) seed: i64,
    /// The fold that it is evaluated on, from 1 on.
    pub(crate) fold: Option<u32>,
    pub(crate) folder: TrialFolder,
    /// `[finetune]` of its profile.
    finetune: Table,
    /// Known once the settings were checked.
    pub(crate) plan: Option<TrialPlan>,
}

/// What all runs of a sweep read, and where they write.
pub(crate) struct SweepPaths<'a> {
    pub(crate) out: &'a Path,
    pub(crate) model: &'a Path,
    /// One, or one for each fold.
    pub(crate) datasets: &'a [Dataset],
}

impl Trial {
    pub(crate) fn new(number: usize, arguments: Arguments, settings: &SweepSettings, paths: &SweepPaths<'_>) -> Self {
        let of_seed = |seed: &i64| {
            let mut finetune = settings.finetune.clone();
            finetune.extend(arguments.clone());
            finetune.insert("seed".to_owned(), Value::Integer(*seed));
            let run = |dataset| Run::new(finetune.clone(), (*seed, dataset), settings.resources.threads, paths);
            paths.datasets.iter().map(run).collect::<Vec<_>>()
        };
        let runs = settings.seeds.iter().flat_map(of_seed).collect();
        Self { number, arguments, runs, ruled_out_at: None }
    }
}

impl Run {
    fn new(mut finetune: Table, (seed, dataset): (i64, &Dataset), threads: i64, paths: &SweepPaths<'_>) -> Self {
        let id = id(&finetune, &dataset.inputs);
        let folder = TrialFolder::new(paths.out, &id);
        let path = |path: &Path| Value::String(path.display().to_string());
        finetune.insert("tokens".to_owned(), path(&dataset.tokens));
        finetune.insert("model".to_owned(), path(paths.model));
        finetune.insert("out".to_owned(), path(&folder.train()));
        finetune.insert("threads".to_owned(), Value::Integer(threads));
        let plan = folder.plan();
        Self { id, seed, fold: dataset.fold, folder, finetune, plan }
    }

    /// Which of the trial's runs it is, after its number: `, fold 2, seed 1`. One of a single seed needs no seed.
    pub(crate) fn suffix(&self, n_seeds: usize) -> String {
        let fold = self.fold.map_or(String::new(), |fold| format!(", fold {fold}"));
        if n_seeds > 1 { format!("{fold}, seed {}", self.seed) } else { fold }
    }

    pub(crate) fn write_profile(&self) -> anyhow::Result<()> {
        self.folder.write_profile(&self.finetune)
    }

    /// Checks and writes what `bert-finetune --plan` printed.
    pub(crate) fn write_plan(&mut self, plan: &[u8]) -> anyhow::Result<()> {
        self.plan = Some(TrialPlan::parse(plan)?);
        self.folder.write_plan(plan)
    }

    /// The command that trains, or resumes training.
    pub(crate) fn command(&self, finetune_program: &Path) -> Command {
        let mut command = Command::new(finetune_program);
        command.arg("--profile").arg(self.folder.profile());
        command
    }
}

fn id(finetune: &Table, inputs: &BTreeMap<String, Fingerprint>) -> String {
    let settings = finetune.iter().map(|(name, value)| format!("{name}={}\n", canonical(value)));
    let inputs = inputs.iter().map(|(role, file)| format!("input {role}={}\n", file.sha256));
    let definition: String = settings.chain(inputs).collect();
    sha256_hex(definition.as_bytes())[..ID_LENGTH].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_depends_on_settings_and_inputs_and_not_on_how_a_number_is_written() {
        let id = |text: &str, sha256: &str| {
            let file = Fingerprint { bytes: 1, sha256: sha256.to_owned() };
            id(&text.parse().unwrap(), &BTreeMap::from([("train".to_owned(), file)]))
        };
        let first = id("num_train_epochs = 3\nseed = 1", "a");
        assert_eq!(first.len(), 12);
        assert_eq!(first, id("seed = 1\nnum_train_epochs = 3.0", "a"));
        assert_ne!(first, id("num_train_epochs = 3\nseed = 2", "a"));
        assert_ne!(first, id("num_train_epochs = 3\nseed = 1", "b"));
    }
}
