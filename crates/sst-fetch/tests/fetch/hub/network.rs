//! What networks and servers do to downloads.

use std::fs;

use crate::hub_server::{COMMIT, Hub};
use crate::support::{Fetch, rows};
use crate::tiny_bert;
use crate::web_server::{Fault, Server};
use testkit::{Outcome, Sandbox};

const LINE: &str = "dataset --source hub:owner/reviews --out raw --force";

/// A table of some size.
fn table() -> Vec<u8> {
    let rows: Vec<String> = (0..20_000).map(|i| format!("text number {i},{}\n", i % 2)).collect();
    format!("text,label\n{}", rows.concat()).into()
}

fn hub() -> Hub {
    Hub::start("datasets/owner/reviews", vec![("train.csv", table())])
}

fn fetch(sandbox: &Sandbox, hub: &Hub) -> Outcome {
    sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)])
}

/// What is in the cache's folder of blobs.
fn blobs(sandbox: &Sandbox, repository: &str) -> Vec<String> {
    let folder = fs::read_dir(sandbox.path(&format!("hub-cache/hub/{repository}/blobs")));
    let mut names: Vec<String> =
        folder.map_or(Vec::new(), |files| files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect());
    names.sort();
    names
}

#[test]
fn a_download_that_is_cut_goes_on_where_it_stopped() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    hub.server.fault("train.csv", &[Fault::Cut(100_000), Fault::Cut(1000)]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")).len() + rows(&sandbox.path("raw/test.parquet")).len(), 18_000);
    assert_eq!(hub.server.headers("range")[1..], ["-", "bytes=100000-", "bytes=101000-"]);
    assert!(ended.stderr.contains("the connection") && ended.stderr.contains("trying again in"), "{}", ended.stderr);
    let link =
        fs::read_link(sandbox.path(&format!("hub-cache/hub/datasets--owner--reviews/snapshots/{COMMIT}/train.csv")));
    assert!(link.unwrap().starts_with("../../blobs"));
    assert_eq!(blobs(&sandbox, "datasets--owner--reviews").len(), 1);
}

#[test]
fn a_later_run_goes_on_with_what_an_earlier_one_has() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    hub.server.fault("train.csv", &[Fault::Cut(50_000), Fault::Status("403 Forbidden", "")]);
    assert_eq!(fetch(&sandbox, &hub).code, Some(2));
    let left = blobs(&sandbox, "datasets--owner--reviews");
    assert!(matches!(left.as_slice(), [name] if name.starts_with('.') && name.ends_with(".partial")), "{left:?}");
    assert!(!sandbox.path("hub-cache/hub/datasets--owner--reviews/snapshots").exists(), "nothing half is visible");

    hub.forget_requests();
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(hub.server.headers("range")[1..], ["-", "bytes=50000-"]);
    assert!(!blobs(&sandbox, "datasets--owner--reviews")[0].starts_with('.'));
}

#[test]
fn a_server_without_ranges_sends_it_all_once_more() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    hub.server.fault("train.csv", &[Fault::Cut(1000), Fault::NoRange]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(hub.server.headers("range")[1..], ["-", "bytes=1000-"]);
}

#[test]
fn wrong_bytes_before_a_cut_are_told_by_the_digest_and_fetched_again() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let partial = "hub-cache/hub/datasets--owner--reviews/blobs/";
    let etag = crate::hub_server::etag("train.csv", &table());
    sandbox.write(&format!("{partial}.{etag}.partial"), "what an earlier run got from a broken proxy");
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(hub.server.headers("range")[1..], ["-", "bytes=43-", "-"]);
}

#[test]
fn busy_servers_are_asked_again_after_the_wait_that_they_ask_for() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    hub.server.fault("/revision/", &[Fault::Status("429 Too Many Requests", "Retry-After: 1")]);
    hub.server.fault("train.csv", &[Fault::Status("503 Service Unavailable", "")]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("http status: 429, and to wait 1 s; trying again in 1.0 s (1 of 4)"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("http status: 503; trying again in 0.4 s (1 of 4)"), "{}", ended.stderr);
    assert_eq!(hub.requests().len(), 4);
}

#[test]
fn a_server_that_asks_for_too_long_a_wait_or_stays_busy_is_given_up() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    hub.server.fault("/revision/", &[Fault::Status("429 Too Many Requests", "Retry-After: 3600")]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("http status: 429, and to wait 3600 s"), "{}", ended.stderr);
    assert_eq!(hub.requests().len(), 1);

    hub.forget_requests();
    hub.server.fault("train.csv", &vec![Fault::Status("503 Service Unavailable", "Retry-After: 0"); 9]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(1));
    for part in ["cannot download train.csv", "http status: 503", "HF_HUB_OFFLINE=1"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert_eq!(hub.requests().len(), 6);
    assert!(blobs(&sandbox, "datasets--owner--reviews").is_empty());
    assert!(!sandbox.path("raw/manifest.json").exists());
}

#[test]
fn redirects_are_followed_and_the_token_stays_with_the_hub() {
    let files = || tiny_bert::files().into_iter().collect();
    let (sandbox, hub) = (Sandbox::new(), Hub::behind_token("owner/tiny", files(), "hf_secret"));
    let weights = tiny_bert::weights();
    let elsewhere = Server::start(move |_| crate::web_server::Response {
        body: weights.clone(),
        ..crate::web_server::Response::status("200 OK")
    });
    hub.server.fault("config.json", &[Fault::Redirect("{path}".to_owned())]);
    let signed = format!("{}/signed?key=secret", elsewhere.endpoint);
    hub.server.fault("model.safetensors", &[Fault::Redirect("{path}".to_owned()), Fault::Redirect(signed)]);
    let environment = [("HF_ENDPOINT", hub.endpoint.as_str()), ("HF_TOKEN", "hf_secret")];
    let ended = sandbox.fetch_with("model --source hub:owner/tiny --out model", &environment);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(hub.server.headers("authorization").iter().all(|header| header == "Bearer hf_secret"));
    assert_eq!(elsewhere.headers("authorization"), ["-"]);

    let (sandbox, hub) = (Sandbox::new(), self::hub());
    hub.server.fault("train.csv", &vec![Fault::Redirect("{path}".to_owned()); 20]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("it redirects in a circle"), "{}", ended.stderr);
    let (sandbox, hub) = (Sandbox::new(), self::hub());
    hub.server.fault("train.csv", &[Fault::Redirect("file:///etc/passwd".to_owned())]);
    let ended = fetch(&sandbox, &hub);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("it redirects to `file:///etc/passwd`, which is no address"), "{}", ended.stderr);
}

#[test]
fn what_the_hub_refuses_is_bad_input() {
    for (status, message) in [
        ("401 Unauthorized", "it is private or gated; set HF_TOKEN"),
        ("403 Forbidden", "it is private or gated; set HF_TOKEN"),
        ("404 Not Found", "has no hub:owner/reviews, or no such revision of it"),
    ] {
        for part in ["/revision/", "train.csv"] {
            let (sandbox, hub) = (Sandbox::new(), hub());
            hub.server.fault(part, &[Fault::Status(status, "")]);
            let ended = fetch(&sandbox, &hub);
            assert_eq!(ended.code, Some(2), "{}", ended.stderr);
            let of_a_file = "lists train.csv among the files of hub:owner/reviews, and does not have it";
            let message = if (status, part) == ("404 Not Found", "train.csv") { of_a_file } else { message };
            assert!(ended.stderr.contains(message), "{}", ended.stderr);
            assert!(blobs(&sandbox, "datasets--owner--reviews").is_empty());
        }
    }
}

#[test]
fn proxies_are_those_of_the_environment() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let host = hub.endpoint.strip_prefix("http://").unwrap();
    // No such host exists: only the proxy knows it.
    let proxied = [("HF_ENDPOINT", "http://hub.invalid"), ("HTTP_PROXY", hub.endpoint.as_str())];
    let ended = sandbox.fetch_with(LINE, &proxied);
    let asked = hub.requests();
    assert!(!asked.is_empty(), "{}", ended.stderr);
    assert!(asked[0].contains("hub.invalid"), "{asked:?}");

    hub.forget_requests();
    let closed = "http://127.0.0.1:9";
    let listed = format!("localhost, {}", host.split(':').next().unwrap());
    let exempt = [("HF_ENDPOINT", hub.endpoint.as_str()), ("HTTP_PROXY", closed), ("NO_PROXY", listed.as_str())];
    let ended = sandbox.fetch_with(LINE, &exempt);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!hub.requests().is_empty());
}
