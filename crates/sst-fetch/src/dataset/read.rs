//! Reads a dataset: from its files to the raw sets of its splits, all of them before anything is written.

use std::path::PathBuf;

use anyhow::Context;
use corpus::Split;
use corpus::label::SourceNames;
use corpus::raw::{RawMetadata, RawSet};
use corpus::records::{self, Columns, Quotes, ReadOptions};
use corpus::task::{FINE_GRAINED, POLARITY};
use stage::ensure_input;

use super::args::DatasetArgs;
use super::find::{Content, Dataset};
use super::labels::{Labeled, label};
use super::local::Layout;
use super::tables::SplitTables;
use super::{class_folders, reading, sample};
use crate::split_files::SplitFiles;

/// The raw sets of all splits, under one list of label names.
pub(crate) fn read(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Labeled> {
    let metadata = RawMetadata {
        label_names: Vec::new(),
        ordered: true,
        dataset: dataset.name.clone(),
        source: dataset.source.clone(),
        license: dataset.license.clone(),
        kept: Vec::new(),
    };
    let mut labeled = match &dataset.content {
        Content::Files(Layout::Trees, splits) => {
            args.refuse_columns("trees")?;
            args.refuse_label_rules("trees")?;
            let label_names = args.label_names.clone().map_or_else(|| names(&FINE_GRAINED), Vec::from);
            Labeled { sets: trees(args, splits, &RawMetadata { label_names, ..metadata })?, notes: Vec::new() }
        }
        content => {
            let tables = tables(args, content)?;
            let mut notes = reading::notes(&tables);
            let mut labeled = label(args, tables, &metadata)?;
            notes.append(&mut labeled.notes);
            Labeled { notes, ..labeled }
        }
    };
    if let Some(n_sentences) = args.max_samples {
        let sets = labeled.sets.iter_mut();
        sets.for_each(|(_, set)| set.records.retain(|record| record.sentence_id < n_sentences));
    }
    Ok(labeled)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn trees(args: &DatasetArgs, splits: &SplitFiles, metadata: &RawMetadata) -> anyhow::Result<Vec<(Split, RawSet)>> {
    let (n_labels, n_names) = (FINE_GRAINED.len(), metadata.label_names.len());
    ensure_input!(n_names == n_labels, "trees have {n_labels} labels; --label-names gives {n_names}");
    let read = |(split, files): &(Split, Vec<PathBuf>)| {
        let file = files.first().context("a split has a file")?;
        Ok((*split, RawSet { metadata: metadata.clone(), records: records::trees::read(file, args.tables.encoding)? }))
    };
    splits.iter().map(read).collect()
}

/// The names that a layout gives the labels 0, 1, ... in its files.
fn names_of_layout(content: &Content) -> Option<SourceNames> {
    let names: &[&str] = match content {
        Content::Sample => &FINE_GRAINED,
        Content::Files(Layout::Glue, _) => &POLARITY,
        Content::Files(Layout::Trees | Layout::Tables | Layout::ClassFolders, _) | Content::Hub(_) => return None,
    };
    Some(SourceNames { names: self::names(names), ordered: true })
}

fn tables(args: &DatasetArgs, content: &Content) -> anyhow::Result<Vec<SplitTables>> {
    let names = names_of_layout(content);
    let named = |file: &PathBuf, table: records::Table| match &names {
        Some(names) => table.with_names(file, names.clone()),
        None => Ok(table),
    };
    let splits = match content {
        Content::Sample => {
            args.refuse_columns("the sample's files")?;
            let tables = sample::tables()?.into_iter();
            let split = |(split, name, table): (_, &std::path::Path, _)| {
                let file = name.to_owned();
                Ok(SplitTables { split, tables: vec![(file.clone(), named(&file, table)?)] })
            };
            return tables.map(split).collect();
        }
        Content::Files(_, splits) => splits.clone(),
        Content::Hub(repository) => repository.dataset_files(args.config.as_deref())?,
    };
    let label_column = Some(&args.label_column).filter(|column| args.score_column.as_ref() != Some(column));
    let columns = |split: Split| Columns {
        text: args.text_column.clone(),
        label: label_column.cloned(),
        score: args.score_column.clone(),
        targets_required: split != Split::Test,
        keep: Vec::new(),
    };
    let options = options(args, content);
    let read = |(split, files): (Split, Vec<PathBuf>)| {
        let table = |file: PathBuf| {
            let table = match content {
                Content::Files(Layout::ClassFolders, _) => {
                    records::whole_text(&file, class_folders::class(&file), options.encoding)?
                }
                _ => records::read_with(&file, &columns(split), &options)?,
            };
            Ok((file.clone(), named(&file, table)?))
        };
        Ok(SplitTables { split, tables: files.into_iter().map(table).collect::<anyhow::Result<_>>()? })
    };
    splits.into_iter().map(read).collect()
}

/// How the files are read: as told, else as they show it. GLUE's quotes are text, whatever they show.
fn options(args: &DatasetArgs, content: &Content) -> ReadOptions {
    let options = args.tables.options();
    let quotes = options.quotes.or(matches!(content, Content::Files(Layout::Glue, _)).then_some(Quotes::Literal));
    ReadOptions { quotes, ..options }
}
