//! Reads a dataset: from its files to the raw sets of its splits, all of them before anything is written.

use std::path::PathBuf;

use anyhow::Context;
use corpus::Split;
use corpus::raw::{RawMetadata, RawSet};
use corpus::records::{self, Columns};
use corpus::task::{FINE_GRAINED, POLARITY};
use stage::ensure_input;

use super::args::DatasetArgs;
use super::find::{Content, Dataset};
use super::labels::{SplitTables, label_names, raw_set};
use super::local::Layout;
use super::sample;
use crate::split_files::SplitFiles;

/// The raw sets of all splits, under one list of label names.
pub(crate) fn read(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Vec<(Split, RawSet)>> {
    let metadata = |label_names: Vec<String>| RawMetadata {
        label_names,
        dataset: dataset.name.clone(),
        source: dataset.source.clone(),
        license: dataset.license.clone(),
    };
    let given = args.label_names.as_ref().map(|list| list.items().to_vec());
    let default_names = match &dataset.content {
        Content::Sample | Content::Files(Layout::Trees, _) => Some(names(&FINE_GRAINED)),
        Content::Files(Layout::Glue, _) => Some(names(&POLARITY)),
        Content::Files(Layout::Tables, _) | Content::Hub(_) => None,
    };
    let given = given.or(default_names);
    let mut sets = match &dataset.content {
        Content::Files(Layout::Trees, splits) => trees(splits, &metadata(given.unwrap_or_default()))?,
        content => {
            let tables = tables(args, content)?;
            let metadata = metadata(label_names(&tables, given.as_deref())?);
            let sets = tables.into_iter().map(|tables| Ok((tables.split, raw_set(tables, &metadata)?)));
            sets.collect::<anyhow::Result<Vec<_>>>()?
        }
    };
    if let Some(n_sentences) = args.max_samples {
        sets.iter_mut().for_each(|(_, set)| set.records.retain(|record| record.sentence_id < n_sentences));
    }
    Ok(sets)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn trees(splits: &SplitFiles, metadata: &RawMetadata) -> anyhow::Result<Vec<(Split, RawSet)>> {
    let (n_labels, n_names) = (FINE_GRAINED.len(), metadata.label_names.len());
    ensure_input!(n_names == n_labels, "trees have {n_labels} labels; --label-names gives {n_names}");
    let read = |(split, files): &(Split, Vec<PathBuf>)| {
        let file = files.first().context("a split has a file")?;
        Ok((*split, RawSet { metadata: metadata.clone(), records: records::trees::read(file)? }))
    };
    splits.iter().map(read).collect()
}

fn tables(args: &DatasetArgs, content: &Content) -> anyhow::Result<Vec<SplitTables>> {
    let splits = match content {
        Content::Sample => {
            let tables = sample::tables()?.into_iter();
            let split = |(split, name, table): (_, &std::path::Path, _)| SplitTables {
                split,
                tables: vec![(name.to_owned(), table)],
            };
            return Ok(tables.map(split).collect());
        }
        Content::Files(_, splits) => splits.clone(),
        Content::Hub(repository) => repository.dataset_files(args.config.as_deref())?,
    };
    let columns = |split: Split| Columns {
        text: args.text_column.clone(),
        label: args.label_column.clone(),
        score: args.score_column.clone(),
        targets_required: split != Split::Test,
    };
    let read = |(split, files): (Split, Vec<PathBuf>)| {
        let table = |file: PathBuf| Ok((file.clone(), records::read(&file, &columns(split))?));
        Ok(SplitTables { split, tables: files.into_iter().map(table).collect::<anyhow::Result<_>>()? })
    };
    splits.into_iter().map(read).collect()
}
