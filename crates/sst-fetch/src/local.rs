//! Datasets that lie in local files: which file is which split, and what kind of file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use corpus::Split;

/// How the files of a dataset are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Trees in the bracket notation.
    Trees,
    /// GLUE's `sentence\tlabel`.
    Glue,
    /// Tables with named columns.
    Tables,
}

/// The files of a dataset, by split.
pub(crate) type SplitFiles = Vec<(Split, Vec<PathBuf>)>;

const ENDINGS: [&str; 7] = ["txt", "parquet", "csv", "tsv", "jsonl", "ndjson", "json"];
const EXPECTED: &str = "{train,validation|dev,test}.{csv,tsv,jsonl,json,parquet}, or trees as {train,dev,test}.txt";

/// Finds the splits in `folder`, or in its `trees`, where Stanford's archive has them.
pub(crate) fn scan(folder: &Path) -> anyhow::Result<(Kind, SplitFiles)> {
    if folder.is_file() {
        bail!("{} is a file; --source takes a folder, a single file is given as --train {0}", folder.display());
    }
    if !folder.is_dir() {
        bail!("{} does not exist; expected sample, hub:OWNER/NAME or a folder with {EXPECTED}", folder.display());
    }
    let mut files = split_files(folder)?;
    if files.is_empty() && folder.join("trees").is_dir() {
        files = split_files(&folder.join("trees"))?;
    }
    if files.is_empty() {
        bail!("{} holds no dataset; expected {EXPECTED}", folder.display());
    }
    if !files.iter().any(|(split, _)| *split == Split::Train) {
        bail!("{} has no train split; expected {EXPECTED}", folder.display());
    }
    let kind = kind(&files)?;
    Ok((kind, one_file_each(files)))
}

/// Splits that are a file each.
pub(crate) fn one_file_each(files: Vec<(Split, PathBuf)>) -> SplitFiles {
    files.into_iter().map(|(split, file)| (split, vec![file])).collect()
}

/// What kind of files these are: all of trees, or all tables.
pub(crate) fn kind(files: &[(Split, PathBuf)]) -> anyhow::Result<Kind> {
    let is_tree = |file: &Path| file.extension().is_some_and(|ending| ending == "txt");
    match files.iter().filter(|(_, file)| is_tree(file)).count() {
        0 if files.iter().all(|(_, file)| file.extension().is_some_and(|ending| ending == "tsv")) && glue(files) => {
            Ok(Kind::Glue)
        }
        0 => Ok(Kind::Tables),
        n if n == files.len() => Ok(Kind::Trees),
        _ => bail!("some splits are trees (.txt) and others tables; expected one kind"),
    }
}

/// Whether the first file has the header that GLUE gives SST-2.
fn glue(files: &[(Split, PathBuf)]) -> bool {
    let first = files.first().and_then(|(_, file)| fs::read(file).ok()).unwrap_or_default();
    first.split(|&byte| byte == b'\n').next().is_some_and(|header| header.trim_ascii_end() == b"sentence\tlabel")
}

fn split_files(folder: &Path) -> anyhow::Result<Vec<(Split, PathBuf)>> {
    let place = || format!("cannot read {}", folder.display());
    let mut found: Vec<(Split, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).with_context(place)? {
        let path = entry.with_context(place)?.path();
        let known = path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending));
        let split = path.file_stem().and_then(|stem| stem.to_str()).and_then(Split::from_alias);
        if let Some(split) = split.filter(|_| known && path.is_file()) {
            found.push((split, path));
        }
    }
    found.sort();
    match found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(anyhow!(
            "{} and {} are both the {} split; keep one, or name the files with --train, --validation, --test",
            pair[0].1.display(),
            pair[1].1.display(),
            pair[0].0.name()
        )),
        None => Ok(found),
    }
}
