//! The tables in a folder, whatever they are called.

use std::path::{Path, PathBuf};

use corpus::records::{self, FileName};
use stage::ensure_input;

use super::names_file;
use crate::split_files::{entries, is_unread_data};

/// The extension of files of trees, of texts, and of tables that are told from their lines.
pub(crate) const TXT: &str = "txt";

/// The visible tables in a folder, in the order of the alphabet, without what `datasets` keeps beside them.
///
/// # Errors
/// Fails on a folder that `datasets` saved, whose tables are Arrow files.
pub(super) fn tables(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    const BESIDE: [&str; 4] = ["dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json"];
    ensure_input!(
        !BESIDE[2..].iter().any(|name| folder.join(name).is_file()),
        "{} was written by save_to_disk of `datasets`, as Arrow files, which are not read; write its splits with to_parquet",
        folder.display()
    );
    let is_table = |path: &PathBuf| {
        let is_beside = BESIDE.iter().any(|name| path.ends_with(name));
        path.is_file() && !is_beside && records::extensions().any(|known| known == FileName::of(path).extension)
    };
    let entries = entries(folder)?;
    let is_text = |path: &&PathBuf| path.is_file() && FileName::of(path).extension == TXT && !is_about_the_data(path);
    match entries.iter().filter(|path| is_table(path)).cloned().collect::<Vec<_>>() {
        none if none.is_empty() => {
            let texts: Vec<PathBuf> = entries.iter().filter(is_text).cloned().collect();
            let data: Vec<PathBuf> = texts.iter().filter(|path| !names_file::is_called_so(path)).cloned().collect();
            Ok(if data.is_empty() { texts } else { data })
        }
        tables => Ok(tables),
    }
}

/// Whether something in a folder may be data that is found by no name: of an unread format, a link that leads nowhere, or text without
/// `.txt`.
pub(super) fn may_be_unread(path: &Path) -> bool {
    let name = FileName::of(path);
    !path.exists() || is_unread_data(path) || (name.is_plain_text() && name.extension != TXT)
}

/// Whether a text file tells people what the others are.
pub(super) fn is_about_the_data(path: &Path) -> bool {
    let stem = FileName::of(path).stem.to_ascii_lowercase();
    ["readme", "license", "licence", "citation", "notice", "changelog", "makefile"]
        .iter()
        .any(|name| stem.starts_with(name))
}
