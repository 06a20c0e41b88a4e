//! A folder for each class: `train/pos/*.txt`, `train/neg/*.txt`. A file is one text, the name of its folder its label. It is a
//! text by `.txt`, or by no extension.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use corpus::records::FileName;
use stage::{bail_input, counted};

use super::folder_tables::{TXT, tables};
use crate::split_files::{SplitFiles, entries, split_words};

/// Names of folders whose texts have no label.
pub(crate) const WITHOUT_LABEL: [&str; 4] = ["unsup", "unlabeled", "unlabelled", "unlab"];

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

/// The files of the classes of a folder: class by class, and file by file in each. None if it holds no such folder. Files without an
/// extension are texts where none has `.txt`, and no table stands beside the folders, as beside those of a program.
pub(crate) fn texts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = files_with(TXT, folder)?;
    if files.is_empty() && tables(folder)?.is_empty() { files_with("", folder) } else { Ok(files) }
}

fn files_with(extension: &str, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let is_text = |path: &PathBuf| FileName::of(path).extension == extension && path.is_file();
        files.extend(entries(&class)?.into_iter().filter(is_text));
    }
    Ok(files)
}

/// Whether files of classes are texts of several splits, so that the folders are datasets, and no classes.
pub(crate) fn are_datasets(texts: &[PathBuf]) -> bool {
    let splits = texts.iter().flat_map(|text| split_words(&FileName::of(text).stem)).collect::<BTreeSet<_>>();
    splits.len() > 1
}

/// What the folders of the classes of these texts hold that is no text, in words.
pub(crate) fn passed_over(splits: &SplitFiles) -> anyhow::Result<Option<String>> {
    let texts: HashSet<&Path> = splits.iter().flat_map(|(_, texts)| texts).map(PathBuf::as_path).collect();
    let folders: BTreeSet<&Path> = texts.iter().filter_map(|text| folder(text)).collect();
    let mut others = Vec::new();
    for folder in folders {
        for class in entries(folder)?.into_iter().filter(|path| path.is_dir() || path.is_symlink()) {
            let found = if class.is_dir() { entries(&class)? } else { vec![class] };
            others.extend(found.into_iter().filter(|path| !texts.contains(path.as_path())));
        }
    }
    Ok(others.first().map(|first| {
        let n = counted(others.len() as u64, "item");
        format!("passed over in the folders of classes, since they are no .txt: {n}, such as {}", first.display())
    }))
}

/// The folder with the classes of a text.
pub(crate) fn folder(file: &Path) -> Option<&Path> {
    file.parent()?.parent()
}

/// The class of a text: the name of its folder.
pub(crate) fn class(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}
