//! Claim: whether an output may be written where it is to be, decided before anything is made, removed or written there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::input_error::{bad_input, bail_input, ensure_input};
use crate::location::{Location, Relation, absolute};
use crate::lock::LOCK;
use crate::manifest::MANIFEST;
use crate::owner::refuse_stage_file;
use crate::vouch::Vouchers;

/// Refuses an output folder that is one of `inputs`, lies in one of them, or around one.
pub(crate) fn refuse_inputs<'a>(out: &Path, inputs: impl Iterator<Item = &'a Path>) -> anyhow::Result<()> {
    let location = Location::of(out);
    let shown = out.display();
    for input in inputs {
        let relation = match location.relation(&Location::of(input)) {
            None => continue,
            Some(Relation::Same) => "is",
            Some(Relation::Inside) => "lies in",
            Some(Relation::Around) => "holds",
        };
        bail_input!(
            "--out {shown} {relation} the input {}; give --out a folder apart from the inputs",
            input.display()
        );
    }
    Ok(())
}

/// Refuses an output folder that cannot be made or written: below a file, behind a link that leads nowhere, without the
/// permission, on a file system that is read only.
pub(crate) fn ensure_writable(out: &Path) -> anyhow::Result<()> {
    let shown = out.display();
    for folder in absolute(out).ancestors() {
        let at = folder.display();
        match fs::metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => bail_input!("{shown} cannot be a folder: {at} is a file"),
            Ok(_) => {
                if let Err(error) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
                    bail_input!("{shown} cannot be written: {at}: {}", io::Error::from(error));
                }
                return Ok(());
            }
            Err(error) => {
                ensure_input!(
                    !folder.is_symlink(),
                    "{shown} cannot be written: {at} is a link that leads nowhere ({error})"
                );
                let goes_on = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
                ensure_input!(goes_on, "{shown} cannot be written: {at}: {error}");
            }
        }
    }
    Ok(())
}

/// Refuses a folder whose lock is another user's, or lies behind a link, as caches of data make them.
pub(crate) fn ensure_lockable(out: &Path) -> anyhow::Result<()> {
    let lock = out.join(LOCK);
    ensure_input!(!lock.is_symlink(), "{} cannot be written: {} is a link; remove it", out.display(), lock.display());
    if lock.exists()
        && let Err(error) = access(&lock, Access::READ_OK | Access::WRITE_OK)
    {
        bail_input!("{} cannot be written: {}: {}", out.display(), lock.display(), io::Error::from(error));
    }
    Ok(())
}

/// Where a single output file is written: at the end of its links. Refuses one that is one of `inputs` or lies in one of them,
/// that a stage wrote, that is a device or a pipe, which a file would replace, or that cannot be written.
///
/// # Errors
/// Fails where one of these holds; that is bad input.
pub fn check_output_file(file: &Path, inputs: &[&Path]) -> anyhow::Result<PathBuf> {
    let shown = file.display();
    let mut target = file.to_owned();
    if file.is_symlink() {
        target = fs::canonicalize(file)
            .map_err(|error| bad_input!("{shown} is a link that leads nowhere ({error}); mend or remove it"))?;
    }
    if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        bail_input!(
            "{shown} is a device or a pipe; expected the name of a file: what goes to stdout can be redirected"
        );
    }
    let file = target.as_path();
    ensure_input!(!file.is_dir(), "{shown} is a folder; expected the name of a file to write");
    let location = Location::of(file);
    for input in inputs {
        let relation = match location.relation(&Location::of(input)) {
            None | Some(Relation::Around) => continue,
            Some(Relation::Same) => "is",
            Some(Relation::Inside) => "lies in",
        };
        bail_input!("the output {shown} {relation} the input {}; write to another file", input.display());
    }
    if let Some(listed) = Vouchers::default().listed(file)? {
        let manifest = listed.folder.join(MANIFEST);
        bail_input!(
            "{shown} is an output of `{}`, as {} says; write to another file",
            listed.stage,
            manifest.display()
        );
    }
    refuse_stage_file(file)?;
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    ensure_input!(folder.is_dir(), "{shown} cannot be written: there is no folder {}", folder.display());
    ensure_writable(folder)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_file::write_file;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_cannot_be_a_folder_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write_file(&path("file"), "").unwrap();
        symlink(path("nowhere"), path("link")).unwrap();
        ensure_writable(&path("new/folder")).unwrap();
        for (out, reason) in [
            ("file", "file is a file"),
            ("file/below", "file is a file"),
            ("link", "link is a link that leads nowhere"),
            ("link/below", "link is a link that leads nowhere"),
        ] {
            let error = ensure_writable(&path(out)).unwrap_err().to_string();
            assert!(error.contains(&path(out).display().to_string()) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn an_output_file_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("model")).unwrap();
        write_file(&path("texts.csv"), "").unwrap();
        let check = |file: &str| check_output_file(&path(file), &[&path("model"), &path("texts.csv")]);
        assert_eq!(check("answers.jsonl").unwrap(), path("answers.jsonl"));
        write_file(&path("kept.jsonl"), "").unwrap();
        symlink(path("kept.jsonl"), path("link.jsonl")).unwrap();
        symlink(path("nowhere"), path("lost.jsonl")).unwrap();
        symlink("/dev/null", path("device.jsonl")).unwrap();
        assert_eq!(check("link.jsonl").unwrap(), fs::canonicalize(path("kept.jsonl")).unwrap());
        for (file, reason) in [
            ("model", "is a folder"),
            ("model/answers.jsonl", "lies in the input"),
            ("model/../texts.csv", "is the input"),
            ("missing/answers.jsonl", "there is no folder"),
            ("lost.jsonl", "is a link that leads nowhere"),
            ("device.jsonl", "is a device or a pipe"),
        ] {
            let error = check(file).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
