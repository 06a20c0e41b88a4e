//! Job: from settings and input files to the decision whether the output folder is fresh or has to be made.
//!
//! In: the stage, its plan and its input files. Out: nothing to do, or the locked [`OutputFolder`]. The lock is taken
//! before freshness is judged, so that two runs never judge the same state.

mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::claim::{ensure_lockable, ensure_writable, refuse_inputs};
use crate::common_args::CommonArgs;
use crate::disk::unwritable;
use crate::file_state::FileState;
use crate::fingerprint::Fingerprint;
use crate::freshness::judge;
use crate::hash_cache::HashCache;
use crate::hashed_input::HashedInput;
use crate::input_error::bail_input;
use crate::lock::FolderLock;
use crate::manifest::{MANIFEST, Manifest, Stage};
use crate::output_folder::OutputFolder;
use crate::owner::{refuse_foreign, refuse_unfinished};
use crate::print_line::print_line;
use crate::summary::{Figures, State, summarize_folder};
use crate::vouch::Vouchers;

/// An output folder that several runs of its stage share, each with a folder of its own in it.
#[derive(Debug)]
pub struct SharedFolder {
    /// The name of the stage.
    pub stage: &'static str,
    /// The key of the whole result.
    pub key: String,
    /// The input files by their role.
    pub inputs: BTreeMap<String, Fingerprint>,
    /// Whether the whole result is there.
    pub is_fresh: bool,
    _lock: FolderLock,
}

/// What becomes of the unfinished work in a folder, in words: by the folder, and the key of the result that is wanted.
pub type ProgressMade = fn(&Path, &str) -> Option<String>;

/// A stage that knows what it would do, and has not looked at its folder yet.
#[derive(Debug)]
pub struct Job {
    stage: Stage,
    common: CommonArgs,
    plan: Value,
    inputs: Vec<(String, PathBuf)>,
    /// Inputs of an earlier stage's result that stand for themselves, with their paths.
    known_inputs: Vec<(String, String, Fingerprint)>,
    shared_folder: Option<PathBuf>,
    input_folders: Vec<PathBuf>,
    own_folders: Vec<&'static str>,
    needed: Option<&'static str>,
    how_to_go_on: Option<String>,
    figures: Option<Figures>,
    progress_made: Option<ProgressMade>,
    recorded: BTreeMap<String, Value>,
}

impl Job {
    /// A job with an empty plan and no inputs.
    pub fn new(stage: Stage, common: &CommonArgs) -> Self {
        Self {
            stage,
            common: common.clone(),
            plan: Value::Null,
            inputs: Vec::new(),
            known_inputs: Vec::new(),
            shared_folder: None,
            input_folders: Vec::new(),
            own_folders: Vec::new(),
            needed: None,
            how_to_go_on: None,
            figures: None,
            progress_made: None,
            recorded: BTreeMap::new(),
        }
    }

    /// Sets everything that defines the result, apart from the inputs.
    ///
    /// # Errors
    /// Fails when the plan has no JSON form.
    pub fn plan(mut self, plan: &impl Serialize) -> anyhow::Result<Self> {
        self.plan = serde_json::to_value(plan).context("the plan has no JSON form")?;
        Ok(self)
    }

    /// Adds a file that will be read. Its content is part of the key; its path is only recorded. Where the manifest of an
    /// earlier stage lists it, it has to be what that stage wrote.
    #[must_use]
    pub fn input(mut self, role: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.inputs.push((role.into(), path.into()));
        self
    }

    /// Adds a file that an earlier part of the work has read, with what it was: it is not read again.
    #[must_use]
    pub fn known_input(mut self, role: &str, path: &str, fingerprint: Fingerprint) -> Self {
        self.known_inputs.push((role.to_owned(), path.to_owned(), fingerprint));
        self
    }

    /// Says that the output folder lies in one that others of the same stage write to at the same time, each in a folder of
    /// its own; nobody can have that one alone meanwhile. It is held to what an output folder is held to.
    #[must_use]
    pub fn shared_folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.shared_folder = Some(path.into());
        self
    }

    /// Adds a folder that the user gave as an input: the output folder may not be it, lie in it, or hold it.
    #[must_use]
    pub fn input_folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.input_folders.push(path.into());
        self
    }

    /// Names the folders that the stage makes in its output folder, without which it cannot tell its unfinished work of
    /// older programs from another stage's.
    #[must_use]
    pub fn own_folders(mut self, names: &[&'static str]) -> Self {
        self.own_folders.extend(names);
        self
    }

    /// Says that the result is not there without this file either, which something else in the folder has written and vouches for.
    #[must_use]
    pub fn needs(mut self, name: &'static str) -> Self {
        self.needed = Some(name);
        self
    }

    /// Says that the result takes long to make: where its outputs were edited it is made again only with `--force`, and
    /// where it gives way to other settings that is said first, with `how_to_go_on`: what else can be done with it.
    #[must_use]
    pub fn takes_long(mut self, how_to_go_on: impl Into<String>) -> Self {
        self.how_to_go_on = Some(how_to_go_on.into());
        self
    }

    /// Says which figures of the finished folder the summary has (`--json-summary`).
    #[must_use]
    pub fn figures(mut self, figures: Figures) -> Self {
        self.figures = Some(figures);
        self
    }

    /// Says what becomes of the work in an unfinished folder, for `--explain`.
    #[must_use]
    pub fn progress_made(mut self, progress_made: ProgressMade) -> Self {
        self.progress_made = Some(progress_made);
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
    /// Fails when the folder is an input, lies in or around one, holds what is not this stage's, or cannot be written:
    /// then nothing was made or changed. Fails when it is locked; when an input cannot be read, is unfinished, or is not
    /// what the stage that made it wrote; when outputs of a result that takes long were edited.
    pub fn begin(self) -> anyhow::Result<Option<OutputFolder>> {
        let folder = self.common.out.clone();
        let mut vouchers = Vouchers::default();
        self.refuse_inputs(&folder, &mut vouchers)?;
        self.input_folders.iter().try_for_each(|input| refuse_unfinished(input))?;
        refuse_foreign(&folder, self.stage.name, &self.own_folders)?;
        if let Err(unwritable) = ensure_writable(&folder).and_then(|()| ensure_lockable(&folder)) {
            return if self.is_done_without_writing(&folder, &mut vouchers)? { Ok(None) } else { Err(unwritable) };
        }
        if self.common.explain && !folder.exists() {
            print_line(format_args!("{}: {} does not exist yet", self.stage.name, folder.display()))?;
            return Ok(None);
        }
        let shared_lock = self.shared_folder.as_deref().map(|shared| self.lock_shared(shared)).transpose()?;
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
        let mut lock = FolderLock::acquire(&folder)?;
        // Once more: another stage may have begun and ended in between.
        refuse_foreign(&folder, self.stage.name, &self.own_folders)?;
        // A fresh folder stays as it is.
        if !folder.join(MANIFEST).exists() {
            lock.sign(self.stage.name);
        }
        let mut cache = HashCache::load(&folder);
        let (expected, hashed) = self.expected_manifest(&mut cache, &mut vouchers)?;
        let mut verdict = judge(&folder, &expected, self.needed, &mut cache)?;
        if !folder.join(MANIFEST).exists() {
            verdict.reasons.extend(self.progress_made.and_then(|made| made(&folder, &expected.key)));
        }
        cache.save(&folder)?;
        if self.is_done(&folder, &expected, &verdict)? {
            return Ok(None);
        }
        self.spare_edited(&verdict)?;
        lock.sign(self.stage.name);
        let locks = shared_lock.into_iter().chain([lock]).collect();
        summarize_folder(self.stage.name, &expected.key, &folder, State::Unfinished, None)?;
        let (figures, farewell) = (self.figures, self.farewell(&verdict));
        Ok(Some(OutputFolder::new(self.common, expected, locks, farewell).with_figures(figures).with_inputs(hashed)))
    }

    /// Whether a folder that cannot be written need not be, since it is fresh, or is only asked about. Nobody who could write it is
    /// locked out meanwhile: whoever begins removes the manifest first.
    fn is_done_without_writing(&self, folder: &Path, vouchers: &mut Vouchers) -> anyhow::Result<bool> {
        if !folder.join(MANIFEST).exists() || self.common.force {
            return Ok(false);
        }
        let mut cache = HashCache::load(folder);
        let (expected, _) = self.expected_manifest(&mut cache, vouchers)?;
        let verdict = judge(folder, &expected, self.needed, &mut cache)?;
        self.is_done(folder, &expected, &verdict)
    }

    /// Judges the folder beside others that do so, each of which writes to a folder of its own in it; nobody can
    /// [`Job::begin`] meanwhile. Nothing in it is changed.
    ///
    /// # Errors
    /// Fails as [`Job::begin`] does, but for outputs that were edited: then the folder is not fresh.
    pub fn share(self) -> anyhow::Result<SharedFolder> {
        let folder = self.common.out.clone();
        let mut vouchers = Vouchers::default();
        self.refuse_inputs(&folder, &mut vouchers)?;
        self.input_folders.iter().try_for_each(|input| refuse_unfinished(input))?;
        ensure_writable(&folder)?;
        let lock = self.lock_shared(&folder)?;
        let mut cache = HashCache::load(&folder);
        let (expected, _) = self.expected_manifest(&mut cache, &mut vouchers)?;
        let is_fresh = judge(&folder, &expected, self.needed, &mut cache)?.reasons.is_empty();
        Ok(SharedFolder { stage: self.stage.name, key: expected.key, inputs: expected.inputs, is_fresh, _lock: lock })
    }

    fn lock_shared(&self, shared: &Path) -> anyhow::Result<FolderLock> {
        refuse_foreign(shared, self.stage.name, &self.own_folders)?;
        fs::create_dir_all(shared).map_err(|error| unwritable(shared, error))?;
        let mut lock = FolderLock::acquire_shared(shared)?;
        lock.sign(self.stage.name);
        Ok(lock)
    }

    /// Refuses an output folder that touches an input: a file, the folder of the manifest that vouches for it, or a folder.
    fn refuse_inputs(&self, out: &Path, vouchers: &mut Vouchers) -> anyhow::Result<()> {
        let mut folders = self.input_folders.clone();
        for (_, path) in &self.inputs {
            folders.extend(vouchers.listed(path)?.map(|listed| listed.folder));
        }
        let files = self.inputs.iter().map(|(_, path)| path.as_path());
        refuse_inputs(out, folders.iter().map(PathBuf::as_path).chain(files))
    }

    /// The manifest that this job would write, but for its outputs; and the files whose hashes it has.
    fn expected_manifest(
        &self,
        cache: &mut HashCache,
        vouchers: &mut Vouchers,
    ) -> anyhow::Result<(Manifest, Vec<HashedInput>)> {
        let mut inputs = BTreeMap::new();
        let mut paths = BTreeMap::new();
        let mut hashed = Vec::new();
        for (role, path) in &self.inputs {
            let state = FileState::of_file(path).ok();
            let fingerprint = match vouchers.listed(path)? {
                Some(listed) => listed.check(path, || cache.fingerprint(path))?,
                None => cache.fingerprint(path)?,
            };
            hashed.extend(state.map(|state| HashedInput::new(role, path, state, fingerprint.clone())));
            inputs.insert(role.clone(), fingerprint);
            let path = path.display().to_string();
            if let Some(other) = paths.insert(role.clone(), path.clone()).filter(|other| *other != path) {
                bail_input!(
                    "{other} and {path} would both be the input {role} of the result; give them names that differ"
                );
            }
        }
        for (role, path, fingerprint) in &self.known_inputs {
            inputs.insert(role.clone(), fingerprint.clone());
            paths.insert(role.clone(), path.clone());
        }
        let mut manifest = Manifest::new(self.stage, self.plan.clone(), inputs);
        manifest.recorded = self.recorded.clone();
        manifest.recorded.insert("paths".to_owned(), serde_json::to_value(paths)?);
        Ok((manifest, hashed))
    }
}
