//! The files of a dataset by split: what local folders and hub repositories have in common.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use corpus::Split;
use corpus::records::{self, FileName};
use stage::{BadInput, ensure_input, is_hidden};

/// The files of each split, in their order.
pub(crate) type SplitFiles = Vec<(Split, Vec<PathBuf>)>;

/// The splits that are words of a name: train in `Corona_NLP_train`.
pub(crate) fn split_words(name: &str) -> BTreeSet<Split> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.filter_map(|word| Split::from_alias(&word.to_ascii_lowercase())).collect()
}

/// Whether a file has an extension of data, and none by which it is read.
pub(crate) fn is_unread_data(path: &Path) -> bool {
    const UNREAD: [&str; 19] = [
        "7z", "arrow", "avro", "bz2", "dat", "feather", "npz", "ods", "orc", "pickle", "pkl", "rar", "tab", "tar",
        "tgz", "xls", "xlsx", "xz", "zip",
    ];
    let FileName { extension, .. } = FileName::of(path);
    UNREAD.contains(&extension.as_str()) && !records::extensions().any(|known| known == extension)
}

/// Refuses a link that leads nowhere: what it stands for, as a text or the folder of a class, is not there.
pub(crate) fn refuse_dangling(path: &Path) -> anyhow::Result<()> {
    ensure_input!(
        path.exists() || !path.is_symlink(),
        "{} is a link that leads nowhere; fetch what it stands for, mend or remove it",
        path.display()
    );
    Ok(())
}

/// What is visible in a folder, in the order of the alphabet.
pub(crate) fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let context = || BadInput::new(format!("cannot read {}", folder.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}
