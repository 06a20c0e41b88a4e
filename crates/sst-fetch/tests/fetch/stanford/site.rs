//! `--source stanford` against a site on this machine. The originals are not at hand, so nothing that it has is accepted: what is shown
//! is that it is asked as it should be, and that nothing but the pinned bytes becomes visible.

use std::fs;

use crate::support::Fetch;
use crate::web_server::{Fault, Response, Server};
use testkit::{Outcome, Sandbox};

/// The size of the original archive of trees.
const TREES_SIZE: usize = 789_539;
const TREES: &str = "/sentiment/trainDevTestTrees_PTB.zip";

fn site(size: usize) -> Server {
    Server::start(move |request| match request.path.as_str() {
        TREES => Response { body: vec![b'x'; size], ..Response::status("200 OK") },
        _ => Response::status("404 Not Found"),
    })
}

fn fetch(sandbox: &Sandbox, endpoint: &str) -> Outcome {
    let cache = sandbox.path("cache").display().to_string();
    let line = format!("dataset --source stanford --stanford-url {endpoint} --out raw");
    sandbox.fetch_with(&line, &[("XDG_CACHE_HOME", &cache)])
}

/// What is in the cache, hidden files too.
fn cached(sandbox: &Sandbox) -> Vec<String> {
    let files = fs::read_dir(sandbox.path("cache/sst-fetch"));
    files.map_or(Vec::new(), |files| files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect())
}

#[test]
fn other_bytes_than_the_pinned_ones_are_refused_from_any_site() {
    let (sandbox, server) = (Sandbox::new(), site(TREES_SIZE));
    let ended = fetch(&sandbox, &server.endpoint);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    for part in [
        "has not the 789539 bytes of Stanford's archive with the SHA-256 5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
        "--source FILE",
    ] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert_eq!(server.requests(), [TREES, TREES]);
    assert!(cached(&sandbox).is_empty() && !sandbox.path("raw").exists());

    let (sandbox, server) = (Sandbox::new(), site(TREES_SIZE + 1));
    assert_eq!(fetch(&sandbox, &format!("{}/", server.endpoint)).code, Some(2));
    assert!(cached(&sandbox).is_empty());
}

#[test]
fn what_was_cut_is_resumed() {
    let (sandbox, server) = (Sandbox::new(), site(TREES_SIZE));
    server.fault(
        TREES,
        &[Fault::Cut(300_000), Fault::Status("503 Service Unavailable", "Retry-After: 0"), Fault::Cut(99)],
    );
    assert_eq!(fetch(&sandbox, &server.endpoint).code, Some(2));
    assert_eq!(server.headers("range"), ["-", "bytes=300000-", "bytes=300000-", "bytes=300099-", "-"]);

    // And in the next run.
    server.forget_requests();
    server.fault(TREES, &[Fault::Cut(1000), Fault::Status("403 Forbidden", "")]);
    let ended = fetch(&sandbox, &server.endpoint);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(cached(&sandbox), [".trainDevTestTrees_PTB.zip.partial"]);
    server.forget_requests();
    assert_eq!(fetch(&sandbox, &server.endpoint).code, Some(2));
    assert_eq!(server.headers("range"), ["bytes=1000-", "-"]);
}

#[test]
fn without_the_site_the_message_says_what_to_do() {
    let sandbox = Sandbox::new();
    let advice = [
        "--stanford-url",
        "HTTPS_PROXY",
        "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
        "https://nlp.stanford.edu/~socherr/stanfordSentimentTreebank.zip",
        "--source FOLDER",
    ];
    let server = site(0);
    server.fault(TREES, &[Fault::Status("404 Not Found", "")]);
    let missing = fetch(&sandbox, &server.endpoint);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);

    let cache = sandbox.path("cache").display().to_string();
    let offline = [("XDG_CACHE_HOME", cache.as_str()), ("HF_HUB_OFFLINE", "1")];
    let offline = sandbox.fetch_with("dataset --source stanford --out raw", &offline);
    assert_eq!(offline.code, Some(2));
    assert!(
        offline.stderr.contains("HF_HUB_OFFLINE is set, and trainDevTestTrees_PTB.zip is not in"),
        "{}",
        offline.stderr
    );

    // A port that was free a moment ago, and has no listener.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = fetch(&sandbox, &format!("http://127.0.0.1:{port}"));
    assert_eq!(closed.code, Some(1), "{}", closed.stderr);
    for outcome in [missing, offline, closed] {
        for part in advice {
            assert!(outcome.stderr.contains(part), "expected `{part}`, found `{}`", outcome.stderr);
        }
    }
    let wrong = fetch(&sandbox, "ftp://mirror");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("expected an address that begins with https:// or http://"), "{}", wrong.stderr);
}
