//! kill -9 of every stage at several moments: nothing half-made is visible, and the next run completes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use stage::Manifest;
use testkit::{Pipeline, STAGES, kill};

/// The visible files of an output folder that its manifest would list, by name.
fn outputs(folder: &Path, names: impl Iterator<Item = String>) -> BTreeMap<String, Vec<u8>> {
    names.filter_map(|name| Some((name.clone(), fs::read(folder.join(&name)).ok()?))).collect()
}

#[test]
fn every_stage_can_be_killed_at_any_moment() {
    let whole = Pipeline::small();
    whole.run_all();
    let killed = Pipeline::small();
    for stage in STAGES {
        let expected = Manifest::read(&whole.path(stage)).unwrap();
        let names = || expected.outputs.keys().cloned();
        let wanted = outputs(&whole.path(stage), names());
        for delay in [1, 3, 6, 10, 15, 25, 40, 70, 120, 200, 300] {
            let child = killed.stage(stage).arg("--force").spawn().unwrap();
            std::thread::sleep(Duration::from_millis(delay));
            kill(child);
            let visible = outputs(&killed.path(stage), names().filter(|name| name != "log.jsonl"));
            for (name, bytes) in &visible {
                assert!(bytes == &wanted[name], "{stage}: {name} is visible, but not whole, after {delay} ms");
            }
            if Manifest::read(&killed.path(stage)).is_some() {
                assert_eq!(outputs(&killed.path(stage), names()), wanted, "{stage}: finished, but not whole");
            }
        }
        let outcome = killed.run_stage(stage, "");
        assert_eq!(outcome.code, Some(0), "{stage}: {}", outcome.stderr);
        assert!(
            outputs(&killed.path(stage), names()) == wanted,
            "{stage}: the run after the kills made something else"
        );
        let partial = fs::read_dir(killed.path(stage))
            .unwrap()
            .find(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "partial"));
        assert!(partial.is_none() || outcome.stderr.ends_with("is fresh\n"), "{stage}: a half-written file stayed");
    }
}

#[test]
fn two_runs_on_one_folder_are_one() {
    let pipeline = Pipeline::small();
    for stage in ["raw", "model"] {
        pipeline.run_stage(stage, "");
    }
    // Whoever holds the lock is a run; here it is the test.
    fs::create_dir(pipeline.path("tokens")).unwrap();
    let lock =
        fs::OpenOptions::new().create(true).truncate(false).write(true).open(pipeline.path("tokens/.lock")).unwrap();
    lock.lock().unwrap();
    let outcome = pipeline.run_stage("tokens", "");
    assert_eq!(outcome.code, Some(4));
    assert!(outcome.stderr.contains("error: tokens is locked by another run"), "{}", outcome.stderr);
    drop(lock);
    assert_eq!(pipeline.run_stage("tokens", "").code, Some(0));
}

#[test]
fn a_result_survives_bad_input_of_the_next_run() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let before = fs::read(pipeline.path("raw/train.parquet")).unwrap();
    pipeline.write("reviews/train.csv", "text,label\nw6,bad\nw7,wonderful\n");
    let outcome = pipeline.run_stage("raw", "");
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("wonderful"), "{}", outcome.stderr);
    assert_eq!(fs::read(pipeline.path("raw/train.parquet")).unwrap(), before);
    assert!(Manifest::read(&pipeline.path("raw")).is_some());
}
