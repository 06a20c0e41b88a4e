//! Output folder: locked while a stage fills it; its old manifest is removed before the first output, the new one is
//! written last, when nothing is there any more that runs before this one left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::common_args::CommonArgs;
use crate::disk::{link_on_the_way, remove_if_there, stays_below, sync_folder};
use crate::fingerprint::Fingerprint;
use crate::hashed_input::HashedInput;
use crate::lock::FolderLock;
use crate::manifest::{MANIFEST, Manifest};
use crate::messages::say;
use crate::output_file::{OutputFile, write_file, write_file_with};
use crate::output_names::OutputNames;
use crate::output_writer::{OutputWriter, create_parent};
use crate::partial_file::PARTIAL;
use crate::summary::{Figures, State, summarize_folder};

/// The right to write one output folder, until its new manifest is written.
#[derive(Debug)]
pub struct OutputFolder {
    folder: PathBuf,
    manifest: Manifest,
    force: bool,
    /// Noted from the first output on, when the old result is gone.
    names: Option<OutputNames>,
    /// What is said before a finished result is removed.
    farewell: Option<String>,
    figures: Option<Figures>,
    /// Those that may still be read.
    inputs: Vec<HashedInput>,
    _locks: Vec<FolderLock>,
}

impl OutputFolder {
    pub(crate) fn new(
        common: CommonArgs,
        manifest: Manifest,
        locks: Vec<FolderLock>,
        farewell: Option<String>,
    ) -> Self {
        let (folder, force) = (common.out, common.force);
        Self { folder, manifest, force, names: None, farewell, figures: None, inputs: Vec::new(), _locks: locks }
    }

    /// What [`OutputFolder::finish`] tells of the result.
    pub(crate) fn with_figures(self, figures: Option<Figures>) -> Self {
        Self { figures, ..self }
    }

    /// The inputs whose hashes the manifest has.
    pub(crate) fn with_inputs(self, inputs: Vec<HashedInput>) -> Self {
        Self { inputs, ..self }
    }

    /// Says that the inputs have been read whose roles `is_read` takes: what happens to them from now on is no matter of this result.
    /// Of the others that is said when it is finished.
    ///
    /// # Errors
    /// Fails on an input that was written since its hash was taken; that is bad input.
    pub fn inputs_are_read(&mut self, is_read: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        self.ensure_inputs_unchanged()?;
        self.inputs.retain(|input| !is_read(&input.role));
        Ok(())
    }

    /// Holds the inputs to what they were when their hashes were taken: before something that was read from them outlives the run.
    ///
    /// # Errors
    /// Fails on an input that was written since; that is bad input.
    pub fn ensure_inputs_unchanged(&self) -> anyhow::Result<()> {
        self.inputs.iter().try_for_each(HashedInput::ensure_unchanged)
    }

    /// Notes the outputs that the old manifest lists, removes the manifest, then what it listed and what a killed run left half
    /// written.
    ///
    /// The first output does this by itself, so that bad input, found before, costs nobody the old result.
    ///
    /// # Errors
    /// Fails when a file cannot be removed.
    pub fn clear(&mut self) -> anyhow::Result<()> {
        self.noted_names().map(drop)
    }

    /// The names of the outputs that may be there, when the old result is gone.
    fn noted_names(&mut self) -> anyhow::Result<&mut OutputNames> {
        let names = self.take_names()?;
        Ok(self.names.insert(names))
    }

    fn take_names(&mut self) -> anyhow::Result<OutputNames> {
        if let Some(names) = self.names.take() {
            return Ok(names);
        }
        let mut names = OutputNames::open(&self.folder)?;
        // Also of one that was edited, but never beyond the folder.
        let old = Manifest::load(&self.folder).ok().flatten();
        let listed = || old.iter().flat_map(|old| old.outputs.keys()).filter(|name| stays_below(name));
        names.add(listed().map(String::as_str))?;
        if let Some(farewell) = self.farewell.take() {
            say(&farewell); // also with --quiet: it is neither progress nor a summary
        }
        remove_if_there(&self.folder.join(MANIFEST))?;
        sync_folder(&self.folder).with_context(|| format!("cannot sync {}", self.folder.display()))?;
        for name in listed().filter(|name| link_on_the_way(&self.folder, name).is_none()) {
            remove_if_there(&self.folder.join(name))?;
        }
        remove_partials(&self.folder)?;
        Ok(names)
    }

    /// Says that these outputs may appear from now on.
    pub(crate) fn announce<'a>(&mut self, outputs: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        self.noted_names()?.add(outputs)
    }

    /// The output folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key of the result that is being made: what a checkpoint carries to be continued.
    pub fn key(&self) -> &str {
        &self.manifest.key
    }

    /// The input files by their role.
    pub fn inputs(&self) -> &BTreeMap<String, Fingerprint> {
        &self.manifest.inputs
    }

    /// Whether `--force` was given: nothing of an earlier run may be resumed.
    pub fn starts_anew(&self) -> bool {
        self.force
    }

    /// Writes a file that the manifest does not list, such as timings, in which equal runs differ.
    ///
    /// # Errors
    /// Fails when the file cannot be written; then nothing appears.
    pub fn write_unlisted(&mut self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
        self.noted_names()?.spare(name);
        write_file(&self.folder.join(name), content)?;
        Ok(())
    }

    /// Lists a file that was written into the folder by other means in the manifest.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn list(&mut self, name: &str) -> anyhow::Result<()> {
        let fingerprint = Fingerprint::of_file(&self.folder.join(name))?;
        self.manifest.outputs.insert(name.to_owned(), fingerprint);
        Ok(())
    }

    /// Lists a file of an earlier, unfinished run of the same key, whose bytes the caller has checked.
    pub fn list_checked(&mut self, name: &str, fingerprint: Fingerprint) {
        self.manifest.outputs.insert(name.to_owned(), fingerprint);
    }

    /// Adds a fact to the manifest that does not define the result.
    pub fn record(&mut self, name: &str, fact: impl Serialize) {
        self.manifest.recorded.insert(name.to_owned(), serde_json::to_value(fact).unwrap_or(Value::Null));
    }

    /// Writes the manifest: from now on the folder is finished.
    ///
    /// # Errors
    /// Fails when an input was written since its hash was taken, or the manifest cannot be written; then the folder stays unfinished. Fails
    /// when the note of its names cannot be removed; then it is finished all the same.
    pub fn finish(mut self) -> anyhow::Result<Manifest> {
        self.ensure_inputs_unchanged()?;
        let names = self.take_names()?;
        names.remove_all_but(&self.manifest.outputs)?;
        write_file(&self.folder.join(MANIFEST), self.manifest.text()?)?;
        names.end()?;
        summarize_folder(&self.manifest.stage, &self.manifest.key, &self.folder, State::Done, self.figures)?;
        Ok(self.manifest)
    }
}

impl OutputWriter for OutputFolder {
    /// The first output removes the old result.
    fn output<T>(&mut self, name: &str, fill: impl FnOnce(&mut OutputFile) -> anyhow::Result<T>) -> anyhow::Result<T> {
        ensure_no_link(&self.folder, name)?;
        self.announce([name])?;
        let target = self.folder.join(name);
        create_parent(&target)?;
        let (value, fingerprint) = write_file_with(&target, fill)?;
        self.manifest.outputs.insert(name.to_owned(), fingerprint);
        Ok(value)
    }

    fn written(&self, name: &str) -> Option<&Fingerprint> {
        self.manifest.outputs.get(name)
    }
}

/// Refuses to write the file `name` behind a link, which may lead into somebody else's folder.
pub(crate) fn ensure_no_link(folder: &Path, name: &str) -> anyhow::Result<()> {
    match link_on_the_way(folder, name) {
        None => Ok(()),
        Some(link) => {
            crate::bail_input!("{} is a link, and a stage writes into its own folder alone; remove it", link.display())
        }
    }
}

/// Removes what a killed run left half written in `folder`.
///
/// # Errors
/// Fails when the folder cannot be read or a file not be removed.
pub fn remove_partials(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') && name.ends_with(PARTIAL) && !entry.path().is_dir() {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}
