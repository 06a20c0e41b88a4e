//! Two files a split, one of texts and one of their labels, line by line: `train_text.txt` and `train_labels.txt`.
//!
//! A file of texts is known by the word for them in its name, and by a file beside it that has the word for labels there.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::records::{self, FileName};
use corpus::{Split, shortened_list};
use stage::bail_input;

use super::folder_tables::{TXT, tables};
use crate::split_files::{SplitFiles, entries, split_words};

const TEXTS: [&str; 4] = ["text", "texts", "sentence", "sentences"];
const LABELS: [&str; 2] = ["label", "labels"];

/// The file with the labels of a file of texts; none if it is no such file.
pub(crate) fn labels_of(texts: &Path) -> Option<PathBuf> {
    let name = texts.file_name()?.to_str().filter(|_| FileName::of(texts).is_plain_text())?;
    let is_mark = |c: char| !c.is_alphanumeric();
    let words: Vec<&str> = name.split_inclusive(is_mark).collect();
    let is_for_texts = |word: &&str| TEXTS.contains(&word.trim_end_matches(is_mark).to_ascii_lowercase().as_str());
    let position = words.iter().position(is_for_texts)?;
    let mark = &words[position][words[position].trim_end_matches(is_mark).len()..];
    let (before, after) = (words[..position].concat(), words[position + 1..].concat());
    let candidates = LABELS.iter().map(|labels| texts.with_file_name(format!("{before}{labels}{mark}{after}")));
    candidates.into_iter().find(|path| path.is_file()).filter(|_| !has_fields(texts))
}

/// Whether a file is a table by its first line, whatever stands beside it.
fn has_fields(file: &Path) -> bool {
    let mut has_tab = false;
    let read = records::for_each_line(file, None, &mut |line| {
        has_tab = line.contains('\t');
        ControlFlow::Break(())
    });
    read.is_ok() && has_tab
}

/// Where the labels of these splits are from, in words.
pub(crate) fn said(splits: &SplitFiles) -> String {
    let labels = splits.iter().flat_map(|(_, files)| files).filter_map(|texts| labels_of(texts));
    let names: Vec<String> = labels.map(|path| path.display().to_string()).collect();
    format!("labels, line by line, from {}", shortened_list(&names))
}

/// The splits of a folder by their files of texts; none if it has no such files, or they are not one for each split, or a table
/// of another format stands beside them.
pub(super) fn find(folder: &Path) -> anyhow::Result<Option<SplitFiles>> {
    if tables(folder)?.iter().any(|table| FileName::of(table).extension != TXT) {
        return Ok(None);
    }
    let texts: Vec<PathBuf> = entries(folder)?.into_iter().filter(|path| labels_of(path).is_some()).collect();
    let split_of = |path: &PathBuf| {
        let words = split_words(&path.file_name().unwrap_or_default().to_string_lossy());
        let mut words = words.into_iter();
        words.next().filter(|_| words.next().is_none())
    };
    let splits: Option<Vec<Split>> = texts.iter().map(split_of).collect();
    let mut splits = match (splits, texts.as_slice()) {
        (Some(splits), [_, ..]) => splits.into_iter().zip(texts).collect::<Vec<_>>(),
        (None, [_]) => vec![(Split::Train, texts[0].clone())],
        _ => return Ok(None),
    };
    splits.sort();
    let missing = Split::ALL.into_iter().filter(|split| !splits.iter().any(|(found, _)| found == split));
    let missing: Vec<Split> = missing.collect();
    let is_of_missing = |path: &PathBuf| split_of(path).is_some_and(|split| missing.contains(&split));
    if let Some(other) = entries(folder)?.iter().find(|path| !path.is_dir() && is_of_missing(path)) {
        bail_input!(
            "{} looks like a split by its name, and is no file of texts with one of labels beside it, as {} is; add what is missing, \
             take it away, or name the files of all splits with --train, --validation, --test",
            other.display(),
            splits[0].1.display()
        );
    }
    let is_once = splits.windows(2).all(|pair| pair[0].0 != pair[1].0);
    let has_train = splits.first().is_some_and(|(split, _)| *split == Split::Train);
    Ok((is_once && has_train).then(|| splits.into_iter().map(|(split, path)| (split, vec![path])).collect()))
}

/// Whether these are files of texts with labels beside them, all of them or none.
pub(crate) fn are_paired(files: &[&PathBuf]) -> anyhow::Result<bool> {
    let (with, without): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().partition(|file| labels_of(file).is_some());
    match (with.first(), without.first()) {
        (Some(with), Some(without)) if FileName::of(without).is_plain_text() => bail_input!(
            "the labels of {} stand in a file beside it, and those of {} do not; expected one for each",
            with.display(),
            without.display()
        ),
        (with, without) => Ok(with.is_some() && without.is_none()),
    }
}
