//! A failure at every open, write, sync, rename, making and removing of a name below the output folder, one at a time.
//!
//! After each the program has left with an error that names the path, and the same command without the failure goes on
//! from a checkpoint, if one had been whole, to the bytes of the run that never failed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Outcome, outcome};

use crate::sandbox::{TrainingSandbox, continued_at, whole_checkpoints};
use crate::{size, tell};

/// Three saves, two evaluations, the removal of old checkpoints, the outputs.
const RUN: &str = "--precision float32 --max-steps 6 --save-strategy steps --save-steps 2 --save-total-limit 1 \
     --eval-strategy steps --eval-steps 3";

/// How a call fails: the error, whether all later ones fail too, and the exit code that is due.
#[derive(Clone, Copy)]
struct Failure {
    name: &'static str,
    errno: i32,
    stays: bool,
    code: i32,
}

#[test]
fn an_error_at_any_call_loses_nothing_that_was_saved() {
    fail_everywhere(Failure { name: "EIO", errno: 5, stays: false, code: 1 }, 1);
}

#[test]
fn a_disk_that_is_full_for_one_call_loses_nothing_that_was_saved() {
    fail_everywhere(Failure { name: "ENOSPC", errno: 28, stays: false, code: 3 }, 5);
}

#[test]
fn a_disk_that_stays_full_loses_nothing_that_was_saved() {
    fail_everywhere(Failure { name: "ENOSPC, staying", errno: 28, stays: true, code: 3 }, 9);
}

/// Fails each call of a run in turn; the small size takes a share of them, from `first` on.
fn fail_everywhere(failure: Failure, first: usize) {
    let sandbox = TrainingSandbox::small();
    let library = preloaded(&sandbox);
    sandbox.finish("whole", RUN);
    let expected = sandbox.hashes("whole");

    let (untouched, calls) = run_failing(&sandbox, &library, 0, failure);
    assert_eq!(untouched.code, Some(0), "{}", untouched.stderr);
    sandbox.remove("failing");
    let mut kinds = BTreeMap::new();
    for call in &calls {
        *kinds.entry(call.name.as_str()).or_insert(0) += 1;
    }
    for kind in ["mkdir", "open", "write", "sync", "rename", "truncate", "unlink"] {
        assert!(kinds.contains_key(kind), "no {kind} was seen: {kinds:?}");
    }
    let counted: Vec<(&str, u64)> = kinds.into_iter().collect();
    tell(&format!("faults: {}, calls of one run", failure.name), &counted);

    let mut counts = Counts::default();
    let (first, every) = size((first, 13), (1, 1));
    for at in (first..=calls.len()).step_by(every) {
        fail_at(&sandbox, &library, (at, failure), &mut counts);
        assert_eq!(sandbox.hashes("failing"), expected, "{} at call {at}: {:?}", failure.name, calls[at - 1]);
        sandbox.remove("failing");
    }
    let counted = [
        ("failures", counts.failures),
        ("said", counts.said),
        ("of no consequence", counts.of_no_consequence),
        ("continued past step 0", counts.continued),
        ("lost checkpoints", 0),
        ("differing", 0),
    ];
    tell(&format!("faults: {}", failure.name), &counted);
    assert!(counts.said > 0 && counts.continued > 0);
}

#[derive(Default)]
struct Counts {
    failures: u64,
    said: u64,
    of_no_consequence: u64,
    continued: u64,
}

/// A call that the library saw: its name, and the path that it concerned.
#[derive(Debug)]
struct Call {
    name: String,
    path: PathBuf,
}

/// One run whose call number `at` fails, and one that goes on.
fn fail_at(sandbox: &TrainingSandbox, library: &Path, (at, failure): (usize, Failure), counts: &mut Counts) {
    let (failed, calls) = run_failing(sandbox, library, at, failure);
    let place = format!("{} at call {at}, {:?}: {}", failure.name, calls.get(at - 1), failed.stderr);
    counts.failures += 1;
    assert!(!failed.stderr.contains("internal") && !failed.stderr.contains("panicked"), "{place}");
    let call = &calls[at - 1];
    if failed.code == Some(0) {
        // The holder's number in the lock is a courtesy.
        assert!(call.path.ends_with(".lock"), "it went on as if nothing had happened: {place}");
        counts.of_no_consequence += 1;
    } else {
        assert_eq!(failed.code, Some(failure.code), "{place}");
        // While the disk stays full, a later call may be the first that matters.
        let last = if failure.stays { calls.len() } else { at };
        let named = calls[at - 1..last].iter().any(|call| names(&failed.stderr, call, &sandbox.path("")));
        assert!(named, "the path is not named: {place}");
        counts.said += 1;
    }

    let saved = !whole_checkpoints(&sandbox.path("failing")).is_empty();
    let finished = sandbox.path("failing/manifest.json").is_file();
    let said = sandbox.finish("failing", RUN);
    let continued = continued_at(&said) > 0;
    assert!(continued || finished || !saved, "a checkpoint was there and was not continued: {said}\nafter {place}");
    counts.continued += u64::from(continued);
}

/// Whether the error tells of the file that the call concerned: of one that is not visible yet by its name now or to be,
/// of what is removed with a folder by the folder.
fn names(stderr: &str, call: &Call, root: &Path) -> bool {
    let path = call.path.strip_prefix(root).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let visible = match name.strip_prefix('.').and_then(|name| name.strip_suffix(".partial")) {
        Some(name) => path.with_file_name(name),
        None => path.to_owned(),
    };
    let error = stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    let says = |path: &Path| error.contains(path.to_str().unwrap());
    says(&visible) || says(path) || (call.name == "unlink" && says(visible.parent().unwrap()))
}

fn run_failing(sandbox: &TrainingSandbox, library: &Path, at: usize, failure: Failure) -> (Outcome, Vec<Call>) {
    let log = sandbox.path("calls");
    let _ = fs::remove_file(&log);
    let mut command = sandbox.command("failing", RUN);
    command
        .env("LD_PRELOAD", library)
        .env("FAILING_BELOW", sandbox.path("failing"))
        .env("FAILING_AT", at.to_string())
        .env("FAILING_ERRNO", failure.errno.to_string())
        .env("FAILING_ON", u8::from(failure.stays).to_string())
        .env("FAILING_LOG", &log);
    let outcome = outcome(&mut command);
    let call = |line: &str| {
        let (name, path) = line.split_once(' ').unwrap();
        Call { name: name.to_owned(), path: path.into() }
    };
    (outcome, fs::read_to_string(&log).unwrap().lines().map(call).collect())
}

/// The library, compiled from the source beside this file.
fn preloaded(sandbox: &TrainingSandbox) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/failing.c");
    let library = sandbox.path("failing.so");
    let compiler = std::env::var("CC").unwrap_or("cc".to_owned());
    let compiled = Command::new(&compiler).args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(compiled.unwrap().success(), "{compiler} did not compile the library");
    library
}
