//! The cache that Python's huggingface_hub has, too: each reads what the other wrote.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::hub_server::{COMMIT, Hub, etag};
use crate::support::{Fetch, rows};
use testkit::Sandbox;

const TRAIN: &str = "text,label\nfine,1\nbad,0\n";
const OFFLINE: [(&str, &str); 1] = [("HF_HUB_OFFLINE", "1")];
const LINE: &str = "dataset --source hub:owner/reviews --out raw --force";

#[test]
fn a_snapshot_as_python_writes_it_is_read() {
    let sandbox = Sandbox::new();
    let repository = "hub-cache/hub/datasets--owner--reviews";
    let etag = etag("train.csv", TRAIN.as_bytes());
    sandbox.write(&format!("{repository}/blobs/{etag}"), TRAIN);
    sandbox.write(&format!("{repository}/refs/main"), COMMIT);
    fs::create_dir_all(sandbox.path(&format!("{repository}/snapshots/{COMMIT}/data"))).unwrap();
    let link = sandbox.path(&format!("{repository}/snapshots/{COMMIT}/data/train.csv"));
    symlink(format!("../../../blobs/{etag}"), link).unwrap();
    let ended = sandbox.fetch_with(LINE, &OFFLINE);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")).len(), 2);

    // The same folder, by the variables that name it.
    let cache = sandbox.path("hub-cache/hub").display().to_string();
    let named = [("HF_HUB_OFFLINE", "1"), ("HF_HOME", "/nowhere"), ("HF_HUB_CACHE", cache.as_str())];
    assert_eq!(sandbox.fetch_with(LINE, &named).code, Some(0));
    let home = sandbox.path("").display().to_string();
    let written = [("HF_HUB_OFFLINE", "1"), ("HOME", home.as_str()), ("HF_HOME", "~/hub-cache")];
    assert_eq!(sandbox.fetch_with(LINE, &written).code, Some(0));

    sandbox.write(&format!("{repository}/blobs/{etag}"), "text,label\nfine,0\nbad,0\n");
    let ended = sandbox.fetch_with(LINE, &OFFLINE);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("data/train.csv of hub:owner/reviews is not in the cache"), "{}", ended.stderr);
}

/// A cache that was copied with what its links lead to, as `cp -rL` and images of containers have it.
#[test]
fn a_copied_cache_with_files_in_place_of_links_is_read() {
    let hub = Hub::start("datasets/owner/reviews", vec![("train.csv", TRAIN.into())]);
    let copied = |content: &str| {
        let sandbox = Sandbox::new();
        let repository = "hub-cache/hub/datasets--owner--reviews";
        sandbox.write(&format!("{repository}/refs/main"), COMMIT);
        sandbox.write(&format!("{repository}/snapshots/{COMMIT}/train.csv"), content);
        let path = sandbox.path(&format!("{repository}/snapshots/{COMMIT}/train.csv"));
        (sandbox, path)
    };
    let (sandbox, path) = copied(TRAIN);
    for environment in [OFFLINE, [("HF_ENDPOINT", hub.endpoint.as_str())]] {
        let ended = sandbox.fetch_with(LINE, &environment);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(rows(&sandbox.path("raw/train.parquet")).len(), 2);
        assert!(!path.is_symlink(), "a file with the hub's digest is not fetched again");
    }
    let (sandbox, path) = copied("text,label\nfine,0\n");
    assert_eq!(sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]).code, Some(0));
    assert!(path.is_symlink(), "another content is replaced where the hub can be asked");
    assert_eq!(fs::read_to_string(path).unwrap(), TRAIN);
}

#[test]
fn the_conversion_of_a_script_is_found_offline() {
    let train = b"text,label\nfine,1\nbad,0\n".to_vec();
    let hub = Hub::with_revisions(
        "datasets/owner/reviews",
        vec![
            ("main", vec![("reviews.py", Vec::new())]),
            ("refs%2Fconvert%2Fparquet", vec![("default/train.csv", train)]),
        ],
    );
    let sandbox = Sandbox::new();
    let online = sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]);
    assert_eq!(online.code, Some(0), "{}", online.stderr);
    let said =
        "owner/reviews is loaded by a script; its Parquet conversion is read, hub:owner/reviews@refs/convert/parquet";
    assert!(online.stderr.contains(said), "{}", online.stderr);
    let offline = sandbox.fetch_with(LINE, &OFFLINE);
    assert_eq!(offline.code, Some(0), "{}", offline.stderr);
    assert!(offline.stderr.contains(said), "{}", offline.stderr);
}

/// Python with huggingface_hub, where the reference is installed.
fn python() -> Option<PathBuf> {
    let python = testkit::workspace().join(".cache/reference/bin/python");
    python.is_file().then_some(python)
}

#[test]
fn python_reads_ours_and_we_read_pythons() {
    let Some(python) = python() else {
        // Not by `eprintln!`, which the test runner keeps to itself where the test passes.
        let _ = writeln!(std::io::stderr(), "skipped: the reference is not installed (just test-reference brings it)");
        return;
    };
    let run = |sandbox: &Sandbox, environment: &[(&str, &str)]| {
        let code = "from huggingface_hub import hf_hub_download\n\
                    print(open(hf_hub_download('owner/reviews', 'data/train.csv', repo_type='dataset')).read(), end='')";
        let mut command = Command::new(&python);
        command.args(["-c", code]).env("HF_HOME", sandbox.path("hub-cache")).envs(environment.iter().copied());
        for proxy in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    };
    let hub = Hub::start("datasets/owner/reviews", vec![("data/train.csv", TRAIN.into())]);
    let online = [("HF_ENDPOINT", hub.endpoint.as_str())];
    let ours = Sandbox::new();
    assert_eq!(ours.fetch_with(LINE, &online).code, Some(0));
    assert_eq!(run(&ours, &OFFLINE), TRAIN);

    let pythons = Sandbox::new();
    assert_eq!(run(&pythons, &online), TRAIN);
    let ended = pythons.fetch_with(LINE, &OFFLINE);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&pythons.path("raw/train.parquet")).len(), 2);
}
