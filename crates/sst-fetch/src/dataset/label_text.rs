//! Names of integer labels from a column beside them, as many datasets of the hub have it: `label` 0 is `label_text` negative.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use corpus::CorpusError;
use corpus::label::SourceNames;
use corpus::records::{Columns, ReadOptions, TableFile};

use crate::split_files::SplitFiles;

/// The column of names.
const LABEL_TEXT: &str = "label_text";
/// More than this are no names of classes.
const MAX_NAMES: usize = 1000;

/// The names of the labels 0, 1, ... of `columns`, where each of them has one text in all files, and each text one label; -1
/// means that there is no label. `None` otherwise, and where the files have no such column.
///
/// # Errors
/// Fails on a file that cannot be read.
pub(crate) fn names(
    splits: &SplitFiles,
    columns: &Columns,
    options: &ReadOptions,
) -> corpus::Result<Option<SourceNames>> {
    let columns =
        Columns { score: None, targets_required: false, keep: vec![LABEL_TEXT.to_owned()], ..columns.clone() };
    let mut texts: BTreeMap<usize, String> = BTreeMap::new();
    for file in splits.iter().flat_map(|(_, files)| files) {
        let table = match TableFile::open(file, &columns, options) {
            Err(CorpusError::MissingColumn { .. }) => return Ok(None),
            opened => opened?,
        };
        if table.label_names().is_some() {
            return Ok(None); // it names them itself
        }
        let mut is_one_each = true;
        table.for_each_row(&mut |row| {
            let text = row.kept.into_iter().next().flatten();
            is_one_each = match (row.label.as_deref().map(str::parse::<i64>), text) {
                (None | Some(Ok(-1)), _) => true,
                (Some(Ok(label)), Some(text)) => match usize::try_from(label) {
                    Ok(label) if label < MAX_NAMES => texts.entry(label).or_insert_with(|| text.clone()) == &text,
                    _ => false,
                },
                _ => false,
            };
            if is_one_each { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if !is_one_each {
            return Ok(None);
        }
    }
    let is_whole = texts.keys().copied().eq(0..texts.len());
    let names: Vec<String> = texts.into_values().map(|text| text.trim().to_owned()).collect();
    let is_twice = |(index, name): (usize, &String)| name.is_empty() || names[..index].contains(name);
    let is_named = is_whole && names.len() > 1 && !names.iter().enumerate().any(is_twice);
    Ok(is_named.then_some(SourceNames { names, ordered: false }))
}

/// Whether the labels of all files are numbers below `n_names`, or -1 for none; not where a file names its labels itself.
///
/// # Errors
/// Fails on a file that cannot be read.
pub(crate) fn are_indices(
    splits: &SplitFiles,
    columns: &Columns,
    options: &ReadOptions,
    n_names: usize,
) -> corpus::Result<bool> {
    let columns = Columns { targets_required: false, ..columns.clone() };
    for file in splits.iter().flat_map(|(_, files)| files) {
        let table = match TableFile::open(file, &columns, options) {
            Err(CorpusError::MissingColumn { .. }) => return Ok(false),
            opened => opened?,
        };
        let mut are_indices = table.label_names().is_none();
        table.for_each_row(&mut |row| {
            let is_index = |label: &str| label == "-1" || label.parse().is_ok_and(|label: usize| label < n_names);
            are_indices &= row.label.as_deref().is_none_or(is_index);
            if are_indices { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if !are_indices {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What was done, in a sentence; `origin` is where the names are from.
pub(crate) fn description(names: &SourceNames, origin: &str) -> String {
    let named = names.names.iter().enumerate().map(|(label, name)| format!("{label} is {name}"));
    format!("names of the labels, from {origin}: {}", named.collect::<Vec<_>>().join(", "))
}
