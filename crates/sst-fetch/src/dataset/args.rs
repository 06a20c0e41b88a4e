//! Command-line arguments of `sst-fetch dataset`.

use std::path::PathBuf;

use clap::Args;
use stage::{CommonArgs, List};

use crate::source::Source;

const EXAMPLES: &str = "Examples:
  sst-fetch dataset --source sample --out data/raw/sample
  sst-fetch dataset --source trainDevTestTrees_PTB/trees --out data/raw/sst
  sst-fetch dataset --source hub:stanfordnlp/sst2 --out data/raw/sst2
  sst-fetch dataset --train reviews.csv --text-column review --label-column stars --out data/raw/reviews";

/// The arguments of `sst-fetch dataset`.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct DatasetArgs {
    /// sample, hub:OWNER/NAME[@REV], or a folder
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<Source>,

    /// File of the train split, instead of --source
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Option<PathBuf>,

    /// File of the validation split, instead of --source
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Option<PathBuf>,

    /// File of the test split, instead of --source
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,

    /// Configuration (subset) of a hub dataset that has several
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,

    /// Column of texts [default: text, else sentence]
    #[arg(long, value_name = "NAME")]
    pub(crate) text_column: Option<String>,

    /// Column of labels; optional in the test split
    #[arg(long, value_name = "NAME", default_value = "label")]
    pub(crate) label_column: String,

    /// Column of scores, for regression; the column of labels is then optional
    #[arg(long, value_name = "NAME")]
    pub(crate) score_column: Option<String>,

    /// Names of the labels 0, 1, ... [default: those in the files, else the sorted labels of the train split]; one with a
    /// comma is quoted
    #[arg(long, value_name = "A,B,...")]
    pub(crate) label_names: Option<List>,

    /// At most the first N sentences of each split, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) max_samples: Option<i64>,

    /// Arguments of every stage.
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

fn after_help() -> String {
    format!(
        "{EXAMPLES}\n\nA folder contains PTB trees as {{train,dev,test}}.txt, GLUE's {{train,dev,test}}.tsv, or tables as\n\
         {{train,validation,test}}.{{{}}}. The environment variables HF_HOME, HF_ENDPOINT,\n\
         HF_TOKEN and HF_HUB_OFFLINE are honored.",
        corpus::records::extension_list()
    )
}
