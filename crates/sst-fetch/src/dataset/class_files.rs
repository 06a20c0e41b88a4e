//! A file for each class: `pos.txt` and `neg.txt`, `rt-polarity.pos` and `rt-polarity.neg`. A line is one text, the word of
//! sentiment in the name of its file its label.
//!
//! That a file is one of these only its name says, so all of them must have such a word, and no two the same.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::label::is_sentiment;
use corpus::records::{self, Encoding, FileName, ReadOptions, is_fast_text};
use corpus::shortened_list;

use super::folder_tables::{TXT, tables};
use crate::split_files::{SplitFiles, entries, refuse_dangling};

/// Whether these files are those of the classes.
pub(crate) fn are_class_files(files: &[PathBuf]) -> bool {
    let classes: BTreeSet<_> =
        files.iter().filter_map(|file| class_of(file)).map(|class| class.to_lowercase()).collect();
    classes.len() > 1 && classes.len() == files.len()
}

/// The files of the classes in a folder, in the order of the alphabet; none if it holds no such files. Beside a table they are
/// lists of words.
pub(crate) fn texts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_of_class = |path: &PathBuf| path.is_file() && class_of(path).is_some();
    let files: Vec<PathBuf> = entries(folder)?.into_iter().filter(is_of_class).collect();
    let is_beside_table = tables(folder)?.iter().any(|table| FileName::of(table).extension != TXT);
    let are_labeled = files.iter().any(|file| is_fast_text(file, &ReadOptions::default()).unwrap_or(false));
    Ok(if are_class_files(&files) && !is_beside_table && !are_labeled { files } else { Vec::new() })
}

/// A warning where the files look like tables: each of their first lines has a tab.
pub(crate) fn table_warning(splits: &SplitFiles, encoding: Option<Encoding>) -> corpus::Result<Option<String>> {
    const N_LOOKED_AT: usize = 100;
    for file in splits.iter().flat_map(|(_, files)| files) {
        let (mut n_lines, mut n_tabs) = (0, 0);
        records::for_each_line(file, encoding, &mut |line| {
            n_lines += usize::from(!line.trim().is_empty());
            n_tabs += usize::from(line.contains('\t'));
            if n_lines < N_LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if n_lines > 1 && n_tabs == n_lines {
            return Ok(Some(format!(
                "warning: the lines of {} have tabs, as those of a table, and each of them is read as one text",
                file.display()
            )));
        }
    }
    Ok(None)
}

/// What else the folders of these files hold, in words.
///
/// # Errors
/// Fails on a link that leads nowhere: it may be the file of a class.
pub(crate) fn passed_over(splits: &SplitFiles) -> anyhow::Result<Option<String>> {
    let files: HashSet<&Path> = splits.iter().flat_map(|(_, files)| files).map(PathBuf::as_path).collect();
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    let mut others = Vec::new();
    for folder in folders {
        others.extend(entries(folder)?.into_iter().filter(|path| !files.contains(path.as_path())));
    }
    others.iter().try_for_each(|path| refuse_dangling(path))?;
    let others: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
    Ok((!others.is_empty()).then(|| format!("passed over beside the files of classes: {}", shortened_list(&others))))
}

/// The class whose texts a file has, by its name.
pub(crate) fn class(file: &Path) -> String {
    class_of(file).unwrap_or_default()
}

/// The word of sentiment in the name of a file that is no table by its extension: the extension, else the whole name or its last
/// word. A first word may be anything: `positive-words`, `Good_Omens`.
fn class_of(file: &Path) -> Option<String> {
    let FileName { stem, extension, .. } = FileName::of(file);
    if ["pos", "positive", "neg", "negative", "neu", "neutral"].contains(&extension.as_str()) {
        return Some(extension);
    }
    if extension != TXT && !extension.is_empty() {
        return None;
    }
    let candidates = [Some(stem.as_str()), stem.rsplit(['-', '_', '.', ' ']).next()];
    candidates.into_iter().flatten().find(|word| is_sentiment(word)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_its_class() {
        let class = |name: &str| class_of(Path::new(name));
        for (name, expected) in [
            ("a/pos.txt", "pos"),
            ("Negative.TXT.gz", "Negative"),
            ("rt-polarity.pos", "pos"),
            ("very_negative.txt", "very_negative"),
            ("reviews-neg.txt", "neg"),
            ("neutral", "neutral"),
        ] {
            assert_eq!(class(name).as_deref(), Some(expected), "{name}");
        }
        for name in [
            "pos.csv",
            "positive.parquet",
            "readme.txt",
            "train.txt",
            "negation.txt",
            "a.positive.b.txt",
            "positive-words.txt",
            "m.up",
        ] {
            assert_eq!(class(name), None, "{name}");
        }
    }

    #[test]
    fn each_class_has_one_file() {
        let are = |names: &[&str]| are_class_files(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert!(are(&["neg.txt", "pos.txt"]));
        assert!(!are(&["pos.txt"]));
        assert!(!are(&["neg.txt", "pos.txt", "other.txt"]));
        assert!(!are(&["train-pos.txt", "test-pos.txt", "train-neg.txt", "test-neg.txt"]));
    }
}
