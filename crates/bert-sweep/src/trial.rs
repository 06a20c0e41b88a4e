//! A trial and its runs: one setting, once for each seed, and the folder of each run.
//!
//! ```text
//! OUT/trials/<id>/profile.toml   everything that bert-finetune needs: `bert-finetune --profile` with it runs by itself
//!                 plan.json      what `bert-finetune --plan` made of it
//!                 stderr.log     what it said
//!                 failure.json   how it ended, if it did not end well
//!                 train/         its output folder
//! ```
//!
//! The id is a hash of the settings, the seed and the inputs. So a folder means the same run in every sweep, and what
//! was run once is found again.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use stage::{Fingerprint, OutputFile, sha256_hex};
use toml::{Table, Value};

use crate::length::Length;
use crate::log::RunLog;
use crate::search::Arguments;
use crate::sweep::Sweep;

/// Characters of an id: enough for many more trials than anybody runs.
const ID_LENGTH: usize = 12;

/// One setting.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) number: usize,
    pub(crate) arguments: Arguments,
    /// One for each seed.
    pub(crate) runs: Vec<Run>,
    /// The share of its steps after which it was ranked among those that do not go on.
    pub(crate) ruled_out: Option<f64>,
}

/// One training.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) seed: i64,
    pub(crate) folder: PathBuf,
    /// `[finetune]` of its profile.
    pub(crate) settings: Table,
    /// Known once it was checked.
    pub(crate) length: Option<Length>,
}

/// How a run ended, if it did not end well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: Option<i32>,
    pub(crate) reason: String,
}

/// Where the runs of a sweep find what they share.
pub(crate) struct Places<'a> {
    pub(crate) out: &'a Path,
    pub(crate) tokens: &'a Path,
    pub(crate) model: &'a Path,
    /// Of the files that a training reads, by their role.
    pub(crate) inputs: &'a BTreeMap<String, Fingerprint>,
}

impl Trial {
    pub(crate) fn new(number: usize, arguments: Arguments, sweep: &Sweep, places: &Places<'_>) -> Self {
        let runs = sweep.seeds.iter().map(|seed| Run::new(&arguments, *seed, sweep, places)).collect();
        Self { number, arguments, runs, ruled_out: None }
    }
}

impl Run {
    fn new(arguments: &Arguments, seed: i64, sweep: &Sweep, places: &Places<'_>) -> Self {
        let mut settings = sweep.base.clone();
        settings.extend(arguments.clone());
        settings.insert("seed".to_owned(), Value::Integer(seed));
        let id = id(&settings, places.inputs);
        let folder = places.out.join("trials").join(&id);
        let path = |path: &Path| Value::String(path.display().to_string());
        settings.insert("tokens".to_owned(), path(places.tokens));
        settings.insert("model".to_owned(), path(places.model));
        settings.insert("out".to_owned(), path(&folder.join("train")));
        settings.insert("threads".to_owned(), Value::Integer(sweep.effort.threads));
        let length = fs::read(folder.join(PLAN)).ok().and_then(|plan| Length::parse(&plan).ok());
        Self { id, seed, folder, settings, length }
    }

    /// Writes the profile that makes the run what it is.
    pub(crate) fn write_profile(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))?;
        let profile = Table::from_iter([("finetune".to_owned(), Value::Table(self.settings.clone()))]);
        self.write("profile.toml", &profile.to_string())
    }

    /// The command that trains, or goes on to train.
    pub(crate) fn command(&self, finetune: &Path) -> Command {
        let mut command = Command::new(finetune);
        command.arg("--profile").arg(self.folder.join("profile.toml"));
        command
    }

    /// Its output folder.
    pub(crate) fn train(&self) -> PathBuf {
        self.folder.join("train")
    }

    pub(crate) fn log(&self) -> anyhow::Result<RunLog> {
        RunLog::read(&self.train())
    }

    /// Keeps what `--plan` printed.
    pub(crate) fn write_plan(&mut self, plan: &[u8]) -> anyhow::Result<()> {
        self.length = Some(Length::parse(plan)?);
        self.write(PLAN, &String::from_utf8_lossy(plan))
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        serde_json::from_slice(&fs::read(self.folder.join(FAILURE)).ok()?).ok()
    }

    /// Keeps how it ended; `None` when it ended well.
    pub(crate) fn write_failure(&self, failure: Option<&Failure>) -> anyhow::Result<()> {
        match failure {
            Some(failure) => self.write(FAILURE, &serde_json::to_string_pretty(failure)?),
            None => remove_if_there(&self.folder.join(FAILURE)),
        }
    }

    /// The last line that it said, without `error: `.
    pub(crate) fn last_words(&self) -> String {
        let said = fs::read(self.folder.join(STDERR)).unwrap_or_default();
        last_line(&said)
    }

    pub(crate) fn stderr(&self) -> PathBuf {
        self.folder.join(STDERR)
    }

    fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        let mut file = OutputFile::create(&path)?;
        file.write_all(content.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        file.commit()?;
        Ok(())
    }
}

const PLAN: &str = "plan.json";
const FAILURE: &str = "failure.json";
const STDERR: &str = "stderr.log";

/// The last line of what a program said, without `error: `.
pub(crate) fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing");
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

pub(crate) fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(io::Error::from(error.kind())).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn id(settings: &Table, inputs: &BTreeMap<String, Fingerprint>) -> String {
    let settings = settings.iter().map(|(name, value)| format!("{name}={}\n", canonical(value)));
    let inputs = inputs.iter().map(|(role, file)| format!("input {role}={}\n", file.sha256));
    let definition: String = settings.chain(inputs).collect();
    sha256_hex(definition.as_bytes())[..ID_LENGTH].to_owned()
}

/// A value as text; 3 and 3.0 are one number.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
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

    #[test]
    fn the_last_words_are_the_reason() {
        assert_eq!(last_line(b"bert-finetune: 3 steps\nerror: out of disk\n\n"), "out of disk");
        assert_eq!(last_line(b""), "it said nothing");
    }
}
