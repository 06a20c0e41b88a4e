//! From the rows of tables to raw sets: ids, and labels as indices of one list of names for all splits.

use anyhow::{anyhow, bail};
use corpus::label::{Label, LabelNames};
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::records::{Row, Table};
use corpus::{CorpusError, Split};
use std::path::PathBuf;

/// A split as its files have it.
pub(crate) struct SplitTables {
    pub(crate) split: Split,
    pub(crate) tables: Vec<(PathBuf, Table)>,
}

impl SplitTables {
    fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.tables.iter().flat_map(|(_, table)| &table.rows)
    }
}

/// Settles the label names: those given, else those that the files tell, else those of the first split's labels.
///
/// Without any label there are no names: then there are scores, or only a test split to predict.
pub(crate) fn label_names(splits: &[SplitTables], given: Option<&[String]>) -> anyhow::Result<Vec<String>> {
    let told = || splits.iter().flat_map(|split| &split.tables).find_map(|(_, table)| table.label_names.clone());
    if let Some(names) = given.map(<[String]>::to_vec).or_else(told) {
        return LabelNames::given(&names).map(LabelNames::into_names).map_err(|problem| anyhow!(problem));
    }
    let Some(first) = splits.first() else { return Ok(Vec::new()) };
    let labels = first.rows().filter_map(|row| row.label.as_ref());
    if labels.clone().next().is_some() {
        let names =
            LabelNames::of(labels).map_err(|problem| anyhow!("the labels of {}: {problem}", first.split.name()))?;
        return Ok(names.into_names());
    }
    if first.split == Split::Train && first.rows().all(|row| row.score.is_none()) {
        bail!("no row of train has a label");
    }
    Ok(Vec::new())
}

/// Numbers the rows of a split and replaces each label by its index.
pub(crate) fn raw_set(split: SplitTables, metadata: &RawMetadata) -> anyhow::Result<RawSet> {
    let names = match metadata.label_names.as_slice() {
        [] => None,
        names => Some(LabelNames::given(names).map_err(|problem| anyhow!(problem))?),
    };
    let mut records = Vec::new();
    for (file, table) in split.tables {
        for row in table.rows {
            let index = |label: &Label| match &names {
                Some(names) => names.index(label),
                None => Err("there is a label, but train has none".to_owned()),
            };
            let label = row.label.as_ref().map(index).transpose();
            let label = label.map_err(|problem| CorpusError::Value { file: file.clone(), at: row.at, problem })?;
            let id = records.len() as i64;
            records.push(Record { id, sentence_id: id, text: row.text, label, score: row.score, is_root: true });
        }
    }
    Ok(RawSet { metadata: metadata.clone(), records })
}
