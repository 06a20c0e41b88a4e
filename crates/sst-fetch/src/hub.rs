//! Hugging Face Hub: a repository at one commit, its list of files, and its files, each verified.
//!
//! The requested revision is resolved once, to a commit; everything after that is of this commit. A file appears in the cache
//! when its content has the digest that the hub sends. With HF_HUB_OFFLINE only the cache is read.

mod etag;
mod snapshot;
mod card;
mod data_files;
mod dataset;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use corpus::shortened_list;
use hf_hub::api::RepoInfo;
use hf_hub::{Repo, RepoType};
use stage::{bad_input, bail_input, hub_endpoint, hub_is_offline, hub_token, shown_hub_endpoint};

use crate::download::{Client, Downloaded, Failure, Request, download};
use crate::source::{HubName, stays_below};
pub(crate) use dataset::HubDataset;
use etag::Digest;
use snapshot::Snapshot;

/// Where the hub puts the Parquet files that it makes of a dataset.
const CONVERTED: &str = "refs/convert/parquet";
const MAIN: &str = "main";

/// A repository at one commit.
pub(crate) struct Repository {
    name: HubName,
    repo: Repo,
    snapshot: Snapshot,
    files: Vec<String>,
    /// Whether these are what the cache has, since it does not say which others there are.
    is_cached_only: bool,
    /// Absent when offline.
    client: Option<Client>,
}

impl Repository {
    /// Resolves the revision and lists the files: one request to the hub, or none when offline.
    pub(crate) fn open(kind: RepoType, name: &HubName, quiet: bool) -> anyhow::Result<Self> {
        let cache = snapshot::cache()?;
        let repo = Repo::with_revision(name.id.clone(), kind, name.revision.clone());
        if hub_is_offline() {
            let snapshot = Snapshot::find(&cache, repo.clone(), name).context("HF_HUB_OFFLINE is set")?;
            let listed = snapshot.listed();
            let is_cached_only = listed.is_none();
            let files = listed.map_or_else(|| snapshot.files(), Ok)?;
            return Ok(Self { name: name.clone(), repo, snapshot, files, is_cached_only, client: None });
        }
        let client = Client::new(hub_token(), quiet);
        let url = format!("{}/api/{}", hub_endpoint(), repo.api_url());
        let answer = client.text(&url).map_err(|failure| explain(&failure, name))?;
        let Ok(info) = serde_json::from_str::<RepoInfo>(&answer) else {
            bail!("the answer of {} for {name} is no description of a repository; is it a hub?", shown_hub_endpoint());
        };
        if !etag::is_hex(&info.sha, 40) {
            bail!("the hub's answer for {name} has `{}` in place of a commit", info.sha.escape_debug());
        }
        let files: Vec<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
        if let Some(file) = files.iter().find(|file| !stays_below(file)) {
            bail!("the hub lists a file `{}`, which would leave its folder", file.escape_debug());
        }
        let snapshot = Snapshot::at(&cache, repo.clone(), info.sha);
        Ok(Self { name: name.clone(), repo, snapshot, files, is_cached_only: false, client: Some(client) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.name.id
    }

    pub(crate) fn commit(&self) -> &str {
        self.snapshot.commit()
    }

    pub(crate) fn name(&self) -> &HubName {
        &self.name
    }

    /// The names of all files.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The folder in the cache with the fetched files.
    pub(crate) fn folder(&self) -> PathBuf {
        self.snapshot.folder()
    }

    /// Whether its files are those that the cache has, which does not say which others there are.
    pub(crate) fn is_cached_only(&self) -> bool {
        self.is_cached_only
    }

    /// What is to be said of a result that was made of what the cache has.
    pub(crate) fn remark(&self) -> Option<String> {
        let (name, files) = (&self.name, shortened_list(&self.files));
        self.is_cached_only.then(|| {
            format!(
                "HF_HUB_OFFLINE is set, and the cache does not say which files {name} has; those count that it has: {files}"
            )
        })
    }

    /// What an error about its list of files is about.
    pub(crate) fn described(&self) -> String {
        if !self.is_cached_only {
            return self.name.to_string();
        }
        format!("HF_HUB_OFFLINE is set, and of {} the cache has {}", self.name, shortened_list(&self.files))
    }

    /// Keeps in the cache what the revision is and which files it has, before they are fetched: what is missing is then known
    /// offline.
    pub(crate) fn remember(&self) {
        if self.client.is_some() {
            // A cache that nothing can be written into may have the files all the same.
            let _ = self.snapshot.save_list(&self.files).and_then(|()| self.snapshot.save_revision());
        }
    }

    /// The path of a file in the cache, downloaded if necessary, and verified: offline by the digest that the cache has, if any.
    pub(crate) fn fetch(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder().join(name);
        let state = if path.exists() { self.state(&path, name)? } else { State::Wrong };
        if state == State::Intact || (state == State::NoDigest && self.client.is_none()) {
            return Ok(path);
        }
        let Some(client) = &self.client else {
            bail_input!(
                "HF_HUB_OFFLINE is set, and {name} of {} is not in the cache; fetch it online first",
                self.name
            );
        };
        self.download(client, name).map_err(|error| match error.downcast::<Failure>() {
            Ok(failure) if failure.status == Some(404) => bad_input!(
                "{} lists {name} among the files of {}, and does not have it ({})",
                shown_hub_endpoint(),
                self.name,
                failure.problem()
            ),
            Ok(failure) => explain(&failure, &self.name).context(format!("cannot download {name}")),
            Err(error) => error,
        })
    }

    fn download(&self, client: &Client, name: &str) -> anyhow::Result<PathBuf> {
        let path = name.split('/').map(encoded).collect::<Vec<_>>().join("/");
        let url = format!("{}/{}/resolve/{}/{path}", hub_endpoint(), self.repo.url(), self.commit());
        let answer = client.get(&url, 0)?;
        // The hub's own answers say the commit; what it redirects to has other digests, or none.
        let said = answer.headers.iter().rev().find(|headers| headers.contains_key("x-repo-commit"));
        let value = |header: &str| said.and_then(|headers| headers.get(header)?.to_str().ok());
        let etag = value("x-linked-etag").or_else(|| value("etag")).unwrap_or_default();
        let etag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
        let Some(digest) = Digest::parse(&etag).filter(|_| value("x-repo-commit") == Some(self.commit())) else {
            bail!(
                "the hub sends no digest for {name} of {}, or one of another commit; it cannot be verified",
                self.name
            );
        };
        // Of a copy of a cache, which has files instead of links.
        let copied = self.folder().join(name);
        if copied.is_file() && digest.matches(&copied)? {
            return Ok(copied);
        }
        let blob = self.snapshot.blob(&etag);
        let is_right = |path: &Path| digest.matches(path);
        let request = Request { url: &url, name, target: &blob, bytes: None, is_right: &is_right };
        if download(client, &request, Some(answer))? == Downloaded::Wrong {
            bail!("{name} of {} was damaged in two downloads: its content does not match its digest", self.name);
        }
        self.snapshot.link(name, &etag)
    }

    /// Whether the content of a cached file has the digest that its blob is named by; if not, it is removed.
    fn state(&self, path: &Path, name: &str) -> anyhow::Result<State> {
        let blob = fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
        let etag = blob.file_name().unwrap_or_default().to_string_lossy();
        let Some(digest) = Digest::parse(&etag) else { return Ok(State::NoDigest) };
        if digest.matches(&blob)? {
            return Ok(State::Intact);
        }
        self.snapshot.remove(name, &blob);
        Ok(State::Wrong)
    }
}

/// What is known of a file in the cache.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Its content has its digest.
    Intact,
    /// It is a file and no link to a blob, as in a copy of a cache: what it should hold is known to the hub alone.
    NoDigest,
    /// It is not there, or was removed since its content is another.
    Wrong,
}

/// A part of a path as addresses spell it.
fn encoded(part: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    part.bytes().map(byte).collect()
}

/// What a failed request means, and what to do about it.
fn explain(failure: &Failure, name: &HubName) -> anyhow::Error {
    let (endpoint, problem) = (shown_hub_endpoint(), failure.problem());
    match failure.status {
        Some(404) => bad_input!("{endpoint} has no {name}, or no such revision of it ({problem})"),
        Some(401 | 403) => bad_input!(
            "{endpoint} refuses access to {name} ({problem}): the name is wrong, or it is private or gated; set HF_TOKEN"
        ),
        _ => anyhow!(
            "the hub {endpoint} cannot be reached for {name} ({problem}); instead, give a local folder as --source PATH, \
             name a mirror in HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what the cache has"
        ),
    }
}
