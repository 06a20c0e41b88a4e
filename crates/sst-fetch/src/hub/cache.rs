//! One commit of one repository in the client's cache, whose layout the Python client shares:
//! `refs/REVISION` names a commit, `snapshots/COMMIT/FILE` links to `blobs/ETAG`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use hf_hub::{Cache, Repo, RepoType};

use super::digest::is_hex;
use crate::source::HubName;

/// A commit in the cache; some of its files may not be there.
#[derive(Debug)]
pub(super) struct Snapshot {
    cache: Cache,
    kind: RepoType,
    name: HubName,
    commit: String,
}

impl Snapshot {
    /// The commit that the hub names.
    pub(super) fn at(cache: Cache, kind: RepoType, name: &HubName, commit: String) -> Self {
        Self { cache, kind, name: name.clone(), commit }
    }

    /// The commit that the cache remembers for the revision.
    pub(super) fn find(cache: Cache, kind: RepoType, name: &HubName) -> anyhow::Result<Self> {
        let mut snapshot = Self::at(cache, kind, name, name.revision.clone());
        let folder = snapshot.cache.path().join(snapshot.asked().folder_name());
        if let Ok(commit) = fs::read_to_string(folder.join("refs").join(&name.revision)) {
            snapshot.commit = commit.trim().to_owned();
        }
        if !is_hex(&snapshot.commit, 40) || !snapshot.folder().is_dir() {
            bail!("{name} is not in the cache {}; fetch it online first, or give a local folder", folder.display());
        }
        Ok(snapshot)
    }

    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// The repository at the commit.
    pub(super) fn repo(&self) -> Repo {
        Repo::with_revision(self.name.id.clone(), self.kind, self.commit.clone())
    }

    /// The repository at the revision that was asked for.
    fn asked(&self) -> Repo {
        Repo::with_revision(self.name.id.clone(), self.kind, self.name.revision.clone())
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> PathBuf {
        self.cache.repo(self.asked()).pointer_path(&self.commit)
    }

    /// The names of the files that are there.
    pub(super) fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        collect(&self.folder(), "", &mut names)?;
        names.sort();
        Ok(names)
    }

    /// Lets the revision that was asked for be found offline.
    pub(super) fn remember(&self) -> anyhow::Result<()> {
        self.cache.repo(self.asked()).create_ref(&self.commit).context("cannot write into the hub's cache")
    }

    /// Removes a file, whole or in part, so that it is downloaded anew.
    pub(super) fn forget(&self, name: &str, etag: &str) {
        let blob = self.cache.repo(self.asked()).blob_path(etag);
        for path in [self.folder().join(name), blob.with_extension("part"), blob] {
            let _ = fs::remove_file(path);
        }
    }
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
    let place = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(place)? {
        let entry = entry.with_context(place)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
