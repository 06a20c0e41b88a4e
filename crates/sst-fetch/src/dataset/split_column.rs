//! A column that says of each row its split, as in one file with train and test: then each split has the rows of all files that
//! are its own.

use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use corpus::Split;
use corpus::label::SourceNames;
use corpus::records::{Row, WithoutText, find_split_column};
use stage::{bad_input, ensure_input};

use super::args::DatasetArgs;
use super::division_args::NONE;
use super::rows::{RowSource, SplitSources, try_for_each_row};
use crate::split_files::SplitFiles;

/// Of many files, those in which the column is looked for.
const N_LOOKED_AT: usize = 64;

/// The column that the user names, or, of a source that has train alone, the one that is found.
pub(super) fn find(args: &DatasetArgs, splits: &SplitFiles) -> anyhow::Result<Option<String>> {
    let given = args.division.split_column.as_deref();
    let train = match splits.as_slice() {
        _ if given == Some(NONE) => return Ok(None),
        [(Split::Train, files)] => files,
        _ => {
            ensure_input!(
                given.is_none(),
                "--split-column says the split of each row, but the files are those of splits; leave it out, or give one file as --source"
            );
            return Ok(None);
        }
    };
    match (given, train.first()) {
        (Some(column), _) => Ok(Some(column.to_owned())),
        (None, Some(_)) if args.source.is_some() => {
            let is_other = |column: &String| {
                let named = [&args.text_column, &args.label_column, &args.score_column];
                named.into_iter().flatten().any(|other| other.trim() == column.trim())
            };
            // A file that lacks what another has is refused where it is opened.
            for file in train.iter().take(N_LOOKED_AT) {
                if let Some(column) =
                    find_split_column(file, &args.tables.options())?.filter(|column| !is_other(column))
                {
                    return Ok(Some(column));
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The sources of each split, of files that are read as one; the column is called `name`, and its values are at `index` of those that
/// are kept.
pub(super) fn divided(files: Vec<SplitSources>, name: &str, index: usize) -> anyhow::Result<Vec<SplitSources>> {
    let files: Vec<Rc<dyn RowSource>> = files.into_iter().flat_map(|of| of.sources).map(Rc::from).collect();
    let mut has_rows = [false; Split::ALL.len()];
    for file in &files {
        try_for_each_row(file.as_ref(), |row| {
            let split = split_of(&row, index).ok_or_else(|| {
                bad_input!(
                    "{}, {}: the column {name} says {}, which is no split; expected train, validation (dev, valid, val) or test, or \
                     --split-column none, which reads all rows as train",
                    file.path().display(),
                    row.location,
                    value(&row, index).map_or("nothing".to_owned(), |value| format!("`{value}`"))
                )
            })?;
            has_rows[split as usize] = true;
            Ok(())
        })?;
    }
    ensure_input!(
        has_rows[Split::Train as usize],
        "no row is of train by the column {name}; --split-column none reads all rows as train"
    );
    let of_split = |split: Split| {
        let source = |file: &Rc<dyn RowSource>| -> Box<dyn RowSource> {
            Box::new(RowsOfSplit { file: file.clone(), split, index })
        };
        SplitSources { split, sources: files.iter().map(source).collect() }
    };
    Ok(Split::ALL.into_iter().filter(|split| has_rows[*split as usize]).map(of_split).collect())
}

/// The rows of a file that are of one split.
struct RowsOfSplit {
    file: Rc<dyn RowSource>,
    split: Split,
    index: usize,
}

impl RowSource for RowsOfSplit {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn label_names(&self) -> Option<&SourceNames> {
        self.file.label_names()
    }

    /// Of a file with several splits once.
    fn said(&self) -> &[String] {
        if self.split == Split::Train { self.file.said() } else { &[] }
    }

    fn for_each_row(&self, each: &mut dyn FnMut(Row) -> ControlFlow<()>) -> corpus::Result<Option<WithoutText>> {
        let without_text = self.file.for_each_row(&mut |row| match split_of(&row, self.index) {
            Some(split) if split == self.split => each(row),
            _ => ControlFlow::Continue(()),
        })?;
        Ok(without_text.filter(|_| self.split == Split::Train))
    }
}

fn value(row: &Row, index: usize) -> Option<&str> {
    row.kept.get(index)?.as_deref().filter(|value| !value.trim().is_empty())
}

fn split_of(row: &Row, index: usize) -> Option<Split> {
    Split::of_value(value(row, index)?)
}
