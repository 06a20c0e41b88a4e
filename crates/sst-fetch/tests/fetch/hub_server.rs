//! As much of the hub as its client asks for: one repository, its list of files, its files in ranges.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use sha1::{Digest, Sha1};
use stage::sha256_hex;

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub(crate) struct Hub {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

struct State {
    /// `OWNER/NAME`, or `datasets/OWNER/NAME`.
    repository: String,
    files: BTreeMap<String, Vec<u8>>,
    token: Option<String>,
    /// How many more times a file is sent damaged.
    damaged: BTreeMap<String, usize>,
    requests: Vec<String>,
}

impl Hub {
    pub(crate) fn start(repository: &str, files: Vec<(&str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            repository: repository.to_owned(),
            files: files.into_iter().map(|(name, content)| (name.to_owned(), content)).collect(),
            token: None,
            damaged: BTreeMap::new(),
            requests: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &mut served.lock().unwrap());
            }
        });
        Self { endpoint, state }
    }

    pub(crate) fn behind_token(self, token: &str) -> Self {
        self.state.lock().unwrap().token = Some(token.to_owned());
        self
    }

    pub(crate) fn damage(&self, name: &str, times: usize) {
        self.state.lock().unwrap().damaged.insert(name.to_owned(), times);
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }

    pub(crate) fn forget_requests(&self) {
        self.state.lock().unwrap().requests.clear();
    }
}

fn answer(stream: TcpStream, state: &mut State) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    state.requests.push(path.clone());
    let authorized = state.token.iter().all(|token| headers.get("authorization") == Some(&format!("Bearer {token}")));
    if !authorized {
        return send(stream, "401 Unauthorized", "", b"");
    }
    let plural = if state.repository.starts_with("datasets/") { "" } else { "models/" };
    if path.starts_with(&format!("/api/{plural}{}/revision/", state.repository)) {
        let siblings: Vec<_> = state.files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
        let body = serde_json::json!({"sha": COMMIT, "siblings": siblings}).to_string();
        return send(stream, "200 OK", "", body.as_bytes());
    }
    let file = path.strip_prefix(&format!("/{}/resolve/{COMMIT}/", state.repository)).unwrap_or_default();
    let Some(content) = state.files.get(file) else { return send(stream, "404 Not Found", "", b"") };
    let first = headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse().ok());
    let (first, only_one) =
        (first.unwrap_or(0).min(content.len()), headers.get("range").is_some_and(|range| range == "bytes=0-0"));
    let mut body = content[first..].to_vec();
    if only_one {
        body.truncate(1);
    } else if let Some(times) = state.damaged.get_mut(file).filter(|times| **times > 0) {
        *times -= 1;
        body.iter_mut().for_each(|byte| *byte ^= 1);
    }
    let more = format!(
        "x-repo-commit: {COMMIT}\r\netag: \"{}\"\r\ncontent-range: bytes {first}-{}/{}\r\n",
        etag(file, content),
        first + body.len().max(1) - 1,
        content.len()
    );
    send(stream, "206 Partial Content", &more, &body)
}

/// The hub's digest: SHA-256 of what it stores as a large file, git's of everything else.
fn etag(name: &str, content: &[u8]) -> String {
    if name.ends_with(".safetensors") {
        return sha256_hex(content);
    }
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn send(mut stream: TcpStream, status: &str, more: &str, body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n", body.len())?;
    stream.write_all(body)
}
