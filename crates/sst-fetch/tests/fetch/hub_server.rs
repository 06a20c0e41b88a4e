//! As much of the hub as its clients ask for: one repository, its list of files at each revision, its files with digests.

use std::collections::BTreeMap;

use sha1::{Digest, Sha1};
use stage::sha256_hex;

use crate::web_server::{Fault, Request, Response, Server};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The revision that every other one but those of [`Hub::with_revisions`] is.
const ANY: &str = "";

/// Name and content of each file.
type Files<'a> = Vec<(&'a str, Vec<u8>)>;

pub(crate) struct Hub {
    pub(crate) endpoint: String,
    pub(crate) server: Server,
}

/// The repository that is served.
struct Repository {
    /// `OWNER/NAME`, or `datasets/OWNER/NAME`.
    name: String,
    /// By revision.
    files: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    token: Option<String>,
}

impl Hub {
    pub(crate) fn start(repository: &str, files: Files) -> Self {
        Self::of(repository, vec![(ANY, files)], None)
    }

    pub(crate) fn behind_token(repository: &str, files: Files, token: &str) -> Self {
        Self::of(repository, vec![(ANY, files)], Some(token.to_owned()))
    }

    /// A repository with other files at some revisions, as addresses spell them.
    pub(crate) fn with_revisions(repository: &str, revisions: Vec<(&str, Files)>) -> Self {
        Self::of(repository, revisions, None)
    }

    fn of(repository: &str, revisions: Vec<(&str, Files)>, token: Option<String>) -> Self {
        let by_name = |files: Files| files.into_iter().map(|(name, file)| (name.to_owned(), file)).collect();
        let files = revisions.into_iter().map(|(revision, files)| (revision.to_owned(), by_name(files))).collect();
        let repository = Repository { name: repository.to_owned(), files, token };
        let server = Server::start(move |request| repository.answer(request));
        Self { endpoint: server.endpoint.clone(), server }
    }

    /// A file is sent damaged so many times.
    pub(crate) fn damage(&self, name: &str, times: usize) {
        self.server.fault(name, &vec![Fault::Damaged; times]);
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.server.requests()
    }

    pub(crate) fn forget_requests(&self) {
        self.server.forget_requests();
    }
}

impl Repository {
    fn answer(&self, request: &Request) -> Response {
        let is_authorized = |token| request.headers.get("authorization") == Some(&format!("Bearer {token}"));
        if !self.token.iter().all(is_authorized) {
            return Response::status("401 Unauthorized");
        }
        let plural = if self.name.starts_with("datasets/") { "" } else { "models/" };
        if let Some(revision) = request.path.strip_prefix(&format!("/api/{plural}{}/revision/", self.name)) {
            let revision = if self.files.contains_key(revision) { revision } else { ANY };
            let Some(files) = self.files.get(revision) else { return Response::status("404 Not Found") };
            let siblings: Vec<_> = files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
            let body = serde_json::json!({"sha": commit(revision), "siblings": siblings}).to_string();
            return Response { body: body.into(), ..Response::status("200 OK") };
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let found = self.files.iter().find_map(|(revision, files)| {
            let commit = commit(revision);
            let of_commit = path.strip_prefix(&format!("/{}/resolve/{commit}/", self.name));
            let name = of_commit.or_else(|| path.strip_prefix(&format!("/{}/resolve/main/", self.name)))?;
            let name = name.replace("%20", " ");
            files.get(&name).map(|content| (commit, name, content))
        });
        let Some((commit, name, content)) = found else { return Response::status("404 Not Found") };
        let headers = format!("x-repo-commit: {commit}\r\netag: \"{}\"\r\n", etag(&name, content));
        Response { headers, body: content.clone(), ..Response::status("200 OK") }
    }
}

/// The commit of a revision.
fn commit(revision: &str) -> String {
    if revision == ANY { COMMIT.to_owned() } else { format!("{:.40}", sha256_hex(revision.as_bytes())) }
}

/// The hub's digest: SHA-256 of what it stores as a large file, git's of everything else.
pub(crate) fn etag(name: &str, content: &[u8]) -> String {
    if name.ends_with(".safetensors") {
        return sha256_hex(content);
    }
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
