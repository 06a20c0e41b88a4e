//! The plan: everything in the settings that defines the result.

use corpus::Split;
use corpus::records::TablePlan;
use serde::Serialize;
use stage::List;

use super::args::DatasetArgs;
use super::division::Division;
use super::find::{Content, Dataset};
use super::layout::Layout;
use super::scores::ScoreRange;

/// The names of its fields are part of the key. What is absent was not given.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan<'a> {
    dataset: &'a str,
    source: &'a str,
    config: Option<&'a str>,
    columns: Option<PlanColumns<'a>>,
    /// Of files on this machine, their names: rows say which they are from. Of the hub, where its commit does not say which they
    /// are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    label_names: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_order: Option<&'a [String]>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unlabeled: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    score_range: Option<ScoreRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    division: Option<PlanDivision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split_column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_samples: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(flatten)]
    tables: TablePlan,
}

#[derive(Debug, Clone, Serialize)]
struct PlanColumns<'a> {
    text: Option<&'a str>,
    label: Option<&'a str>,
    score: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    keep: &'a [String],
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum PlanDivision {
    Split(Vec<(Split, f64)>),
    Fold { folds: usize, fold: usize },
}

impl<'a> Plan<'a> {
    pub(crate) fn new(args: &'a DatasetArgs, dataset: &'a Dataset, division: &Division) -> anyhow::Result<Self> {
        let has_columns = !matches!(
            dataset.content,
            Content::Sample
                | Content::Stanford(_)
                | Content::Files(Layout::Trees | Layout::ClassFolders | Layout::ClassFiles | Layout::PairedLines, _)
        );
        let columns = PlanColumns {
            text: args.text_column.as_deref(),
            label: args.label_column.as_deref(),
            score: args.score_column.as_deref(),
            keep: args.kept_columns(),
        };
        Ok(Self {
            dataset: &dataset.name,
            source: &dataset.source,
            config: args.config.as_deref(),
            columns: has_columns.then_some(columns),
            files: dataset.file_names(),
            label_names: args.label_names.as_ref().map(List::items),
            label_order: args.label_order.as_ref().map(List::items),
            unlabeled: &args.unlabeled,
            score_range: args.score_range()?,
            division: match division {
                Division::Whole => None,
                Division::SplitOff(shares) => Some(PlanDivision::Split(shares.clone())),
                Division::Fold { n, fold } => Some(PlanDivision::Fold { folds: *n, fold: fold + 1 }),
            },
            group_column: args.division.group_column.as_deref(),
            split_column: args.division.split_column.as_deref(),
            max_samples: args.division.max_samples,
            seed: args.division.draws(division).then_some(args.division.seed),
            tables: args.tables.plan(),
        })
    }
}
