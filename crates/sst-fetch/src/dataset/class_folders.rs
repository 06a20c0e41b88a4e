//! A folder for each class: `train/pos/*.txt`, `train/neg/*.txt`. A file is one text, the name of its folder its label. It is a
//! text by `.txt`, or by no extension.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use corpus::Split;
use corpus::records::FileName;
use stage::{bail_input, counted};

use super::class_files;
use super::folder_tables::{TXT, is_about_the_data, tables};
use crate::split_files::{SplitFiles, entries, refuse_dangling, split_words};

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
/// extension are texts where the folders of the classes hold nothing else, and no table stands beside them.
pub(crate) fn texts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        found.extend(entries(&class)?);
    }
    let has = |extension: &str, path: &PathBuf| path.is_file() && FileName::of(path).extension == extension;
    if found.iter().any(|path| has(TXT, path)) {
        return Ok(found.into_iter().filter(|path| has(TXT, path)).collect());
    }
    found.retain(|path| path.exists()); // links that lead nowhere are told with what is passed over
    let is_plain = |path: &PathBuf| has("", path) && !path.is_symlink() && !is_about_the_data(path);
    Ok(if found.iter().all(is_plain) && tables(folder)?.is_empty() { found } else { Vec::new() })
}

/// Whether folders with these texts are datasets, and no classes: most texts have the word of a split in their names, or they are
/// files of classes.
pub(crate) fn are_datasets(texts: &[PathBuf]) -> bool {
    let words: Vec<BTreeSet<Split>> = texts.iter().map(|text| split_words(&FileName::of(text).stem)).collect();
    let n_with = words.iter().filter(|words| !words.is_empty()).count();
    let splits: BTreeSet<Split> = words.into_iter().flatten().collect();
    let mut folders = texts.chunk_by(|a, b| a.parent() == b.parent());
    (splits.len() > 1 && 2 * n_with > texts.len()) || folders.all(class_files::are_class_files)
}

/// What the folders of the classes of these texts hold that is no text, and what stands beside them, in words.
///
/// # Errors
/// Fails on a link that leads nowhere: it may be a text, or a class.
pub(crate) fn passed_over(splits: &SplitFiles) -> anyhow::Result<Vec<String>> {
    let texts: HashSet<&Path> = splits.iter().flat_map(|(_, texts)| texts).map(PathBuf::as_path).collect();
    let folders: BTreeSet<&Path> = texts.iter().filter_map(|text| folder(text)).collect();
    let (mut inside, mut beside) = (Vec::new(), Vec::new());
    for folder in folders {
        for class in entries(folder)? {
            match class.is_dir() {
                true => inside.extend(entries(&class)?.into_iter().filter(|path| !texts.contains(path.as_path()))),
                false => beside.push(class),
            }
        }
    }
    inside.iter().chain(&beside).try_for_each(|path| refuse_dangling(path))?;
    let said = |others: Vec<PathBuf>, location: &str| {
        let first = others.first()?.display().to_string();
        Some(format!("passed over {location}: {}, such as {first}", counted(others.len() as u64, "item")))
    };
    let of_classes = "in the folders of classes, since they are no .txt";
    Ok(said(inside, of_classes).into_iter().chain(said(beside, "beside the folders of classes")).collect())
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
