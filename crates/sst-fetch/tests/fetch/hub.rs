//! `sst-fetch` against a hub on this machine.

mod cache;
mod cards;
mod datasets;
mod network;

use std::fs;

use crate::hub_server::{COMMIT, Hub};
use crate::support::{Fetch, rows};
use crate::tiny_bert;
use corpus::raw::RawSet;
use testkit::Sandbox;

const TRAIN: &str = "text,label\nfine,1\nbad,0\n";

fn review_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("README.md", b"# Reviews".to_vec()), ("data/train.csv", TRAIN.into())]
}

fn reviews() -> Hub {
    Hub::start("datasets/owner/reviews", review_files())
}

fn tiny() -> Hub {
    Hub::start("owner/tiny", tiny_bert::files())
}

#[test]
fn a_dataset_is_fetched_verified_and_then_fresh() {
    let (sandbox, hub) = (Sandbox::new(), reviews());
    let fetch =
        || sandbox.fetch_with("dataset --source hub:owner/reviews --out raw", &[("HF_ENDPOINT", &hub.endpoint)]);
    let ended = fetch();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|fine|1|-|1", "1|1|bad|0|-|1"]);
    let set = RawSet::read(&sandbox.path("raw/train.parquet")).unwrap();
    assert_eq!(set.metadata.source, format!("hub:owner/reviews@{COMMIT}"));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(sandbox.path("raw/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["recorded"]["commit"], COMMIT);

    hub.forget_requests();
    assert_eq!(fetch().stderr, "sst-fetch dataset: raw is fresh\n");
    assert_eq!(hub.requests(), ["/api/datasets/owner/reviews/revision/main"]);

    // The cache serves without the hub, and nothing asks it.
    hub.forget_requests();
    let offline = [("HF_ENDPOINT", hub.endpoint.as_str()), ("HF_HUB_OFFLINE", "1")];
    let ended = sandbox.fetch_with("dataset --source hub:owner/reviews --out raw --force", &offline);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = sandbox.fetch_with("dataset --source hub:owner/other --out other", &offline);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("hub:owner/other is not in the cache"), "{}", ended.stderr);
    assert!(hub.requests().is_empty());
}

#[test]
fn a_model_is_fetched_and_verified_by_both_kinds_of_digest() {
    let (sandbox, hub) = (Sandbox::new(), tiny());
    let ended = sandbox.fetch_with("model --source hub:owner/tiny@v1.0 --out model", &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for (name, content) in tiny_bert::files() {
        assert_eq!(fs::read(sandbox.path(&format!("model/{name}"))).unwrap(), content, "{name}");
    }
    assert_eq!(hub.requests()[0], "/api/models/owner/tiny/revision/v1.0");
}

#[test]
fn all_files_of_a_model_in_several_are_fetched() {
    let (sandbox, hub) = (Sandbox::new(), Hub::start("owner/tiny", tiny_bert::sharded_files()));
    let line = "model --source hub:owner/tiny --out model";
    let ended = sandbox.fetch_with(line, &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for (name, content) in tiny_bert::sharded_files() {
        assert_eq!(fs::read(sandbox.path(&format!("model/{name}"))).unwrap(), content, "{name}");
    }

    let without_last = tiny_bert::sharded_files().into_iter().filter(|(name, _)| !name.contains("00002-of")).collect();
    let (sandbox, hub) = (Sandbox::new(), Hub::start("owner/tiny", without_last));
    let ended = sandbox.fetch_with(line, &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(2));
    let message = "model.safetensors.index.json names model-00002-of-00002.safetensors, which owner/tiny does not have";
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
    assert!(!hub.requests().iter().any(|request| request.contains("00001-of")), "nothing large was asked for");
}

#[test]
fn the_token_is_sent_and_its_absence_is_explained() {
    let (sandbox, hub) = (Sandbox::new(), Hub::behind_token("datasets/owner/reviews", review_files(), "hf_secret"));
    let line = "dataset --source hub:owner/reviews --out raw";
    let ended = sandbox.fetch_with(line, &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("it is private or gated; set HF_TOKEN"), "{}", ended.stderr);
    sandbox.write("secrets/token", "hf_secret\n");
    let endpoint = format!("{}/", hub.endpoint);
    for by in [("HF_TOKEN", "hf_secret"), ("HUGGING_FACE_HUB_TOKEN", "hf_secret"), ("HF_TOKEN_PATH", "secrets/token")] {
        let line = line.replace("--out raw", &format!("--out {}", by.0));
        let ended = sandbox.fetch_with(&line, &[("HF_ENDPOINT", &endpoint), by]);
        assert_eq!(ended.code, Some(0), "{by:?}: {}", ended.stderr);
    }
}

#[test]
fn a_damaged_download_is_tried_once_more_and_then_refused() {
    let line = "model --source hub:owner/tiny --out model";
    let (sandbox, hub) = (Sandbox::new(), tiny());
    hub.damage("model.safetensors", 1);
    let ended = sandbox.fetch_with(line, &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    for name in ["model.safetensors", "config.json"] {
        let (sandbox, hub) = (Sandbox::new(), tiny());
        hub.damage(name, 9);
        let ended = sandbox.fetch_with(line, &[("HF_ENDPOINT", &hub.endpoint)]);
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.stderr.contains(&format!("{name} of hub:owner/tiny was damaged in two downloads")),
            "{}",
            ended.stderr
        );
        assert!(!sandbox.path("model/manifest.json").exists());
    }
}

#[test]
fn a_file_damaged_in_the_cache_is_fetched_again() {
    let (sandbox, hub) = (Sandbox::new(), reviews());
    let fetch = || {
        sandbox.fetch_with("dataset --source hub:owner/reviews --out raw --force", &[("HF_ENDPOINT", &hub.endpoint)])
    };
    assert_eq!(fetch().code, Some(0));
    let cached = format!("hub-cache/hub/datasets--owner--reviews/snapshots/{COMMIT}/data/train.csv");
    let blob = fs::canonicalize(sandbox.path(&cached)).unwrap();
    fs::OpenOptions::new().write(true).open(blob).unwrap().set_len(12).unwrap();
    let ended = fetch();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")).len(), 2);
}

#[test]
fn what_the_hub_should_not_list_is_refused() {
    let cases: [(&str, &[&str], i32, &str); 8] = [
        (
            "model",
            &["config.json", "pytorch_model.bin", "vocab.txt"],
            2,
            "no model.safetensors, nor a model.safetensors.index.json: its weights are pytorch_model.bin, a pickle",
        ),
        ("model", &["config.json", "model.safetensors.index.json"], 2, "has neither tokenizer.json nor vocab.txt"),
        ("model", &["README.md"], 2, "the repository has no config.json"),
        ("model", &["config.json", "../../x"], 1, "the hub lists a file `../../x`, which would leave its folder"),
        ("model", &["config.json", "/etc/x"], 1, "the hub lists a file `/etc/x`, which would leave its folder"),
        ("model", &["config.json", "a\\x"], 1, r"the hub lists a file `a\\x`, which would leave its folder"),
        ("dataset", &["train.csv", "a\0x"], 1, r"the hub lists a file `a\0x`, which would leave its folder"),
        ("dataset", &["reviews.py"], 2, "add @refs/convert/parquet"),
    ];
    for (what, names, code, message) in cases {
        let sandbox = Sandbox::new();
        let repository = if what == "model" { "owner/odd" } else { "datasets/owner/odd" };
        let hub = Hub::start(repository, names.iter().map(|&name| (name, Vec::new())).collect());
        let ended =
            sandbox.fetch_with(&format!("{what} --source hub:owner/odd --out out"), &[("HF_ENDPOINT", &hub.endpoint)]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(message), "expected `{message}`, found `{}`", ended.stderr);
        assert!(!sandbox.path("hub-cache").exists(), "nothing is written");
    }
}

#[test]
fn a_hub_that_cannot_be_reached_says_what_to_do_instead() {
    let sandbox = Sandbox::new();
    // A port that was free a moment ago, and has no listener.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    for what in ["model", "dataset"] {
        let ended =
            sandbox.fetch_with(&format!("{what} --source hub:owner/tiny --out out"), &[("HF_ENDPOINT", &endpoint)]);
        assert_eq!(ended.code, Some(1));
        for hint in [endpoint.as_str(), "--source PATH", "HF_ENDPOINT", "HF_HUB_OFFLINE=1"] {
            assert!(ended.stderr.contains(hint), "{}", ended.stderr);
        }
    }
    let hub = tiny();
    let ended = sandbox.fetch_with("model --source hub:owner/missing --out model", &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("has no hub:owner/missing, or no such revision of it"), "{}", ended.stderr);
}
