//! Hub cache: one commit of one repository in the client's cache, whose layout the Python client shares:
//! `refs/REVISION` names a commit, `snapshots/COMMIT/FILE` links to `blobs/ETAG`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use hf_hub::{Cache, Repo, RepoType};
use stage::bail_input;

use super::etag::is_hex;
use crate::source::HubName;

/// A commit in the cache; some of its files may be missing.
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

    /// The commit that the cache has for the revision.
    pub(super) fn find(cache: Cache, kind: RepoType, name: &HubName) -> anyhow::Result<Self> {
        let mut snapshot = Self::at(cache, kind, name, name.revision.clone());
        let folder = snapshot.cache.path().join(snapshot.requested().folder_name());
        if let Ok(commit) = fs::read_to_string(folder.join("refs").join(&name.revision)) {
            snapshot.commit = commit.trim().to_owned();
        }
        if !is_hex(&snapshot.commit, 40) || !snapshot.folder().is_dir() {
            bail_input!(
                "{name} is not in the cache {}; fetch it online first, or give a local folder",
                folder.display()
            );
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

    /// The repository at the requested revision.
    fn requested(&self) -> Repo {
        Repo::with_revision(self.name.id.clone(), self.kind, self.name.revision.clone())
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> PathBuf {
        self.cache.repo(self.requested()).pointer_path(&self.commit)
    }

    /// The names of the files that the cache has.
    pub(super) fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        collect(&self.folder(), "", &mut names)?;
        names.sort();
        Ok(names)
    }

    /// Saves which commit the requested revision is, so that it is found offline.
    pub(super) fn save_revision(&self) -> anyhow::Result<()> {
        self.cache.repo(self.requested()).create_ref(&self.commit).context("cannot write into the hub's cache")
    }

    /// Removes a file, complete or partial, so that it is downloaded again.
    pub(super) fn remove(&self, name: &str, etag: &str) {
        let blob = self.cache.repo(self.requested()).blob_path(etag);
        for path in [self.folder().join(name), blob.with_extension("part"), blob] {
            let _ = fs::remove_file(path);
        }
    }
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
    let context = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
