//! The life of an output folder: fresh, edited, removed; and nothing beyond it.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed unwrap fails the test")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use stage::{CommonArgs, Job, Manifest, OutputFolder, OutputWriter, Seal, Stage};

const STAGE: Stage = Stage { name: "test-stage", version: 1 };
/// Large enough for its hash to be remembered.
const LARGE: usize = 5 << 20;

fn job(out: &Path, seed: u64) -> Job {
    let common = CommonArgs::quiet(out);
    Job::new(STAGE, &common).plan(&serde_json::json!({ "seed": seed })).unwrap()
}

fn fill(mut output: OutputFolder) {
    output.output("large", |file| Ok(file.write_all(&vec![7; LARGE])?)).unwrap();
    output.write("small.txt", "content").unwrap();
    output.finish().unwrap();
}

/// Changes one byte and sets the time of modification back.
fn edit(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(b"X", 3).unwrap();
    file.set_modified(modified).unwrap();
}

#[test]
fn an_edited_output_is_made_again_or_spared() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fill(job(&out, 1).begin().unwrap().unwrap());
    assert_eq!(Manifest::read(&out).unwrap().seal, Seal::Intact);
    assert!(job(&out, 1).begin().unwrap().is_none());
    // Only then is a hash remembered: before, the file might change within the tick of its clock.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(job(&out, 1).begin().unwrap().is_none());
    assert!(fs::read_to_string(out.join(".hashes.json")).unwrap().contains("changed_ns"));

    for name in ["large", "small.txt"] {
        edit(&out.join(name));
        let error = job(&out, 1).takes_long("go on otherwise").begin().unwrap_err();
        assert!(error.is::<stage::BadInput>() && error.to_string().contains(&out.join(name).display().to_string()));
        fill(job(&out, 1).begin().unwrap().unwrap());
        assert!(job(&out, 1).begin().unwrap().is_none(), "{name}");
    }
    fs::remove_file(out.join("small.txt")).unwrap();
    assert!(job(&out, 1).takes_long("go on otherwise").begin().unwrap().is_some(), "what is missing was not edited");
}

/// The key of a result has the hash of an input; a result of other bytes never gets it.
#[test]
fn an_input_that_changes_while_it_is_read_leaves_the_folder_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let (out, input) = (folder.path().join("out"), folder.path().join("input"));
    let begin = || {
        fs::write(&input, "as it was hashed").unwrap();
        job(&out, 1).input("input", &input).begin().unwrap().unwrap()
    };
    let mut output = begin();
    output.write("small.txt", "content").unwrap();
    edit(&input);
    let error = output.finish().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(stage::ExitReason::InputChanged(_))), "{error}");
    assert_eq!(
        error.to_string(),
        format!("{} changed while it was read; run this again when nothing writes it", input.display())
    );
    assert!(Manifest::read(&out).is_none());

    let mut output = begin();
    output.inputs_are_read(|role| role == "input").unwrap();
    fs::remove_file(&input).unwrap();
    output.write("small.txt", "content").unwrap();
    output.finish().unwrap();
}

#[test]
fn an_edited_manifest_removes_nothing_outside_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fill(job(&out, 1).begin().unwrap().unwrap());
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let text = fs::read_to_string(out.join("manifest.json")).unwrap();
    fs::write(out.join("manifest.json"), text.replace("\"small.txt\"", "\"../thesis.txt\"")).unwrap();
    fill(job(&out, 2).begin().unwrap().unwrap());
    assert_eq!(fs::read_to_string(folder.path().join("thesis.txt")).unwrap(), "years of work");
}

/// What a killed run of other settings had finished is no part of the next result.
#[test]
fn a_finished_folder_holds_nothing_of_unfinished_runs() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut killed = job(&out, 1).begin().unwrap().unwrap();
    killed.write("validation.txt", "of other settings").unwrap();
    killed.write("small.txt", "of other settings").unwrap();
    killed.write_unlisted("timing.txt", "1 s").unwrap();
    drop(killed);
    let mut killed = job(&out, 2).begin().unwrap().unwrap();
    killed.write("other/test.txt", "of other settings again").unwrap();
    drop(killed);
    fs::write(out.join("notes.txt"), "the user's own").unwrap();
    fill(job(&out, 3).begin().unwrap().unwrap());
    let left = |name: &str| out.join(name).exists();
    assert_eq!(["validation.txt", "other/test.txt", ".outputs.jsonl"].map(left), [false; 3]);
    assert_eq!(["small.txt", "large", "timing.txt", "notes.txt"].map(left), [true; 4]);
    // Nor where the killed run had begun to remove an earlier result.
    let mut killed = job(&out, 4).begin().unwrap().unwrap();
    killed.clear().unwrap();
    drop(killed);
    fs::write(out.join("large"), "not yet removed").unwrap();
    let mut last = job(&out, 5).begin().unwrap().unwrap();
    last.write("small.txt", "new").unwrap();
    last.finish().unwrap();
    assert!(!left("large"));
}

#[test]
fn a_folder_in_an_input_is_not_even_made() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::create_dir(&input).unwrap();
    for out in [input.join("new"), input.clone(), folder.path().to_owned()] {
        let error = job(&out, 1).input_folder(&input).begin().unwrap_err();
        assert!(error.is::<stage::BadInput>(), "{error}");
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["input"]);
    assert_eq!(fs::read_dir(&input).unwrap().count(), 0);
}
