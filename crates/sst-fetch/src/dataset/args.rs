//! Command-line arguments of `sst-fetch dataset`.

use std::path::PathBuf;

use clap::Args;
use corpus::raw::kept_name;
use corpus::records::TableArgs;
use stage::{CommonArgs, List, bad_input, bail_input};

use super::division_args::DivisionArgs;
use super::scores::ScoreRange;
use crate::source::Source;

pub(crate) const DEFAULT_LABEL_COLUMN: &str = "label";

const EXAMPLES: &str = "Examples:
  sst-fetch dataset --source sample --out data/raw/sample
  sst-fetch dataset --source stanford --out data/raw/sst
  sst-fetch dataset --source trainDevTestTrees_PTB/trees --out data/raw/sst
  sst-fetch dataset --source hub:stanfordnlp/sst2 --out data/raw/sst2
  sst-fetch dataset --train reviews.csv --out data/raw/reviews \\
      --text-column review --label-column stars
  sst-fetch dataset --train 'part-*.csv.gz' --out raw \\
      --no-header --text-column 6 --label-column 1
  sst-fetch dataset --train aclImdb/train --test aclImdb/test --out raw/imdb";

/// The arguments of `sst-fetch dataset`.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct DatasetArgs {
    /// sample, stanford, hub:OWNER/NAME[@REV], a file, a folder, or an archive of the treebank
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<Source>,

    /// File of the train split, a pattern such as 'part-*.csv', or a folder with a folder or a file for each class, instead
    /// of --source; several are read one after the other
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Vec<PathBuf>,

    /// The same of the validation split
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Vec<PathBuf>,

    /// The same of the test split
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Vec<PathBuf>,

    /// Configuration (subset) of a hub dataset that has several
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,

    /// Another site with Stanford's archives, such as a mirror, for --source stanford; the archives are verified in any case
    #[arg(long, value_name = "URL")]
    pub(crate) stanford_url: Option<String>,

    /// Column of texts [default: text or sentence, else by name or content]
    #[arg(long, value_name = "NAME")]
    pub(crate) text_column: Option<String>,

    /// Column of labels; optional in the test split [default: label, else by name or content]
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,

    /// Column of scores, for regression; the column of labels is then optional
    #[arg(long, value_name = "NAME")]
    pub(crate) score_column: Option<String>,

    /// The numbers that scores lie between: they are mapped to 0 to 1, and to classes where there are no labels
    #[arg(long, value_name = "LOW,HIGH", requires = "score_column", allow_hyphen_values = true)]
    pub(crate) score_range: Option<List>,

    /// Names of the classes in their order; names that are the labels themselves give the order [default: the labels]; one
    /// with a comma is quoted
    #[arg(long, value_name = "A,B,...", allow_hyphen_values = true)]
    pub(crate) label_names: Option<List>,

    /// The labels in their order, the most negative first [default: that of numbers or of known words, else the alphabet]
    #[arg(long, value_name = "A,B,...", allow_hyphen_values = true)]
    pub(crate) label_order: Option<List>,

    /// A label that means that there is none, besides those that are empty, null, nan or NA; may be given several times
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) unlabeled: Vec<String>,

    /// Other columns that go along into the raw and the token files
    #[arg(long, value_name = "A,B,...")]
    pub(crate) keep_columns: Option<List>,

    /// Which rows go into which split.
    #[command(flatten)]
    pub(crate) division: DivisionArgs,

    /// How tables are read.
    #[command(flatten)]
    pub(crate) tables: TableArgs,

    /// Arguments of every stage.
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl DatasetArgs {
    /// Refuses flags about the columns of tables, where the source has none.
    pub(crate) fn refuse_columns(&self, source: &str) -> anyhow::Result<()> {
        self.refuse_text_and_target(source)?;
        let given = [
            ("--keep-columns", self.keep_columns.is_some()),
            ("--group-column", self.division.group_column.is_some()),
            ("--split-column", self.division.split_column.is_some()),
        ];
        refuse_given(given, source)
    }

    /// Refuses the flags that name the columns of text and target, where the source has fixed ones.
    pub(crate) fn refuse_text_and_target(&self, source: &str) -> anyhow::Result<()> {
        let given = [
            ("--text-column", self.text_column.is_some()),
            ("--label-column", self.label_column.is_some()),
            ("--score-column", self.score_column.is_some()),
        ];
        refuse_given(given, source)
    }

    /// Refuses flags about own labels, where the source defines what its labels are.
    pub(crate) fn refuse_label_rules(&self, source: &str) -> anyhow::Result<()> {
        let given = [("--label-order", self.label_order.is_some()), ("--unlabeled", !self.unlabeled.is_empty())];
        match first_given(given) {
            Some(flag) => {
                bail_input!("{flag} is for labels of one's own, but {source} define theirs; leave it out")
            }
            None => Ok(()),
        }
    }

    /// Whether something is said of what the labels are.
    pub(crate) fn says_labels(&self) -> bool {
        self.label_names.is_some() || self.label_order.is_some() || !self.unlabeled.is_empty()
    }

    /// The column of labels, given or not.
    pub(crate) fn label_column(&self) -> &str {
        self.label_column.as_deref().unwrap_or(DEFAULT_LABEL_COLUMN)
    }

    /// The columns that go along.
    pub(crate) fn kept_columns(&self) -> &[String] {
        self.keep_columns.as_ref().map_or(&[], List::items)
    }

    /// The names that the kept columns have in raw files.
    pub(crate) fn kept_names(&self) -> anyhow::Result<Vec<String>> {
        let names: Vec<String> = self.kept_columns().iter().map(|name| kept_name(name)).collect();
        match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
            Some((_, name)) => {
                bail_input!("--keep-columns gives two columns that are both kept as {name}; rename one of them")
            }
            None => Ok(names),
        }
    }

    /// The columns whose values are read besides text and target: those that go along, then that of groups, then that of
    /// splits.
    pub(crate) fn other_columns(&self, split_column: Option<&String>) -> Vec<String> {
        let mut columns = self.kept_columns().to_vec();
        for column in self.division.group_column.iter().chain(split_column) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// Where the column of groups is among the other columns.
    pub(crate) fn group_index(&self) -> Option<usize> {
        let group = self.division.group_column.as_ref()?;
        self.other_columns(None).iter().position(|column| column == group)
    }

    /// `--score-range`, as two numbers.
    pub(crate) fn score_range(&self) -> anyhow::Result<Option<ScoreRange>> {
        let parse =
            |bounds: &List| ScoreRange::of(bounds.items()).map_err(|problem| bad_input!("--score-range: {problem}"));
        self.score_range.as_ref().map(parse).transpose()
    }
}

/// The first of these flags that was given.
fn first_given<const N: usize>(flags: [(&'static str, bool); N]) -> Option<&'static str> {
    flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}

fn refuse_given<const N: usize>(given: [(&'static str, bool); N], source: &str) -> anyhow::Result<()> {
    match first_given(given) {
        Some(flag) => bail_input!("{flag} names a column of tables, but {source} have none; leave it out"),
        None => Ok(()),
    }
}

fn after_help() -> String {
    format!(
        "{EXAMPLES}\n\nA folder contains PTB trees as {{train,dev,test}}.txt, GLUE's {{train,dev,test}}.tsv, tables as \
         {{train,validation,test}}.{{{},txt}}, or texts as {{train,test}}/CLASS/*.txt or {{train,test}}/pos.txt and neg.txt. \
         A .txt, or a file named without a format, is trees, lines of a label and a text, or a table. All but Parquet may be \
         compressed: train.csv.gz, train.csv.zst. Separator, quotes and encoding are told from a table; what was guessed is said.\n\n\
         The environment variables HF_HOME, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY and NO_PROXY are honored.",
        corpus::records::extension_list()
    )
}
