//! Files and folders that have the word of a split somewhere in their names: `Corona_NLP_train.csv`, `dbpedia.train`,
//! `20news-bydate-test/`.
//!
//! That is a guess, which is made where everything in a folder that may be data has such a word, and each split is there once.

use std::path::{Path, PathBuf};

use corpus::Split;
use corpus::records::FileName;
use stage::bail_input;

use super::folder_tables::{TXT, may_be_unread, tables};
use super::{names_file, texts_by_class};
use crate::split_files::{SplitFiles, entries, split_words};

/// The splits of a folder by the words in names, and what is to be said of them; none where they are not clear.
///
/// # Errors
/// Fails where something beside them has such a word, too, and cannot be read: else that split would be made of others.
pub(super) fn find(folder: &Path) -> anyhow::Result<Option<(SplitFiles, String)>> {
    let entries = entries(folder)?;
    let mut candidates = tables(folder)?;
    candidates.retain(|path| !names_file::is_called_so(path));
    // A stray `svm.train` is no dataset beside one.
    let are_named_by_splits = candidates.is_empty() && !texts_by_class::has_classes(folder)?;
    let is_text = |path: &&PathBuf| {
        let name = FileName::of(path);
        let is_text = name.extension == TXT || (are_named_by_splits && name.is_named_by_split());
        path.is_file() && is_text && split_of(path).is_some()
    };
    let texts: Vec<PathBuf> =
        entries.iter().filter(is_text).filter(|path| !candidates.contains(path)).cloned().collect();
    candidates.extend(texts);
    if candidates.is_empty() {
        for below in entries.iter().filter(|path| path.is_dir()) {
            if !texts_by_class::find(below)?.1.is_empty() {
                candidates.push(below.clone());
            }
        }
    }
    let Some(mut splits) = candidates.iter().map(|path| split_of(path)).collect::<Option<Vec<(Split, &PathBuf)>>>()
    else {
        return Ok(None);
    };
    splits.sort();
    let is_once = splits.windows(2).all(|pair| pair[0].0 != pair[1].0);
    if !is_once || splits.first().is_none_or(|(split, _)| *split != Split::Train) {
        return Ok(None);
    }
    let may_be_data = |path: &&PathBuf| path.is_dir() || may_be_unread(path);
    let others = || entries.iter().filter(|path| !candidates.contains(path));
    let stem = |path: &PathBuf| FileName::of(path).stem;
    let of_one_set = |path: &&PathBuf| {
        are_named_by_splits && !path.is_dir() && candidates.iter().any(|candidate| stem(candidate) == stem(path))
    };
    if let Some(other) = others().find(of_one_set) {
        bail_input!(
            "{} may be another split of what stands beside it; take it away, or name the files of all splits with --train, \
             --validation, --test",
            other.display()
        );
    }
    if let Some((split, other)) = others().filter(may_be_data).filter_map(split_of).next() {
        bail_input!(
            "{} looks like the {} split by a word in its name, and cannot be read; unpack or convert it, take it away, or name the \
             files of all splits with --train, --validation, --test",
            other.display(),
            split.name()
        );
    }
    let name = |(split, path): &(Split, &PathBuf)| {
        format!("{} {}", split.name(), path.file_name().unwrap_or_default().to_string_lossy())
    };
    let said = format!("splits, by a word in their names: {}", splits.iter().map(name).collect::<Vec<_>>().join(", "));
    Ok(Some((splits.into_iter().map(|(split, path)| (split, vec![path.clone()])).collect(), said)))
}

/// The only split that a name has a word of.
fn split_of(path: &PathBuf) -> Option<(Split, &PathBuf)> {
    let name = FileName::of(path);
    let is_whole = path.is_dir() || name.is_named_by_split();
    let words = split_words(&if is_whole { path.file_name()?.to_string_lossy().into_owned() } else { name.stem });
    match words.into_iter().collect::<Vec<_>>().as_slice() {
        [only] => Some((*only, path)),
        _ => None,
    }
}
