//! Hub cache: one commit of one repository in the cache that the Python client has, too: `refs/REVISION` names a commit,
//! `snapshots/COMMIT/FILE` links to `blobs/ETAG`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use hf_hub::{Cache, CacheRepo, Repo};
use stage::{ResumableFile, bail_input, hub_cache};

use super::etag::is_hex;
use crate::source::{HubName, stays_below};

/// A commit in the cache; some of its files may be missing.
#[derive(Debug)]
pub(super) struct Snapshot {
    cached: CacheRepo,
    /// The folder of the repository.
    folder: PathBuf,
    revision: String,
    commit: String,
}

impl Snapshot {
    /// The commit that the hub names.
    pub(super) fn at(cache: &Cache, repo: Repo, commit: String) -> Self {
        let (folder, revision) = (cache.path().join(repo.folder_name()), repo.revision().to_owned());
        Self { cached: cache.repo(repo), folder, revision, commit }
    }

    /// The commit that the cache has for the revision.
    pub(super) fn find(cache: &Cache, repo: Repo, name: &HubName) -> anyhow::Result<Self> {
        let mut snapshot = Self::at(cache, repo, name.revision.clone());
        if let Ok(commit) = fs::read_to_string(snapshot.reference()) {
            snapshot.commit = commit.trim().to_owned();
        }
        if !is_hex(&snapshot.commit, 40) || !snapshot.folder().is_dir() {
            bail_input!(
                "{name} is not in the cache {}; fetch it online first, or give a local folder",
                snapshot.folder.display()
            );
        }
        Ok(snapshot)
    }

    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> PathBuf {
        self.cached.pointer_path(&self.commit)
    }

    /// The file with the content that has this digest.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.cached.blob_path(etag)
    }

    fn reference(&self) -> PathBuf {
        self.folder.join("refs").join(&self.revision)
    }

    /// The names of the files that the cache has.
    pub(super) fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        collect(&self.folder(), "", &mut names)?;
        names.sort();
        Ok(names)
    }

    /// Where the names of all files of the commit are.
    fn list(&self) -> PathBuf {
        self.folder.join(".sst-fetch").join(format!("{}.json", self.commit))
    }

    /// The names of all files of the commit, if they were saved: which of them the cache lacks is known by that.
    pub(super) fn listed(&self) -> Option<Vec<String>> {
        let names: Vec<String> = serde_json::from_slice(&fs::read(self.list()).ok()?).ok()?;
        names.iter().all(|name| stays_below(name)).then_some(names)
    }

    /// Saves the names of all files.
    pub(super) fn save_list(&self, names: &[String]) -> anyhow::Result<()> {
        if self.listed().as_deref() == Some(names) {
            return Ok(());
        }
        save(&self.list(), &serde_json::to_vec(names)?)
    }

    /// Saves which commit the requested revision is, so that it is found offline.
    pub(super) fn save_revision(&self) -> anyhow::Result<()> {
        let reference = self.reference();
        if self.revision == self.commit || fs::read_to_string(&reference).is_ok_and(|saved| saved == self.commit) {
            return Ok(());
        }
        save(&reference, self.commit.as_bytes())
    }

    /// Makes a file of the commit of a blob that is there; the link is relative, so that the cache can be moved.
    pub(super) fn link(&self, name: &str, etag: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder().join(name);
        let context = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).with_context(context)?;
        let blob: PathBuf = "../".repeat(name.matches('/').count() + 2).into();
        let blob = blob.join("blobs").join(etag);
        if fs::read_link(&path).is_ok_and(|target| target == blob) {
            return Ok(path);
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(context),
            _ => {}
        }
        match std::os::unix::fs::symlink(&blob, &path) {
            // Another fetch was faster.
            Err(_) if fs::read_link(&path).is_ok_and(|target| target == blob) => Ok(path),
            made => made.map(|()| path.clone()).with_context(context),
        }
    }

    /// Removes a file, so that it is downloaded again.
    pub(super) fn remove(&self, name: &str, blob: &Path) {
        for path in [&self.folder().join(name), blob] {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes a file as a whole; waits for another fetch that writes it.
fn save(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut file = ResumableFile::open(path)?;
    file.restart()?;
    file.write_all(content).with_context(|| format!("cannot write {}", path.display()))?;
    file.commit()
}

/// The folder that `huggingface_hub` keeps repositories in.
pub(super) fn cache() -> anyhow::Result<Cache> {
    hub_cache().map(Cache::new).context("neither HF_HOME nor HOME says where the hub's cache is; set HF_HOME")
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
    let context = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if stays_below(&name) {
            names.push(name);
        }
    }
    Ok(())
}
