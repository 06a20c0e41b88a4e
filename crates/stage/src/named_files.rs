//! The files that a flag names: files, and patterns such as `part-*.csv` that the shell did not expand.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::input_error::{bad_input, bail_input, ensure_input};

/// The files and folders that the values of `flag` name. A name that exists is no pattern; the files that a pattern matches come in
/// the order of the alphabet. Folders are passed over where the pattern is one of all names, as `data/*`.
///
/// # Errors
/// Fails on a pattern that is none or matches no file, and on a file that is named twice; that is bad input.
pub fn named_files(flag: &str, given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        match path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists()) {
            Some(pattern) => files.extend(matches(flag, pattern)?),
            None => {
                refuse_pipe(flag, path)?;
                files.push(path.clone());
            }
        }
    }
    let mut seen = HashSet::new();
    // However its path is spelled.
    let resolved = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
    match files.iter().find(|file| !seen.insert(resolved(file))) {
        Some(file) => bail_input!("{flag} names {} twice", file.display()),
        None => Ok(files),
    }
}

/// Refuses what is there and neither a file nor a folder: files are read more than once, and a pipe gives its bytes once.
///
/// # Errors
/// Fails on a pipe, a socket or a device.
pub fn refuse_pipe(flag: &str, path: &Path) -> anyhow::Result<()> {
    let is_read_once = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    ensure_input!(
        !is_read_once,
        "{flag} names {}, a pipe or device, and files are read more than once; write it to a file first",
        path.display()
    );
    Ok(())
}

fn matches(flag: &str, pattern: &str) -> anyhow::Result<Vec<PathBuf>> {
    let found = glob::glob(pattern).map_err(|error| bad_input!("{flag} {pattern} is no pattern: {error}"))?;
    let names_files = Path::new(pattern).file_name().is_some_and(|name| name.to_string_lossy().contains('.'));
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| bad_input!("{flag} {pattern}: {error}"))?;
        if is_hidden(&path) {
            continue;
        }
        ensure_input!(
            path.exists() || !path.is_symlink(),
            "{flag} {pattern} matches {}, a link that leads nowhere; mend or remove it",
            path.display()
        );
        if path.is_dir() {
            ensure_input!(
                !names_files,
                "{flag} {pattern} matches the folder {}; give its files, as in '{}/*', or a pattern that leaves it out",
                path.display(),
                path.display()
            );
            continue;
        }
        refuse_pipe(flag, &path)?;
        files.push(path);
    }
    ensure_input!(!files.is_empty(), "{flag} {pattern} matches no file");
    files.sort();
    Ok(files)
}

/// Whether a file is one that its owner does not see, such as the `._train.csv` and `.DS_Store` of macOS.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
