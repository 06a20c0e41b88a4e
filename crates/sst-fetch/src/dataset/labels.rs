//! Labels: from what the first reading found to one list of classes for all splits, and the class of each row.

use corpus::label::{LabelColumn, LabelRules, SourceNames};
use corpus::task::FINE_GRAINED;
use corpus::{CorpusError, Split, shortened_list};
use stage::{List, bail_input};

use super::args::DatasetArgs;
use super::names_file::{self, NamesFile};
use super::scores::ScoreClasses;
use super::sources::{Sources, SplitSources};
use super::survey::{RowFacts, Survey};

/// Names that are given to the classes of tables.
pub(crate) struct GivenNames<'a> {
    pub(crate) by_user: Option<&'a [String]>,
    /// Files of names beside the data.
    pub(crate) beside: Vec<NamesFile>,
}

/// The classes of a dataset.
pub(crate) struct Labels {
    pub(crate) names: Vec<String>,
    /// Whether the order of the names says something of their meaning.
    pub(crate) ordered: bool,
    /// What has to be said of them.
    pub(crate) notes: Vec<String>,
    /// Of each different label, in each split.
    classes: Vec<[Option<i32>; Split::ALL.len()]>,
    /// Of each class of the treebank, where the scores make the labels.
    score_classes: Option<[Option<i32>; FINE_GRAINED.len()]>,
}

impl Labels {
    /// Looks at the labels of all splits together.
    pub(crate) fn decide(
        args: &DatasetArgs,
        given: &GivenNames<'_>,
        sources: &Sources,
        survey: &mut Survey,
    ) -> anyhow::Result<Self> {
        let of_labels = args.unlabeled.iter().zip(&survey.unlabeled_scores).filter(|(_, is_score)| !**is_score);
        let unlabeled: Vec<String> = of_labels.map(|(value, _)| value.clone()).collect();
        let mut rules = LabelRules {
            column: &sources.label_column,
            names: given.by_user,
            order: args.label_order.as_ref().map(List::items),
            unlabeled: &unlabeled,
            usually_unlabeled: sources.usually_unlabeled,
            source: source_names(&sources.splits)?,
        };
        let mut notes = Vec::new();
        let has_labels = survey.labels.texts().any(|label| !rules.means_no_label(label));
        let of_scores = survey.score_bounds.filter(|_| !has_labels).map(ScoreClasses::of);
        notes.extend(of_scores.map(ScoreClasses::description));
        let from_scores = of_scores == Some(ScoreClasses::Made);
        let distinct = if from_scores { &mut survey.score_labels } else { &mut survey.labels };
        if from_scores {
            rules.source = Some(SourceNames { names: FINE_GRAINED.map(str::to_owned).to_vec(), ordered: true });
        }
        let distinct = std::mem::take(distinct);
        let texts: Vec<String> = distinct.texts().map(str::to_owned).collect();
        let mut column = LabelColumn::infer(distinct.clone(), &rules)?;
        let (beside, said) = names_file::names_of(&given.beside, column.names());
        notes.extend(said);
        if let Some(names) = beside {
            column = LabelColumn::infer(distinct, &LabelRules { names: Some(names), ..rules })?;
        }
        let class = |text: &str| Split::ALL.map(|split| column.index(text, split));
        let labels = Self {
            names: column.names().to_vec(),
            ordered: column.is_ordered(),
            notes,
            classes: if from_scores { Vec::new() } else { texts.iter().map(|text| class(text)).collect() },
            score_classes: from_scores.then(|| FINE_GRAINED.map(|name| column.index(name, Split::Train))),
        };
        labels.refuse_unlabeled_train(args, &sources.label_column, survey)?;
        Ok(labels.with_notes_of(&column))
    }

    fn with_notes_of(mut self, column: &LabelColumn) -> Self {
        if !self.names.is_empty() {
            self.notes.push(column.description());
        }
        let warnings = column.warnings().into_iter().map(|warning| format!("sst-fetch dataset: warning: {warning}"));
        self.notes.extend(warnings);
        self
    }

    /// The class of a row.
    pub(crate) fn class(&self, row: &RowFacts) -> Option<i32> {
        match &self.score_classes {
            Some(classes) => classes.get(usize::from(row.score_class?)).copied().flatten(),
            None => self.classes.get(row.label? as usize)?[row.split as usize],
        }
    }

    /// Nothing can be learned from a train split without any label or score.
    fn refuse_unlabeled_train(&self, args: &DatasetArgs, label_column: &str, survey: &Survey) -> anyhow::Result<()> {
        let mut train = survey.rows.iter().filter(|row| row.split == Split::Train).peekable();
        if train.peek().is_none() || train.any(|row| row.has_score || self.class(row).is_some()) {
            return Ok(());
        }
        match &args.score_column {
            Some(column) => bail_input!("no row of train has a label, or a score in the column {column}"),
            None => bail_input!("no row of train has a label in the column {label_column}"),
        }
    }
}

/// The names that files give their labels. All files that have some must have the same; their order is that of the first.
fn source_names(splits: &[SplitSources]) -> Result<Option<SourceNames>, CorpusError> {
    let sources = splits.iter().flat_map(|split| &split.sources);
    let mut named = sources.filter_map(|source| Some((source.path(), source.label_names()?)));
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
