//! Owner: whose work an output folder holds, and the refusal of what is not the stage's own.
//!
//! A manifest names its stage; without one, the lock file does. The locks of older programs name none: their unfinished
//! folders are anybody's but for the folders in them, which only the stage that makes them can continue.

use std::fs;
use std::io;
use std::path::Path;

use crate::input_error::{bad_input, bail_input, ensure_input};
use crate::lock::{Holder, LOCK, ensure_not_being_written};
use crate::manifest::{MANIFEST, Manifest};
use crate::partial_file::PARTIAL;

/// Refuses a folder with the work of another stage, or with files that no stage wrote: a mistyped `--out` must not cost
/// anybody anything. `own_folders` are the names of the folders that `stage` makes in its output folder.
pub(crate) fn refuse_foreign(folder: &Path, stage: &str, own_folders: &[&str]) -> anyhow::Result<()> {
    let shown = folder.display();
    // Listed before the lock is looked for: a run that begins at this moment makes its lock first.
    let names = match names(folder) {
        Ok(names) => names,
        // Whether it can be made is another question; and a run that begins now may have made it by this time.
        Err(error) if error.kind() == io::ErrorKind::NotFound || !folder.exists() => return Ok(()),
        Err(error) => bail_input!("{shown} is not a folder that can be read ({error}); give --out a new folder"),
    };
    let holder = Holder::of(folder);
    let elsewhere = "give --out another folder, or remove this one";
    match (Manifest::load(folder).map(|manifest| manifest.map(|manifest| manifest.stage)), holder) {
        (Ok(Some(owner)), _) if owner != stage => {
            Err(bad_input!("{shown} holds the output of `{owner}`, not of `{stage}`; {elsewhere}"))
        }
        (Ok(Some(_)), _) => Ok(()),
        (Err(manifest), holder) => match manifest.stage.clone().or_else(|| holder.and_then(|holder| holder.stage)) {
            Some(owner) if owner == stage => Ok(()),
            Some(owner) => Err(bad_input!("{shown} holds the output of `{owner}`, not of `{stage}`; {elsewhere}")),
            None => Err(bad_input!("{manifest}; nothing says which stage wrote this folder: {elsewhere}")),
        },
        (Ok(None), None) if !names.is_empty() => Err(bad_input!(
            "{shown} holds files that no stage wrote; give --out a new or empty folder (a copy of a stage's folder needs its \
                 hidden files, too, {LOCK} among them)"
        )),
        (Ok(None), Some(Holder { stage: Some(owner), .. }))
            if owner != stage && names.iter().any(|name| is_work(name)) =>
        {
            Err(bad_input!("{shown} holds the unfinished work of `{owner}`, not of `{stage}`; {elsewhere}"))
        }
        (Ok(None), Some(Holder { stage: None, .. })) => {
            let is_foreign = |name: &&String| !own_folders.contains(&name.as_str()) && folder.join(name).is_dir();
            let foreign: Vec<&str> = names.iter().filter(is_foreign).map(String::as_str).collect();
            ensure_input!(
                foreign.is_empty(),
                "{shown} holds the unfinished work of another stage: `{stage}` makes no folder {}; {elsewhere}",
                foreign.join(", ")
            );
            Ok(())
        }
        (Ok(None), _) => Ok(()),
    }
}

/// Refuses to read a folder that a stage has begun and not finished.
///
/// The locks of older programs name no stage. Theirs is a folder that also has what a training leaves before its end; a
/// lock file alone may be anybody's.
pub(crate) fn refuse_unfinished(folder: &Path) -> anyhow::Result<()> {
    const OF_A_TRAINING: [&str; 2] = ["checkpoints", "log.jsonl"];
    let manifest = folder.join(MANIFEST);
    let Some(holder) = Holder::of(folder).filter(|holder| holder.is_stage() && !manifest.exists()) else {
        return Ok(());
    };
    if holder.stage.is_none() && !OF_A_TRAINING.iter().any(|name| folder.join(name).exists()) {
        return Ok(());
    }
    ensure_not_being_written(folder)?;
    let (shown, lock) = (folder.display(), folder.join(LOCK));
    let stage = holder.stage.map_or("the stage that began it".to_owned(), |stage| format!("`{stage}`"));
    Err(bad_input!(
        "{shown} is unfinished: it has no {MANIFEST}; run {stage} to its end first (if the files are your own, remove {})",
        lock.display()
    ))
}

/// Refuses a single file as the output of a program where a stage wrote it, or is writing it.
pub(crate) fn refuse_stage_file(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let holder = Holder::of(folder);
    if file.exists()
        && (holder.is_some() && !folder.join(MANIFEST).exists() || file.file_name() == Some(MANIFEST.as_ref()))
    {
        let owner = holder.and_then(|holder| holder.stage).map_or("a stage".to_owned(), |stage| format!("`{stage}`"));
        bail_input!("{} is a file of {owner}; write to another file", file.display());
    }
    Ok(())
}

/// What an empty folder may have: what keeps it in a repository, and what a file system puts into its root.
const OF_AN_EMPTY_FOLDER: [&str; 4] = [".gitkeep", ".gitignore", ".keep", "lost+found"];

/// What is in a folder, in order.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = entries.collect::<io::Result<_>>()?;
    names.retain(|name| !OF_AN_EMPTY_FOLDER.contains(&name.as_str()));
    names.sort();
    Ok(names)
}

/// Whether a file or folder is more than what a stage notes for itself before it has anything to write.
fn is_work(name: &str) -> bool {
    !name.starts_with('.') || (name.ends_with(PARTIAL) && name != format!("..hashes.json{PARTIAL}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_file::write_file;

    fn judged(files: &[(&str, &str)]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_file(&path, content).unwrap();
        }
        let refused = refuse_foreign(folder.path(), "trainer", &["checkpoints"]);
        refused.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "OUT"))
    }

    #[test]
    fn what_a_folder_holds_says_whose_it_is() {
        assert_eq!(judged(&[]), Ok(()));
        assert_eq!(judged(&[(".gitkeep", ""), ("lost+found/x", "")]), Ok(()), "as good as empty");
        assert_eq!(judged(&[(LOCK, "1 trainer"), ("log", ""), (".x.partial", "")]), Ok(()));
        assert_eq!(judged(&[(LOCK, "1 other stage"), (".hashes.json", "{}")]), Ok(()), "it holds no work");
        assert_eq!(judged(&[(LOCK, "1"), ("log", ""), ("checkpoints/a", "")]), Ok(()), "of an older program");
        let refused = |files, expected: &str| {
            let error = judged(files).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        };
        refused(&[("thesis.txt", "")], "OUT holds files that no stage wrote; give --out a new or empty folder");
        refused(
            &[(LOCK, "1 other"), (".x.partial", "")],
            "OUT holds the unfinished work of `other`, not of `trainer`;",
        );
        refused(&[(LOCK, "1 other"), ("log", "")], "OUT holds the unfinished work of `other`, not of `trainer`;");
        let trials: &[_] = &[(LOCK, "1"), ("trials/a", "")];
        refused(trials, "OUT holds the unfinished work of another stage: `trainer` makes no folder trials;");
        let unreadable: &[_] = &[(LOCK, "1"), (MANIFEST, "{")];
        refused(unreadable, "OUT/manifest.json cannot be read as the manifest of a stage: EOF");
        assert_eq!(judged(&[(LOCK, "1 trainer"), (MANIFEST, "{")]), Ok(()), "damaged, but its own");
        refused(&[(LOCK, "1 other"), (MANIFEST, "{")], "OUT holds the output of `other`, not of `trainer`;");
        refused(&[(MANIFEST, "{\"stage\": \"other\", \"schema\": 9}")], "OUT holds the output of `other`,");
    }

    #[test]
    fn what_a_stage_began_is_not_read_before_its_end() {
        let read = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in files {
                write_file(&folder.path().join(name), content).unwrap();
            }
            let refused = refuse_unfinished(folder.path());
            refused.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "IN"))
        };
        let refused = |files, expected: &str| {
            let error = read(files).unwrap_err();
            assert!(error.starts_with("IN is unfinished: it has no manifest.json; run ") && error.contains(expected));
        };
        refused(&[(LOCK, "1 bert-finetune")], "`bert-finetune` to its end first (if ");
        refused(&[(LOCK, "1 sst-fetch model")], "`sst-fetch model` to its end first");
        refused(&[(LOCK, "1"), ("log.jsonl", "")], "the stage that began it to its end first");
        assert_eq!(read(&[]), Ok(()));
        assert_eq!(read(&[(LOCK, "1 bert-finetune"), (MANIFEST, "")]), Ok(()));
        for foreign in ["", "1", "laptop", "bert-finetune", "17 laptop", "a bert-finetune"] {
            assert_eq!(read(&[(LOCK, foreign), ("config.json", "{}")]), Ok(()), "{foreign}");
        }
    }
}
