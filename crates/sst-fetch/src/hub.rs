//! Hugging Face Hub: a repository at one commit, its list of files, and its files, each verified.
//!
//! The requested revision is resolved once, to a commit; everything after that is of this commit. The client does not
//! verify what it downloads, so this does. With HF_HUB_OFFLINE only the cache is read.

mod data_files;
mod etag;
mod snapshot;

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, anyhow, bail};
use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use stage::{bad_input, bail_input, hub_is_offline};

use corpus::Split;

use crate::source::{HubName, stays_below};
use crate::split_files::SplitFiles;
use etag::Digest;
use snapshot::Snapshot;

/// The client has no timeout of its own.
const TIMEOUT: Duration = Duration::from_secs(30);
const RETRIES: usize = 3;

/// A repository at one commit.
pub(crate) struct Repository {
    name: HubName,
    snapshot: Snapshot,
    files: Vec<String>,
    /// Absent when offline.
    api: Option<Api>,
}

impl Repository {
    /// Resolves the revision and lists the files: one request to the hub, or none when offline.
    pub(crate) fn open(kind: RepoType, name: &HubName, quiet: bool) -> anyhow::Result<Self> {
        let cache = Cache::from_env();
        if hub_is_offline() {
            let snapshot = Snapshot::find(cache, kind, name).context("HF_HUB_OFFLINE is set")?;
            let files = snapshot.files()?;
            return Ok(Self { name: name.clone(), snapshot, files, api: None });
        }
        let api = api(quiet)?;
        let repo = Repo::with_revision(name.id.clone(), kind, name.revision.clone());
        let info = request_info(&api, repo).map_err(|error| explain(error, name))?;
        if !etag::is_hex(&info.sha, 40) {
            bail!("the hub's answer for {name} has `{}` in place of a commit", info.sha);
        }
        let files: Vec<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
        if let Some(name) = files.iter().find(|name| !stays_below(name)) {
            bail!("the hub lists a file `{name}`, which would leave its folder");
        }
        let snapshot = Snapshot::at(cache, kind, name, info.sha);
        Ok(Self { name: name.clone(), snapshot, files, api: Some(api) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.name.id
    }

    pub(crate) fn commit(&self) -> &str {
        self.snapshot.commit()
    }

    /// The names of all files.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The folder in the cache with the fetched files.
    pub(crate) fn folder(&self) -> PathBuf {
        self.snapshot.folder()
    }

    /// The splits of a dataset.
    pub(crate) fn splits(&self, config: Option<&str>) -> anyhow::Result<Vec<Split>> {
        let chosen = data_files::choose(&self.files, config).with_context(|| self.name.to_string())?;
        Ok(chosen.into_iter().map(|(split, _)| split).collect())
    }

    /// Chooses the data files of a dataset and fetches them, by split.
    pub(crate) fn dataset_files(&self, config: Option<&str>) -> anyhow::Result<SplitFiles> {
        let chosen = data_files::choose(&self.files, config).with_context(|| self.name.to_string())?;
        let fetch = |(split, names): (_, Vec<String>)| {
            Ok((split, names.iter().map(|name| self.fetch(name)).collect::<anyhow::Result<_>>()?))
        };
        chosen.into_iter().map(fetch).collect()
    }

    /// The path of a file in the cache, downloaded if necessary, and verified in any case.
    pub(crate) fn fetch(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder().join(name);
        if path.exists() && self.is_intact(&path, name)? {
            return Ok(path);
        }
        let Some(api) = &self.api else {
            bail_input!(
                "HF_HUB_OFFLINE is set, and {name} of {} is not in the cache; fetch it online first",
                self.name
            );
        };
        for _ in 0..2 {
            let path = self.download(api, name)?;
            if self.is_intact(&path, name)? {
                self.snapshot.save_revision()?;
                return Ok(path);
            }
        }
        bail!("{name} of {} was damaged in two downloads: its content does not match its digest", self.name)
    }

    fn download(&self, api: &Api, name: &str) -> anyhow::Result<PathBuf> {
        let failed = |error| explain(error, &self.name).context(format!("cannot download {name}"));
        let repo = api.repo(self.snapshot.repo());
        let metadata = api.metadata(&repo.url(name)).map_err(failed)?;
        // The client uses both as names of files.
        let digest = Digest::parse(metadata.etag());
        if digest.is_none() || metadata.commit_hash() != self.commit() {
            bail!(
                "the hub sends no digest for {name} of {}, or one of another commit; it cannot be verified",
                self.name
            );
        }
        match repo.download(name) {
            Err(ApiError::InvalidResume) => {
                self.snapshot.remove(name, metadata.etag());
                repo.download(name).map_err(failed)
            }
            downloaded => downloaded.map_err(failed),
        }
    }

    /// Whether the content of a cached file has the digest that its blob is named by; if not, it is removed.
    fn is_intact(&self, path: &Path, name: &str) -> anyhow::Result<bool> {
        let blob = fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
        let etag = blob.file_name().unwrap_or_default().to_string_lossy();
        let Some(digest) = Digest::parse(&etag) else {
            bail!("{} was not written by the hub's client; remove it", path.display());
        };
        let intact = digest.matches(&blob)?;
        if !intact {
            self.snapshot.remove(name, &etag);
        }
        Ok(intact)
    }
}

fn api(quiet: bool) -> anyhow::Result<Api> {
    let mut builder = ApiBuilder::from_env().with_retries(RETRIES).with_progress(!quiet && stderr().is_terminal());
    if let Ok(endpoint) = env::var("HF_ENDPOINT") {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    if let Some(token) = env::var("HF_TOKEN").ok().filter(|token| !token.trim().is_empty()) {
        builder = builder.with_token(Some(token.trim().to_owned()));
    }
    builder.build().context("cannot set up the hub's client")
}

/// Requests commit and files on a thread of its own, which is left behind if the hub does not answer.
fn request_info(api: &Api, repo: Repo) -> Result<RepoInfo, ApiError> {
    let (sender, receiver) = mpsc::channel();
    let repo = api.repo(repo);
    thread::spawn(move || sender.send(repo.info()));
    receiver.recv_timeout(TIMEOUT).unwrap_or_else(|_| {
        let problem = format!("no answer in {} seconds", TIMEOUT.as_secs());
        Err(ApiError::IoError(std::io::Error::new(std::io::ErrorKind::TimedOut, problem)))
    })
}

/// What the client's error means, and what to do about it.
fn explain(error: ApiError, name: &HubName) -> anyhow::Error {
    let endpoint = env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".to_owned());
    let message = error.to_string();
    let refused = ["401", "403", "404"].into_iter().find(|status| message.ends_with(&format!("http status: {status}")));
    match refused {
        Some("404") => bad_input!("{endpoint} has no {name}, or no such revision of it ({message})"),
        Some(_) => bad_input!(
            "{endpoint} refuses access to {name} ({message}): the name is wrong, or it is private or gated; set HF_TOKEN"
        ),
        None => anyhow!(
            "the hub {endpoint} cannot be reached for {name} ({message}); instead, give a local folder as --source PATH, \
             name a mirror in HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what the cache has"
        ),
    }
}
