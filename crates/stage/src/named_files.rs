//! The files that a flag names: files, and patterns such as `part-*.csv` that the shell did not expand.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::input_error::{bad_input, bail_input, ensure_input};

/// The files and folders that the values of `flag` name. A name that exists is no pattern; what a pattern matches comes in
/// the order of the alphabet.
///
/// # Errors
/// Fails on a pattern that is none or matches no file, and on a file that is named twice; that is bad input.
pub fn named_files(flag: &str, given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        match path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists()) {
            Some(pattern) => files.extend(matches(flag, pattern)?),
            None => files.push(path.clone()),
        }
    }
    let mut seen = HashSet::new();
    // However its path is spelled.
    let place = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
    match files.iter().find(|file| !seen.insert(place(file))) {
        Some(file) => bail_input!("{flag} names {} twice", file.display()),
        None => Ok(files),
    }
}

fn matches(flag: &str, pattern: &str) -> anyhow::Result<Vec<PathBuf>> {
    let found = glob::glob(pattern).map_err(|error| bad_input!("{flag} {pattern} is no pattern: {error}"))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| bad_input!("{flag} {pattern}: {error}"))?;
        ensure_input!(
            path.exists() || !path.is_symlink(),
            "{flag} {pattern} matches {}, a link that leads nowhere; mend or remove it",
            path.display()
        );
        if path.is_file() && !is_hidden(&path) {
            files.push(path);
        }
    }
    ensure_input!(!files.is_empty(), "{flag} {pattern} matches no file");
    files.sort();
    Ok(files)
}

/// Whether a file is one that its owner does not see, such as the `._train.csv` and `.DS_Store` of macOS.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
