//! The sources of a dataset: its files, opened, by the split that they are of.

use std::path::{Path, PathBuf};

use corpus::Split;
use corpus::label::SourceNames;
use corpus::records::{Columns, Quotes, ReadOptions, TableFile};
use corpus::task::{FINE_GRAINED, POLARITY};
use stage::{List, ensure_input};

use super::args::DatasetArgs;
use super::find::{Content, Dataset};
use super::local::Layout;
use super::raw_source::RawSource;
use super::rows::RowSource;
use super::{class_folders, sample};
use crate::split_files::SplitFiles;

/// The sources of a split, in the order of their rows.
pub(crate) struct SplitSources {
    pub(crate) split: Split,
    pub(crate) sources: Vec<Box<dyn RowSource>>,
}

/// Opens all files of a dataset.
pub(crate) fn open(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Vec<SplitSources>> {
    match &dataset.content {
        Content::Sample => {
            args.refuse_columns("the sample's files")?;
            let names = names(&FINE_GRAINED);
            let open = |(split, table): (Split, TableFile)| {
                let source: Box<dyn RowSource> = Box::new(table.with_names(names.clone()));
                Ok(SplitSources { split, sources: vec![source] })
            };
            sample::tables()?.into_iter().map(open).collect()
        }
        Content::Files(Layout::Trees, splits) => {
            args.refuse_columns("trees")?;
            args.refuse_label_rules("trees")?;
            let names = names_of_trees(args)?;
            opened(splits, |_, file| Ok(TableFile::open_trees(file, args.tables.encoding, names.clone())?))
        }
        Content::Files(Layout::ClassFolders, splits) => {
            args.refuse_columns("texts in a folder for each class")?;
            let encoding = args.tables.encoding;
            opened(splits, |_, file| Ok(TableFile::open_text(file, class_folders::class(file), encoding)?))
        }
        Content::Files(Layout::Glue, splits) => {
            // GLUE's quotes are text, whatever the files show.
            let options = args.tables.options();
            let options = ReadOptions { quotes: options.quotes.or(Some(Quotes::Literal)), ..options };
            let open = |split, file: &Path| {
                Ok(TableFile::open(file, &columns(args, split), &options)?.with_names(names(&POLARITY)))
            };
            opened(splits, open)
        }
        Content::Files(Layout::Raw, splits) => {
            args.refuse_columns("raw files")?;
            args.refuse_label_rules("raw files")?;
            let open = |(split, files): &(Split, Vec<PathBuf>)| {
                let sources = files
                    .iter()
                    .map(|file| -> anyhow::Result<Box<dyn RowSource>> { Ok(Box::new(RawSource::open(file)?)) });
                Ok(SplitSources { split: *split, sources: sources.collect::<anyhow::Result<_>>()? })
            };
            splits.iter().map(open).collect()
        }
        Content::Files(Layout::Tables, splits) => tables(args, splits),
        Content::Hub(repository) => tables(args, &repository.dataset_files(args.config.as_deref())?),
    }
}

fn opened(
    splits: &SplitFiles,
    open: impl Fn(Split, &Path) -> anyhow::Result<TableFile>,
) -> anyhow::Result<Vec<SplitSources>> {
    let of_split = |(split, files): &(Split, Vec<PathBuf>)| {
        let sources =
            files.iter().map(|file| -> anyhow::Result<Box<dyn RowSource>> { Ok(Box::new(open(*split, file)?)) });
        Ok(SplitSources { split: *split, sources: sources.collect::<anyhow::Result<_>>()? })
    };
    splits.iter().map(of_split).collect()
}

fn tables(args: &DatasetArgs, splits: &SplitFiles) -> anyhow::Result<Vec<SplitSources>> {
    let options = args.tables.options();
    opened(splits, |split, file| Ok(TableFile::open(file, &columns(args, split), &options)?))
}

/// The columns to read from the files of a split; only those of the test split may lack labels.
fn columns(args: &DatasetArgs, split: Split) -> Columns {
    let label = Some(args.label_column()).filter(|column| args.score_column.as_deref() != Some(*column));
    Columns {
        text: args.text_column.clone(),
        label: label.map(str::to_owned),
        score: args.score_column.clone(),
        targets_required: split != Split::Test,
        keep: args.other_columns(),
    }
}

fn names(names: &[&str]) -> SourceNames {
    SourceNames { names: names.iter().map(|&name| name.to_owned()).collect(), ordered: true }
}

fn names_of_trees(args: &DatasetArgs) -> anyhow::Result<SourceNames> {
    let Some(given) = args.label_names.as_ref().map(List::items) else { return Ok(names(&FINE_GRAINED)) };
    let (n_labels, n_names) = (FINE_GRAINED.len(), given.len());
    ensure_input!(n_names == n_labels, "trees have {n_labels} labels; --label-names gives {n_names}");
    Ok(SourceNames { names: given.to_vec(), ordered: true })
}
