//! The files that `--train`, `--validation` and `--test` name: files, patterns such as `part-*.csv`, and folders that hold a
//! folder for each class.

use std::path::{Path, PathBuf};

use stage::{bad_input, bail_input, ensure_input};

/// The files and folders that the values of a flag name. A name that exists is no pattern; what a pattern matches comes in
/// the order of the alphabet.
pub(crate) fn expanded(flag: &str, given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        match path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists()) {
            Some(pattern) => files.extend(matches(flag, pattern)?),
            None => files.push(path.clone()),
        }
    }
    match files.iter().enumerate().find(|(index, file)| files[..*index].contains(file)) {
        Some((_, file)) => bail_input!("{flag} names {} twice", file.display()),
        None => Ok(files),
    }
}

fn matches(flag: &str, pattern: &str) -> anyhow::Result<Vec<PathBuf>> {
    let found = glob::glob(pattern).map_err(|error| bad_input!("{flag} {pattern} is no pattern: {error}"))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| bad_input!("{flag} {pattern}: {error}"))?;
        if path.is_file() && !is_hidden(&path) {
            files.push(path);
        }
    }
    ensure_input!(!files.is_empty(), "{flag} {pattern} matches no file");
    files.sort();
    Ok(files)
}

/// Whether a file is one that its owner does not see, such as the `._train.csv` and `.DS_Store` of macOS.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Refuses a list in which folders and files are mixed; whether it is one of folders.
pub(crate) fn are_folders(files: &[PathBuf]) -> anyhow::Result<bool> {
    let folder = files.iter().find(|path| path.is_dir());
    match (folder, files.iter().find(|path| !path.is_dir())) {
        (Some(folder), Some(file)) => bail_input!(
            "{} is a folder and {} is not; expected files, or folders with a folder for each class",
            folder.display(),
            file.display()
        ),
        (folder, _) => Ok(folder.is_some()),
    }
}
