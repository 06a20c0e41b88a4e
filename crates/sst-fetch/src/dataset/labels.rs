//! Labels: from the rows of tables to raw sets, whose labels are indices of one list of names for all splits.

use corpus::label::{DistinctLabels, LabelColumn, LabelRules, SourceNames};
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::task::FINE_GRAINED;
use corpus::{CorpusError, Split, shortened_list};
use stage::{List, bail_input};

use super::args::DatasetArgs;
use super::scores::{self, ScoreClasses, has_scores, make_classes};
use super::tables::SplitTables;

/// The raw sets of a dataset, and what has to be said of them.
pub(crate) struct Labeled {
    pub(crate) sets: Vec<(Split, RawSet)>,
    pub(crate) notes: Vec<String>,
}

/// Looks at the labels of all splits together, and replaces each by its index. `metadata` lacks the names.
pub(crate) fn label(
    args: &DatasetArgs,
    mut splits: Vec<SplitTables>,
    metadata: &RawMetadata,
) -> anyhow::Result<Labeled> {
    let of_labels = args.unlabeled.iter().filter(|value| !scores::remove(&mut splits, value));
    let unlabeled: Vec<String> = of_labels.cloned().collect();
    if let Some(range) = args.score_range()? {
        range.map(&mut splits)?;
    }
    let mut rules = LabelRules {
        column: &args.label_column,
        names: args.label_names.as_ref().map(List::items),
        order: args.label_order.as_ref().map(List::items),
        unlabeled: &unlabeled,
        source: source_names(&splits)?,
    };
    let mut notes = Vec::new();
    let is_label = |label: &String| !rules.means_no_label(label);
    if !splits.iter().flat_map(SplitTables::rows).any(|row| row.label.as_ref().is_some_and(is_label))
        && let Some(classes) = make_classes(&mut splits)
    {
        notes.push(classes.description());
        rules.source = matches!(classes, ScoreClasses::Made).then(of_scores).or(rules.source);
    }
    let column = LabelColumn::infer(distinct(&splits), &rules)?;
    refuse_unlabeled_train(args, &splits, &column)?;
    if !column.names().is_empty() {
        notes.push(column.description());
    }
    notes.extend(column.warnings().into_iter().map(|warning| format!("sst-fetch dataset: warning: {warning}")));
    let metadata =
        RawMetadata { label_names: column.names().to_vec(), ordered: column.is_ordered(), ..metadata.clone() };
    let sets = splits.into_iter().map(|tables| (tables.split, raw_set(tables, &column, &metadata))).collect();
    Ok(Labeled { sets, notes })
}

fn of_scores() -> SourceNames {
    SourceNames { names: FINE_GRAINED.map(str::to_owned).to_vec(), ordered: true }
}

/// The names that files give their labels. All files that have some must have the same; their order is that of the first.
fn source_names(splits: &[SplitTables]) -> Result<Option<SourceNames>, CorpusError> {
    let tables = splits.iter().flat_map(|split| &split.tables);
    let mut named = tables.filter_map(|(file, table)| Some((file, table.label_names.as_ref()?)));
    let Some((first_file, first)) = named.next() else { return Ok(None) };
    let sorted = |names: &SourceNames| {
        let mut names = names.names.clone();
        names.sort_unstable();
        names
    };
    match named.find(|(_, names)| sorted(names) != sorted(first)) {
        None => Ok(Some(first.clone())),
        Some((file, names)) => {
            let problem = format!(
                "{} names the labels {}, but {} {}; expected the same names in all files",
                first_file.display(),
                shortened_list(&first.names),
                file.display(),
                shortened_list(&names.names)
            );
            Err(CorpusError::Labels { problem })
        }
    }
}

fn distinct(splits: &[SplitTables]) -> DistinctLabels {
    let mut distinct = DistinctLabels::default();
    for split in splits {
        for (file, table) in &split.tables {
            for row in &table.rows {
                if let Some(label) = &row.label {
                    distinct.add(label, split.split, file, row.location);
                }
            }
        }
    }
    distinct
}

/// Nothing can be learned from a train split without any label or score.
fn refuse_unlabeled_train(args: &DatasetArgs, splits: &[SplitTables], column: &LabelColumn) -> anyhow::Result<()> {
    let Some(train) = splits.iter().find(|split| split.split == Split::Train) else { return Ok(()) };
    let label_of = |label: &String| column.index(label, Split::Train);
    let has_label = train.rows().any(|row| row.label.as_ref().and_then(label_of).is_some());
    match &args.score_column {
        _ if has_label || has_scores(splits, Split::Train) => Ok(()),
        Some(column) => bail_input!("no row of train has a label, or a score in the column {column}"),
        None => bail_input!("no row of train has a label in the column {}", args.label_column),
    }
}

/// Numbers the rows of a split and replaces each label by its index.
fn raw_set(split: SplitTables, column: &LabelColumn, metadata: &RawMetadata) -> RawSet {
    let rows = split.tables.into_iter().flat_map(|(_, table)| table.rows);
    let records = (0..).zip(rows).map(|(id, row)| {
        let label = row.label.and_then(|label| column.index(&label, split.split));
        Record { label, score: row.score, ..Record::sentence(id, row.text) }
    });
    RawSet { metadata: metadata.clone(), records: records.collect() }
}
