//! Local datasets: which file is which split, and how the files are to be read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use corpus::{Split, records};
use stage::{BadInput, bail_input, ensure_input};

use crate::split_files::SplitFiles;

/// How the files of a dataset are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// PTB trees in bracket notation.
    Trees,
    /// GLUE's `sentence\tlabel`.
    Glue,
    /// Tables with named columns.
    Tables,
}

/// The extension of files of trees.
const TREES: &str = "txt";

/// What a folder should hold, for messages.
fn expected() -> String {
    format!("{{train,validation|dev,test}}.{{{}}}, or trees as {{train,dev,test}}.txt", records::extension_list())
}

/// Finds the splits in `folder`, or in its subfolder `trees`, where Stanford's archive has them.
pub(crate) fn scan(folder: &Path) -> anyhow::Result<(Layout, SplitFiles)> {
    let shown = folder.display();
    ensure_input!(
        !folder.is_file(),
        "{shown} is a file; --source takes a folder; for a single file, use --train {shown}"
    );
    ensure_input!(
        folder.is_dir(),
        "{shown} does not exist; expected sample, hub:OWNER/NAME or a folder with {}",
        expected()
    );
    let mut files = split_files(folder)?;
    if files.is_empty() && folder.join("trees").is_dir() {
        files = split_files(&folder.join("trees"))?;
    }
    ensure_input!(!files.is_empty(), "{shown} contains no dataset; expected {}", expected());
    let has_train = files.iter().any(|(split, _)| *split == Split::Train);
    ensure_input!(has_train, "{shown} has no train split; expected {}", expected());
    let splits = files.into_iter().map(|(split, file)| (split, vec![file])).collect();
    Ok((layout(&splits)?, splits))
}

/// The layout of these files, which must be all trees or all tables.
pub(crate) fn layout(splits: &SplitFiles) -> anyhow::Result<Layout> {
    let files = || splits.iter().flat_map(|(_, files)| files);
    let n_with = |extension: &str| files().filter(|file| file.extension().is_some_and(|e| e == extension)).count();
    let n_files = files().count();
    match n_with(TREES) {
        0 if n_with("tsv") == n_files && files().next().is_some_and(|file| is_glue(file)) => Ok(Layout::Glue),
        0 => Ok(Layout::Tables),
        n if n == n_files && splits.iter().all(|(_, files)| files.len() == 1) => Ok(Layout::Trees),
        n if n == n_files => {
            bail_input!("a split of trees is one file; expected each of --train, --validation, --test once")
        }
        _ => bail_input!("some splits are trees (.txt) and others are tables; expected all of one kind"),
    }
}

/// Whether a file has the header that GLUE gives SST-2, and no labels but its: others may have tables with such a header.
fn is_glue(file: &Path) -> bool {
    let content = fs::read(file).unwrap_or_default();
    let mut lines = content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let has_header = lines.next() == Some(b"sentence\tlabel");
    let label = |line: &[u8]| line.rsplit(|&byte| byte == b'\t').next().map(<[u8]>::to_vec);
    has_header && lines.filter_map(label).all(|label| matches!(label.as_slice(), b"" | b"0" | b"1" | b"-1"))
}

fn split_files(folder: &Path) -> anyhow::Result<Vec<(Split, PathBuf)>> {
    let context = || BadInput::new(format!("cannot read {}", folder.display()));
    let mut found: Vec<(Split, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let known = extension.is_some_and(|found| found == TREES || records::extensions().any(|known| known == found));
        let split = path.file_stem().and_then(|stem| stem.to_str()).and_then(Split::from_alias);
        if let Some(split) = split.filter(|_| known && path.is_file()) {
            found.push((split, path));
        }
    }
    found.sort();
    match found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => bail_input!(
            "{} and {} are both the {} split; keep one, or name the files with --train, --validation, --test",
            pair[0].1.display(),
            pair[1].1.display(),
            pair[0].0.name()
        ),
        None => Ok(found),
    }
}
