//! Upstream: a finished output folder of an earlier stage, as the next stage reads it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::input_error::{bad_input, bail_input, ensure_input};
use crate::lock::{Holder, LOCK, ensure_not_being_written};
use crate::manifest::{MANIFEST, Manifest};

/// A finished folder of an earlier stage, as a reader sees it: only what its manifest lists exists.
#[derive(Debug)]
pub struct Upstream {
    folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Upstream {
    /// Opens `folder`, which `made_by` (a program, with its subcommand) writes.
    ///
    /// # Errors
    /// Fails when the folder is missing, unfinished or another stage's, and says which program makes it; when its manifest
    /// cannot be read or was edited. All of it is bad input but a folder that is being written.
    pub fn open(folder: &Path, made_by: &str) -> anyhow::Result<Self> {
        let shown = folder.display();
        ensure_input!(folder.exists(), "{shown} does not exist; `{made_by}` makes it");
        ensure_input!(folder.is_dir(), "{shown} is a file; expected the folder that `{made_by}` makes");
        let Some(manifest) = Manifest::trusted(folder)? else {
            if let Some(inner) = made_below(folder, made_by) {
                bail_input!("{shown} is no output folder of `{made_by}`; {} is one", inner.display());
            }
            ensure_not_being_written(folder)?;
            ensure_input!(
                Holder::of(folder).is_some_and(|holder| holder.is_stage()),
                "{shown} is not from `{made_by}`: it has no {MANIFEST} and no {LOCK}; `{made_by}` makes such a folder (a copy needs its \
                 hidden files, too)"
            );
            bail_input!("{shown} is unfinished: it has no {MANIFEST}; run `{made_by}` to its end first");
        };
        let stage = &manifest.stage;
        ensure_input!(stage == made_by, "{shown} is an output folder of `{stage}`; expected one of `{made_by}`");
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The path of an output that the folder has.
    pub fn optional(&self, name: &str) -> Option<PathBuf> {
        self.manifest.outputs.contains_key(name).then(|| self.folder.join(name))
    }

    /// The path of an output that the folder must have.
    ///
    /// # Errors
    /// Fails when the manifest does not list it, and names what it lists.
    pub fn required(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.optional(name).ok_or_else(|| {
            let listed: Vec<_> = self.manifest.outputs.keys().map(String::as_str).collect();
            bad_input!("{} has no {name}, only {}", self.folder.display(), listed.join(", "))
        })
    }
}

/// The folder in `folder` that `made_by` wrote, as a trial has one; the first of several.
fn made_below(folder: &Path, made_by: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| folder.join(entry.file_name()));
    entries.filter(|inner| Manifest::read(inner).is_some_and(|manifest| manifest.stage == made_by)).min()
}
