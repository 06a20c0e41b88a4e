//! From a dataset that was found to the raw sets of its splits, all of them before anything is written.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use corpus::Split;
use corpus::raw::{RawMetadata, RawSet};
use corpus::records::{self, Columns, Table};
use corpus::task::{FINE_GRAINED, POLARITY};
use stage::bad_input;

use crate::dataset::{Content, Dataset, DatasetArgs};
use crate::labels::{SplitTables, label_names, raw_set};
use crate::local::{Kind, SplitFiles};

/// The sentences written for this project: part of the program, so that it works wherever it is installed.
const SAMPLE: [(Split, &str, &str); 3] = [
    (Split::Train, "data/sample/train.csv", include_str!("../../../data/sample/train.csv")),
    (Split::Validation, "data/sample/validation.csv", include_str!("../../../data/sample/validation.csv")),
    (Split::Test, "data/sample/test.csv", include_str!("../../../data/sample/test.csv")),
];

/// The text of the sample, whose hash says which sample it is.
pub(crate) fn sample_text() -> String {
    SAMPLE.map(|(.., text)| text).concat()
}

/// The raw sets of all splits, under one list of label names.
pub(crate) fn read(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Vec<(Split, RawSet)>> {
    let mut metadata = RawMetadata {
        label_names: args.label_names.clone().unwrap_or_else(|| names(&FINE_GRAINED)),
        dataset: dataset.name.clone(),
        source: dataset.source.clone(),
        licence: dataset.licence.clone(),
    };
    let mut sets = match &dataset.content {
        Content::Files(Kind::Trees, splits) => trees(splits, &metadata).map_err(bad_input)?,
        content => {
            let tables = tables(args, content)?;
            let given = match content {
                Content::Sample => Some(metadata.label_names.clone()),
                Content::Files(Kind::Glue, _) => args.label_names.clone().or_else(|| Some(names(&POLARITY))),
                _ => args.label_names.clone(),
            };
            metadata.label_names = label_names(&tables, given.as_deref()).map_err(bad_input)?;
            let sets = tables.into_iter().map(|tables| Ok((tables.split, raw_set(tables, &metadata)?)));
            sets.collect::<anyhow::Result<Vec<_>>>().map_err(bad_input)?
        }
    };
    if let Some(most) = args.max_samples {
        sets.iter_mut().for_each(|(_, set)| set.records.retain(|record| record.sentence_id < most));
    }
    Ok(sets)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn trees(splits: &SplitFiles, metadata: &RawMetadata) -> anyhow::Result<Vec<(Split, RawSet)>> {
    if metadata.label_names.len() != FINE_GRAINED.len() {
        bail!("trees have {} labels; --label-names gives {}", FINE_GRAINED.len(), metadata.label_names.len());
    }
    let read = |(split, files): &(Split, Vec<PathBuf>)| {
        let file = files.first().context("a split has a file")?;
        Ok((*split, RawSet { metadata: metadata.clone(), records: records::trees::read(file)? }))
    };
    splits.iter().map(read).collect()
}

fn tables(args: &DatasetArgs, content: &Content) -> anyhow::Result<Vec<SplitTables>> {
    let columns = |split: Split| Columns {
        text: args.text_column.clone(),
        label: args.label_column.clone(),
        score: args.score_column.clone(),
        targets_required: split != Split::Test,
    };
    let splits = match content {
        Content::Sample => return SAMPLE.into_iter().map(|(split, name, text)| sample(split, name, text)).collect(),
        Content::Files(_, splits) => splits.clone(),
        Content::Hub(repository) => repository.dataset_files(args.config.as_deref())?,
    };
    let read = |(split, files): (Split, Vec<PathBuf>)| {
        let table = |file: PathBuf| Ok((file.clone(), records::read(&file, &columns(split))?));
        let tables: anyhow::Result<Vec<(PathBuf, Table)>> = files.into_iter().map(table).collect();
        Ok(SplitTables { split, tables: tables.map_err(bad_input)? })
    };
    splits.into_iter().map(read).collect()
}

fn sample(split: Split, name: &str, text: &str) -> anyhow::Result<SplitTables> {
    let table = records::parse_csv(Path::new(name), text, &Columns::default());
    Ok(SplitTables { split, tables: vec![(name.into(), table?)] })
}
