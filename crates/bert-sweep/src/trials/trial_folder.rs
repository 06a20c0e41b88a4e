//! Trial folder: the files of one run, and how each is read and written.
//!
//! ```text
//! OUT/trials/<id>/profile.toml   all settings: `bert-finetune --profile` with it trains the run by itself
//!                 plan.json      what `bert-finetune --plan` printed
//!                 stderr.log     the messages of bert-finetune
//!                 failure.json   the exit code and the reason, if it failed
//!                 train/         its output folder
//! ```

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use run_files::layout::train::LOG;
use run_files::layout::trial::{FAILURE, PLAN, PROFILE, STDERR, TRAIN};
use serde::{Deserialize, Serialize};
use stage::{is_warning, write_file};
use toml::{Table, Value};

use super::run_log::RunLog;
use super::trial_plan::TrialPlan;

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct TrialFolder {
    path: PathBuf,
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) reason: String,
}

impl TrialFolder {
    /// The folder of a run in the output folder of a sweep; it need not exist yet.
    pub(crate) fn new(out: &Path, id: &str) -> Self {
        Self { path: out.join("trials").join(id) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The output folder of `bert-finetune`.
    pub(crate) fn train(&self) -> PathBuf {
        self.path.join(TRAIN)
    }

    pub(crate) fn profile(&self) -> PathBuf {
        self.path.join(PROFILE)
    }

    pub(crate) fn stderr(&self) -> PathBuf {
        self.path.join(STDERR)
    }

    /// Makes the folder and writes the profile with `[finetune]` as given.
    pub(crate) fn write_profile(&self, finetune: &Table) -> anyhow::Result<()> {
        fs::create_dir_all(&self.path).with_context(|| format!("cannot make the folder {}", self.path.display()))?;
        let profile = Table::from_iter([("finetune".to_owned(), Value::Table(finetune.clone()))]);
        self.write(PROFILE, profile.to_string().as_bytes())
    }

    /// The plan, if an earlier sweep has written it.
    pub(crate) fn plan(&self) -> Option<TrialPlan> {
        TrialPlan::parse(&fs::read(self.path.join(PLAN)).ok()?).ok()
    }

    /// Writes what `bert-finetune --plan` printed.
    pub(crate) fn write_plan(&self, plan: &[u8]) -> anyhow::Result<()> {
        self.write(PLAN, String::from_utf8_lossy(plan).as_bytes())
    }

    /// The training log so far; that of a finished run has to be what the run wrote.
    pub(crate) fn log(&self) -> anyhow::Result<RunLog> {
        stage::verify_file(&self.train().join(LOG))?;
        RunLog::read(&self.train())
    }

    /// `None` if the run has not failed.
    pub(crate) fn failure(&self) -> Option<Failure> {
        serde_json::from_slice(&fs::read(self.path.join(FAILURE)).ok()?).ok()
    }

    /// Writes how the run failed; with `None`, removes an earlier failure.
    pub(crate) fn write_failure(&self, failure: Option<&Failure>) -> anyhow::Result<()> {
        match failure {
            Some(failure) => self.write(FAILURE, &serde_json::to_vec_pretty(failure)?),
            None => remove_if_exists(&self.path.join(FAILURE)),
        }
    }

    /// The last line of the messages, without `error: `.
    pub(crate) fn last_message(&self) -> String {
        last_message(&fs::read(self.stderr()).unwrap_or_default())
    }

    /// What the run has warned of.
    pub(crate) fn warnings(&self) -> Vec<String> {
        warnings(&fs::read(self.stderr()).unwrap_or_default())
    }

    fn write(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        write_file(&self.path.join(name), content).map(drop)
    }
}

/// The last line that a program wrote to stderr, without `error: `.
pub(crate) fn last_message(stderr: &[u8]) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    let line = stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no message");
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The warnings that a program wrote to stderr, without `warning: `.
fn warnings(stderr: &[u8]) -> Vec<String> {
    let stderr = String::from_utf8_lossy(stderr);
    let warnings = stderr.lines().filter(|line| is_warning(line));
    warnings.filter_map(|line| Some(line.split_once("warning: ")?.1.to_owned())).collect()
}

/// Removes a file, or a folder with all it holds.
pub(crate) fn remove_if_exists(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(io::Error::from(error.kind())).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_is_the_reason() {
        assert_eq!(last_message(b"bert-finetune: 3 steps\nerror: out of disk\n\n"), "out of disk");
        assert_eq!(last_message(b""), "no message");
        let said =
            b"bert-finetune: 3 steps\n  warning: few rows\nbert-finetune: warning: many: words\nno warning: here\n";
        assert_eq!(warnings(said), ["few rows", "many: words"]);
    }
}
