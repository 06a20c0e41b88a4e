//! Label names: from the rows of tables to raw sets, whose labels are indices of one list of names for all splits.

use std::path::PathBuf;

use corpus::label::{Label, LabelNames};
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::records::{Row, Table};
use corpus::{CorpusError, Split};
use stage::{bad_input, bail_input};

/// The tables of a split, each with its file.
pub(crate) struct SplitTables {
    pub(crate) split: Split,
    pub(crate) tables: Vec<(PathBuf, Table)>,
}

impl SplitTables {
    fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.tables.iter().flat_map(|(_, table)| &table.rows)
    }
}

/// The label names: those given, else those in the files' metadata, else those that occur in the first split.
///
/// Without any label there are no names: then there are scores, or only a test split to predict.
pub(crate) fn label_names(splits: &[SplitTables], given: Option<&[String]>) -> anyhow::Result<Vec<String>> {
    let in_files = || splits.iter().flat_map(|split| &split.tables).find_map(|(_, table)| table.label_names.clone());
    if let Some(names) = given.map(<[String]>::to_vec).or_else(in_files) {
        return LabelNames::given(&names).map(LabelNames::into_names).map_err(|problem| bad_input!("{problem}"));
    }
    let Some(first) = splits.first() else { return Ok(Vec::new()) };
    let labels = first.rows().filter_map(|row| row.label.as_ref());
    if labels.clone().next().is_some() {
        let names =
            LabelNames::of(labels).map_err(|problem| bad_input!("the labels of {}: {problem}", first.split.name()))?;
        return Ok(names.into_names());
    }
    if first.split == Split::Train && first.rows().all(|row| row.score.is_none()) {
        bail_input!("no row of train has a label");
    }
    Ok(Vec::new())
}

/// Numbers the rows of a split and replaces each label by its index.
pub(crate) fn raw_set(split: SplitTables, metadata: &RawMetadata) -> anyhow::Result<RawSet> {
    let names = match metadata.label_names.as_slice() {
        [] => None,
        names => Some(LabelNames::given(names).map_err(|problem| bad_input!("{problem}"))?),
    };
    let mut records = Vec::new();
    for (file, table) in split.tables {
        for row in table.rows {
            let index = |label: &Label| match &names {
                Some(names) => names.index(label),
                None => Err("there is a label, but train has none".to_owned()),
            };
            let label = row.label.as_ref().map(index).transpose();
            let label =
                label.map_err(|problem| CorpusError::Value { file: file.clone(), location: row.location, problem })?;
            let id = records.len() as i64;
            records.push(Record { id, sentence_id: id, text: row.text, label, score: row.score, is_root: true });
        }
    }
    Ok(RawSet { metadata: metadata.clone(), records })
}
