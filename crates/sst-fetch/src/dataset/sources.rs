//! The sources of a dataset: its files, opened, by the split that they are of.

use std::path::{Path, PathBuf};

use corpus::label::SourceNames;
use corpus::records::{self, Columns, FileName, Quotes, ReadOptions, TableFile, find_columns};
use corpus::task::{FINE_GRAINED, POLARITY};
use corpus::{Split, shortened_list};
use stage::{List, ensure_input};

use super::args::{DEFAULT_LABEL_COLUMN, DatasetArgs};
use super::find::{Content, Dataset};
use super::layout::Layout;
use super::raw_source::RawSource;
use super::rows::RowSource;
pub(crate) use super::rows::SplitSources;
use super::{class_files, class_folders, label_text, paired_lines, sample, split_column, stanford};
use crate::hub::HubDataset;
use crate::split_files::SplitFiles;

/// The sources of all splits.
pub(crate) struct Sources {
    pub(crate) splits: Vec<SplitSources>,
    /// The column of labels, for messages.
    pub(crate) label_column: String,
    /// What was found, and nobody said: columns, names of labels; and what was passed over.
    pub(crate) said: Vec<String>,
    /// The column that says of each row its split, if there is one.
    pub(crate) split_column: Option<String>,
    /// Labels that usually mean that there is none.
    pub(crate) usually_unlabeled: &'static [&'static str],
}

impl Sources {
    /// Sources without columns, or with those that the arguments name.
    fn new(args: &DatasetArgs, splits: Vec<SplitSources>) -> Self {
        Self {
            splits,
            label_column: args.label_column().to_owned(),
            said: Vec::new(),
            split_column: None,
            usually_unlabeled: &[],
        }
    }

    /// The splits that have sources.
    pub(crate) fn names(&self) -> Vec<Split> {
        self.splits.iter().map(|of| of.split).collect()
    }

    /// The sources of a split; none where it has none.
    pub(crate) fn of(&self, split: Split) -> &[Box<dyn RowSource>] {
        self.splits.iter().find(|of| of.split == split).map_or(&[], |of| &of.sources)
    }
}

/// Opens all files of a dataset.
pub(crate) fn open(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Sources> {
    let without_columns = |splits| Sources::new(args, splits);
    match &dataset.content {
        Content::Sample => {
            args.refuse_columns("the sample's files")?;
            let names = names(&FINE_GRAINED);
            let open = |(split, table): (Split, TableFile)| {
                let source: Box<dyn RowSource> = Box::new(table.with_names(names.clone()));
                SplitSources { split, sources: vec![source] }
            };
            Ok(without_columns(sample::tables()?.into_iter().map(open).collect()))
        }
        Content::Files(Layout::Trees, splits) => {
            args.refuse_columns("trees")?;
            args.refuse_label_rules("trees")?;
            let names = names_of_trees(args)?;
            let open = |_, file: &Path| TableFile::open_trees(file, args.tables.encoding, names.clone());
            opened(splits, open).map(without_columns)
        }
        Content::Stanford(files) => {
            args.refuse_columns("trees")?;
            args.refuse_label_rules("trees")?;
            Ok(without_columns(stanford::open(files, &names_of_trees(args)?)?))
        }
        Content::Files(Layout::ClassFolders, splits) => {
            args.refuse_columns("texts in a folder for each class")?;
            let encoding = args.tables.encoding;
            let open = |_, file: &Path| TableFile::open_text(file, class_folders::class(file), encoding);
            let said = class_folders::passed_over(splits)?;
            let usually_unlabeled = &class_folders::WITHOUT_LABEL;
            Ok(Sources { said, usually_unlabeled, ..without_columns(opened(splits, open)?) })
        }
        Content::Files(Layout::ClassFiles, splits) => {
            args.refuse_columns("texts in a file for each class")?;
            let encoding = args.tables.encoding;
            let open = |_, file: &Path| TableFile::open_labeled_lines(file, class_files::class(file), encoding);
            let lines = "a file for each class, with a text a line".to_owned();
            let warning = class_files::table_warning(splits, encoding)?;
            let said = [lines].into_iter().chain(warning).chain(class_files::passed_over(splits)?).collect();
            Ok(Sources { said, ..without_columns(opened(splits, open)?) })
        }
        Content::Files(Layout::PairedLines, splits) => {
            args.refuse_columns("texts with labels in a file beside them")?;
            let open = |_, texts: &Path| {
                let labels = paired_lines::labels_of(texts).unwrap_or_default();
                TableFile::open_paired_lines(texts, &labels, args.tables.encoding)
            };
            Ok(Sources { said: vec![paired_lines::said(splits)], ..without_columns(opened(splits, open)?) })
        }
        Content::Files(Layout::Raw, splits) => {
            args.refuse_text_and_target("raw files")?;
            args.refuse_label_rules("raw files")?;
            ensure_input!(
                args.division.split_column.is_none(),
                "--split-column is for tables; raw files are those of splits already; leave it out"
            );
            let columns = args.other_columns(None);
            opened(splits, |_, file| RawSource::open(file, &columns)).map(without_columns)
        }
        Content::Files(Layout::Glue, splits) => {
            // GLUE's quotes are text, whatever the files show.
            let options = args.tables.options();
            let options = ReadOptions { quotes: options.quotes.or(Some(Quotes::Literal)), ..options };
            let mut sources = tables(args, splits, &options, |file, columns| {
                Ok(TableFile::open(file, columns, &options)?.with_names(names(&POLARITY)))
            })?;
            let said = "taken for GLUE's SST-2, by its header, its labels and how its texts are written";
            sources.said.push(said.to_owned());
            Ok(sources)
        }
        Content::Files(Layout::Tables, splits) => {
            let options = options_of_tables(args, splits)?;
            tables(args, splits, &options, |file, columns| TableFile::open(file, columns, &options))
        }
        Content::Hub(hub) => {
            let options = args.tables.options();
            let splits = hub.fetch()?;
            let names = names_beside(args, hub, &splits)?;
            let mut sources = tables(args, &splits, &options, |file, columns| {
                let table = TableFile::open(file, columns, &options)?;
                Ok(match &names {
                    Some((names, _)) => table.with_names(names.clone()),
                    None => table,
                })
            })?;
            sources.said.extend(names.map(|(names, origin)| label_text::description(&names, origin)));
            Ok(sources)
        }
    }
}

fn opened<S: RowSource + 'static>(
    splits: &SplitFiles,
    open: impl Fn(Split, &Path) -> corpus::Result<S>,
) -> anyhow::Result<Vec<SplitSources>> {
    let of_split = |(split, files): &(Split, Vec<PathBuf>)| {
        let source = |file: &PathBuf| -> anyhow::Result<Box<dyn RowSource>> { Ok(Box::new(open(*split, file)?)) };
        Ok(SplitSources { split: *split, sources: files.iter().map(source).collect::<anyhow::Result<_>>()? })
    };
    splits.iter().map(of_split).collect()
}

/// How tables are read: where the lines of the first one begin with labels, those of the others do, whatever they show themselves.
fn options_of_tables(args: &DatasetArgs, splits: &SplitFiles) -> corpus::Result<ReadOptions> {
    let options = args.tables.options();
    let first = splits.iter().flat_map(|(_, files)| files).find(|file| FileName::of(file).is_plain_text());
    let label_first = first.map(|file| records::has_label_first(file, &options)).transpose()?.unwrap_or(false);
    Ok(ReadOptions { label_first, ..options })
}

/// Opens tables. Columns that nobody named are those of the first file.
fn tables(
    args: &DatasetArgs,
    splits: &SplitFiles,
    options: &ReadOptions,
    open: impl Fn(&Path, &Columns) -> corpus::Result<TableFile>,
) -> anyhow::Result<Sources> {
    let split_column = split_column::find(args, splits)?;
    let label = args.label_column.clone().filter(|column| args.score_column.as_ref() != Some(column));
    let group = args.division.group_column.iter().map(|column| (column.clone(), "--group-column"));
    let flags = group.chain(split_column.iter().map(|column| (column.clone(), "--split-column")));
    let requested = Columns {
        text: args.text_column.clone(),
        label,
        score: args.score_column.clone(),
        keep: args.other_columns(split_column.as_ref()),
        flags: flags.collect(),
        ..Columns::default()
    };
    let has_bytes = |file: &&PathBuf| std::fs::metadata(file).map_or(true, |metadata| metadata.len() > 0);
    let first = splits.iter().flat_map(|(_, files)| files).find(has_bytes);
    let (mut columns, said) = match first {
        Some(file) => find_columns(file, &requested, options)?,
        None => (requested, None),
    };
    // Beside scores, labels may be there.
    let default = Some(DEFAULT_LABEL_COLUMN.to_owned()).filter(|default| columns.score.as_ref() != Some(default));
    columns.label = columns.label.or(default);
    let (mut splits, without_rows) = with_rows(splits, &columns, &open)?;
    let passed_over =
        (!without_rows.is_empty()).then(|| format!("without rows, and passed over: {}", shortened_list(&without_rows)));
    if let Some(column) = &split_column
        && let Some(index) = columns.keep.iter().position(|kept| kept == column)
    {
        splits = split_column::divided(splits, column.trim(), index)?;
    }
    let label_column = columns.label.as_deref().map_or(DEFAULT_LABEL_COLUMN, str::trim).to_owned();
    Ok(Sources {
        splits,
        label_column,
        said: said.into_iter().chain(passed_over).collect(),
        split_column,
        usually_unlabeled: &[],
    })
}

/// Opens the tables that have rows; of a split with several, the others are passed over and named.
fn with_rows(
    splits: &SplitFiles,
    columns: &Columns,
    open: &impl Fn(&Path, &Columns) -> corpus::Result<TableFile>,
) -> corpus::Result<(Vec<SplitSources>, Vec<String>)> {
    let (mut opened, mut without_rows) = (Vec::new(), Vec::new());
    for (split, files) in splits {
        // Only those of the test split may lack labels.
        let columns = Columns { targets_required: *split != Split::Test, ..columns.clone() };
        let (tables, others) = TableFile::open_with_rows(files, |file| open(file, &columns))?;
        let sources = tables.into_iter().map(|table| Box::new(table) as Box<dyn RowSource>).collect();
        without_rows.extend(others);
        opened.push(SplitSources { split: *split, sources });
    }
    Ok((opened, without_rows))
}

/// Names that stand beside the labels, in a column or the card, where nobody says others; and which of them they are.
fn names_beside(
    args: &DatasetArgs,
    hub: &HubDataset,
    splits: &SplitFiles,
) -> anyhow::Result<Option<(SourceNames, &'static str)>> {
    if args.label_names.is_some() || args.label_order.is_some() || args.score_column.is_some() {
        return Ok(None);
    }
    let options = args.tables.options();
    let requested = Columns { text: args.text_column.clone(), label: args.label_column.clone(), ..Columns::default() };
    let first = splits.iter().flat_map(|(_, files)| files).next();
    let found = first.map(|file| find_columns(file, &requested, &options)).transpose()?;
    let mut columns = found.map_or(requested, |(columns, _)| columns);
    let label = columns.label.get_or_insert_with(|| DEFAULT_LABEL_COLUMN.to_owned()).clone();
    if let Some(names) = label_text::names(splits, &columns, &options)? {
        return Ok(Some((names, "the column label_text")));
    }
    // What means no label is told by the values in the files.
    let names = hub.label_names(label.trim()).filter(|_| args.unlabeled.is_empty());
    let Some(names) = names else { return Ok(None) };
    let are_indices = label_text::are_indices(splits, &columns, &options, names.names.len())?;
    Ok(are_indices.then_some((names, "the card")))
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
