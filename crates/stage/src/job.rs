//! Job: from settings and input files to the decision whether the output folder is fresh or has to be made.
//!
//! In: the stage, its plan and its input files. Out: nothing to do, or the locked [`OutputFolder`]. The lock is taken
//! before freshness is judged, so that two runs never judge the same state.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::common_args::CommonArgs;
use crate::hash_cache::HashCache;
use crate::input_error::{bail_input, ensure_input};
use crate::lock::{FolderLock, LOCK};
use crate::manifest::{MANIFEST, Manifest, Stage};
use crate::output_folder::OutputFolder;

/// A stage that knows what it would do, and has not looked at its folder yet.
#[derive(Debug)]
pub struct Job {
    stage: Stage,
    common: CommonArgs,
    plan: Value,
    inputs: Vec<(String, PathBuf)>,
    recorded: BTreeMap<String, Value>,
}

impl Job {
    /// A job with an empty plan and no inputs.
    pub fn new(stage: Stage, common: &CommonArgs) -> Self {
        Self { stage, common: common.clone(), plan: Value::Null, inputs: Vec::new(), recorded: BTreeMap::new() }
    }

    /// Sets everything that defines the result, apart from the inputs.
    ///
    /// # Errors
    /// Fails when the plan has no JSON form.
    pub fn plan(mut self, plan: &impl Serialize) -> anyhow::Result<Self> {
        self.plan = serde_json::to_value(plan).context("the plan has no JSON form")?;
        Ok(self)
    }

    /// Adds a file that will be read. Its content is part of the key; its path is only recorded.
    #[must_use]
    pub fn input(mut self, role: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.inputs.push((role.into(), path.into()));
        self
    }

    /// Adds a fact that does not define the result.
    #[must_use]
    pub fn record(mut self, name: &str, fact: impl Serialize) -> Self {
        self.recorded.insert(name.to_owned(), serde_json::to_value(fact).unwrap_or_default());
        self
    }

    /// Locks the folder and judges whether it is fresh. `None`: there is nothing to do, and a line has said why.
    ///
    /// # Errors
    /// Fails when the folder is locked, not a stage's, or cannot be made; when an input cannot be read.
    pub fn begin(self) -> anyhow::Result<Option<OutputFolder>> {
        let folder = self.common.out.clone();
        if self.common.explain && !folder.exists() {
            println!("{}: {} does not exist yet", self.stage.name, folder.display());
            return Ok(None);
        }
        refuse_foreign(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let lock = FolderLock::acquire(&folder)?;
        let expected = self.expected_manifest(&folder)?;
        let reasons = match Manifest::read(&folder) {
            None => vec!["it has no manifest: it was never finished".to_owned()],
            Some(old) if old.key == expected.key => old.missing_outputs(&folder),
            Some(old) => expected.differences(&old),
        };
        if self.common.explain {
            explain(self.stage.name, &folder, self.common.force, &reasons);
            return Ok(None);
        }
        if reasons.is_empty() && !self.common.force {
            self.common.say(&format!("{}: {} is fresh", self.stage.name, folder.display()));
            return Ok(None);
        }
        Ok(Some(OutputFolder::new(self.common, expected, lock)))
    }

    /// The manifest that this job would write, but for its outputs.
    fn expected_manifest(&self, folder: &Path) -> anyhow::Result<Manifest> {
        let mut cache = HashCache::load(folder);
        let mut inputs = BTreeMap::new();
        let mut paths = BTreeMap::new();
        for (role, path) in &self.inputs {
            inputs.insert(role.clone(), cache.fingerprint(path)?);
            paths.insert(role.clone(), path.display().to_string());
        }
        cache.save(folder)?;
        let mut manifest = Manifest::new(self.stage, self.plan.clone(), inputs);
        manifest.recorded = self.recorded.clone();
        manifest.recorded.insert("paths".to_owned(), serde_json::to_value(paths)?);
        Ok(manifest)
    }
}

fn explain(stage: &str, folder: &Path, force: bool, reasons: &[String]) {
    if reasons.is_empty() && !force {
        println!("{stage}: {} is fresh", folder.display());
        return;
    }
    println!("{stage}: {} is out of date:", folder.display());
    for reason in reasons {
        println!("  {reason}");
    }
    if force {
        println!("  --force was given");
    }
}

/// A folder with files that no stage wrote is not an output folder: a mistyped `--out` must not cost anybody anything.
fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    let Ok(mut entries) = fs::read_dir(folder) else {
        ensure_input!(!folder.exists(), "{} is not a folder that can be read", folder.display());
        return Ok(());
    };
    // Listed before the lock is looked for: a run that begins at this moment makes its lock first.
    let empty = entries.next().is_none();
    let ours = folder.join(LOCK).exists() || folder.join(MANIFEST).exists();
    if !empty && !ours {
        bail_input!("{} holds files that no stage wrote; give --out a new or empty folder", folder.display());
    }
    Ok(())
}
