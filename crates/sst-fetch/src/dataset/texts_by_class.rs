//! Folders whose texts are sorted by class: with a folder for each, or with a file for each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use corpus::label::is_sentiment;
use stage::ensure_input;

use super::layout::Layout;
use super::{class_files, class_folders};
use crate::split_files::SplitFiles;

/// The texts of a folder, and how they are sorted; none if they are not. Where both kinds may be there, folders are classes if
/// two have words of sentiment as their names: IMDB's have `urls_neg.txt` and `urls_pos.txt` beside them.
pub(super) fn find(folder: &Path) -> anyhow::Result<(Layout, Vec<PathBuf>)> {
    let (files, of_folders) = (class_files::texts(folder)?, class_folders::texts(folder)?);
    let names: BTreeSet<String> = of_folders.iter().map(|text| class_folders::class(text)).collect();
    let n_words = names.iter().filter(|name| is_sentiment(name)).count();
    if !files.is_empty() && n_words < 2 {
        Ok((Layout::ClassFiles, files))
    } else {
        Ok((Layout::ClassFolders, of_folders))
    }
}

/// Whether a folder is a dataset by its texts: they are of several classes, and not of several splits.
pub(super) fn has_classes(folder: &Path) -> anyhow::Result<bool> {
    let (layout, texts) = find(folder)?;
    let class = |text: &PathBuf| {
        if layout == Layout::ClassFiles { class_files::class(text) } else { class_folders::class(text) }
    };
    let classes: BTreeSet<String> = texts.iter().map(class).collect();
    let are_datasets = layout == Layout::ClassFolders && class_folders::are_datasets(&texts);
    Ok(classes.len() > 1 && !are_datasets)
}

/// The texts of the folders of each split, which must all be sorted in one way.
pub(super) fn of_folders(splits: SplitFiles) -> anyhow::Result<(Layout, SplitFiles)> {
    let mut layout = None;
    let mut texts_of = |folder: PathBuf| {
        let (found, texts) = find(&folder)?;
        ensure_input!(
            !texts.is_empty(),
            "{0} is a folder without a folder for each class; expected files, or texts as {0}/CLASS/*.txt or {0}/CLASS.txt; for \
             a folder with the files of all splits, use --source {0}",
            folder.display(),
        );
        ensure_input!(
            *layout.get_or_insert(found) == found,
            "{} has its texts sorted otherwise than the folder before it; expected a folder for each class in all, or a file for \
             each",
            folder.display()
        );
        Ok(texts)
    };
    let mut sorted = SplitFiles::new();
    for (split, folders) in splits {
        let texts: Vec<Vec<PathBuf>> = folders.into_iter().map(&mut texts_of).collect::<anyhow::Result<_>>()?;
        sorted.push((split, texts.concat()));
    }
    Ok((layout.unwrap_or(Layout::ClassFolders), sorted))
}
