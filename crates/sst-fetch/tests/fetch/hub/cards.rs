//! The card of a dataset, and what is there of a repository: which files count, and what its labels are called.

use std::fs;

use corpus::raw::RawSet;
use testkit::Sandbox;

use crate::hub_server::Hub;
use crate::support::{Fetch, rows};

const LINE: &str = "dataset --source hub:owner/reviews --split none --out raw";
const OFFLINE: [(&str, &str); 1] = [("HF_HUB_OFFLINE", "1")];

fn table(words: &[&str]) -> Vec<u8> {
    let rows = words.iter().enumerate().map(|(index, word)| format!("{word},{}\n", index % 2));
    std::iter::once("text,label\n".to_owned()).chain(rows).collect::<String>().into_bytes()
}

fn hub(files: Vec<(&str, Vec<u8>)>) -> Hub {
    Hub::start("datasets/owner/reviews", files)
}

#[test]
fn the_card_names_files_and_labels() {
    let card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.csv\n  - split: validation\n    \
                path: test.csv\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          \
                '0': bad\n          '1': good\n---\n# Reviews\n";
    let hub = hub(vec![
        ("README.md", card.into()),
        ("a.csv", table(&["a", "b"])),
        ("test.csv", table(&["c", "d"])),
        ("train_augmented.csv", table(&["x", "y"])),
    ]);
    let sandbox = Sandbox::new();
    let ended = sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]);
    ended.assert_success(LINE);
    assert!(ended.stderr.contains("names of the labels, from the card: 0 is bad, 1 is good"), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|a|0|-|1", "1|1|b|1|-|1"]);
    assert_eq!(rows(&sandbox.path("raw/validation.parquet")).len(), 2);
    assert!(!sandbox.path("raw/test.parquet").exists());
    assert_eq!(RawSet::read(&sandbox.path("raw/train.parquet")).unwrap().metadata.label_names, ["bad", "good"]);
}

#[test]
fn a_card_that_cannot_be_read_is_told_and_names_count() {
    let hub = hub(vec![("README.md", b"---\na: [1\n---\n".to_vec()), ("train.csv", table(&["a", "b"]))]);
    let sandbox = Sandbox::new();
    let ended = sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]);
    ended.assert_success(LINE);
    assert!(ended.stderr.contains("the head of its README.md is not read: "), "{}", ended.stderr);
}

/// A download that ended half way leaves a cache that says what it lacks.
#[test]
fn what_the_cache_lacks_is_refused_offline() {
    let hub = hub(vec![
        ("data/train-00000-of-00002.csv", table(&["a", "b"])),
        ("data/train-00001-of-00002.csv", table(&["c", "d"])),
        ("data/validation.csv", table(&["e", "f"])),
    ]);
    let sandbox = Sandbox::new();
    sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]).assert_success(LINE);
    let offline = sandbox.fetch_with(&LINE.replace("raw", "again"), &OFFLINE);
    offline.assert_success(LINE);
    assert!(!offline.stderr.contains("HF_HUB_OFFLINE"), "{}", offline.stderr);

    let snapshot = fs::read_dir(sandbox.path("hub-cache/hub/datasets--owner--reviews/snapshots")).unwrap();
    let snapshot = snapshot.map(|entry| entry.unwrap().path()).next().unwrap();
    fs::remove_file(snapshot.join("data/train-00001-of-00002.csv")).unwrap();
    let lacking = sandbox.fetch_with(&LINE.replace("raw", "lacking"), &OFFLINE);
    let expected = "HF_HUB_OFFLINE is set, and data/train-00001-of-00002.csv of hub:owner/reviews is not in the cache";
    assert!(lacking.code == Some(2) && lacking.stderr.contains(expected), "{}", lacking.stderr);
    assert!(!sandbox.path("lacking/train.parquet").exists());

    // Of a cache that others have written, the list of files is not known: the names say that one is missing.
    fs::remove_dir_all(sandbox.path("hub-cache/hub/datasets--owner--reviews/.sst-fetch")).unwrap();
    let lacking = sandbox.fetch_with(&LINE.replace("raw", "lacking"), &OFFLINE);
    assert!(lacking.code == Some(2) && lacking.stderr.contains("number 1 is missing"), "{}", lacking.stderr);
}

#[test]
fn a_cache_without_a_list_of_files_is_told_and_is_no_fresh_output_later() {
    let hub = hub(vec![("train.csv", table(&["a", "b"])), ("validation.csv", table(&["c", "d"]))]);
    let sandbox = Sandbox::new();
    sandbox.fetch_with(LINE, &[("HF_ENDPOINT", &hub.endpoint)]).assert_success(LINE);
    let repository = sandbox.path("hub-cache/hub/datasets--owner--reviews");
    fs::remove_dir_all(repository.join(".sst-fetch")).unwrap();
    let snapshot = fs::read_dir(repository.join("snapshots")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(snapshot.join("validation.csv")).unwrap();
    let line = LINE.replace("raw", "half");
    let offline = sandbox.fetch_with(&line, &OFFLINE);
    offline.assert_success(&line);
    let expected = "the cache does not say which files hub:owner/reviews has; those count that it has: train.csv";
    assert!(offline.stderr.contains(expected), "{}", offline.stderr);
    let online = sandbox.fetch_with(&line, &[("HF_ENDPOINT", &hub.endpoint)]);
    online.assert_success(&line);
    assert!(online.stderr.contains("validation: 2 rows"), "{}", online.stderr);
}

/// Offline, a branch is what it was when it was last asked for, not when it was last downloaded.
#[test]
fn a_branch_that_moved_is_remembered_though_all_is_cached() {
    let files = |words: &[&str]| vec![("train.csv", table(words))];
    let before =
        Hub::with_revisions("datasets/owner/reviews", vec![("main", files(&["a", "b"])), ("next", files(&["c", "d"]))]);
    let sandbox = Sandbox::new();
    let online = |source: &str, hub: &Hub| {
        let line = LINE.replace("owner/reviews", source);
        sandbox.fetch_with(&format!("{line} --force"), &[("HF_ENDPOINT", &hub.endpoint)]).assert_success(&line);
    };
    online("owner/reviews", &before);
    online("owner/reviews@next", &before);
    // Another commit, of which the cache has all.
    let reference = sandbox.path("hub-cache/hub/datasets--owner--reviews/refs");
    let next = fs::read_to_string(reference.join("next")).unwrap();
    assert_ne!(fs::read_to_string(reference.join("main")).unwrap(), next);
    sandbox.write("hub-cache/hub/datasets--owner--reviews/refs/main", &next);
    online("owner/reviews", &before);
    assert_ne!(fs::read_to_string(reference.join("main")).unwrap(), next);
}
