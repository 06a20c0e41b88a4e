//! The folders that `--train`, `--validation` and `--test` name, which hold a folder for each class.

use std::path::PathBuf;

use stage::bail_input;

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
