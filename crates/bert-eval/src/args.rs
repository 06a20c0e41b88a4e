//! Command-line arguments: of the evaluation, and of what is made from several evaluations.

use std::path::PathBuf;

use bert::WindowPooling;
use clap::{Parser, Subcommand, ValueEnum};

use crate::compare::CompareArgs;
use crate::seeds::SeedsArgs;
use crate::suspects::SuspectsArgs;

const EXAMPLE: &str = "Examples:
  bert-eval --run data/runs/sst2/train --tokens data/tokens/sst2 \\
      --split test --out data/runs/sst2/eval/test
  bert-eval ... --raw data/raw/sst2 --attributions 20 \\
      --require 'accuracy>=0.88,f1_macro>=0.87'

From several evaluations:
  # Is one better than the other, by more than chance?
  bert-eval compare EVAL_DIR EVAL_DIR... --out DIR
  # Mean and interval of one setting over seeds
  bert-eval seeds EVAL_DIR EVAL_DIR... --out DIR
  # Likely label errors, from the folds of cross-validation
  bert-eval suspects EVAL_DIR... --out DIR";

const PRECISION_HELP: &str = "Precision of matrix products: auto (that of the run), float32, bf16, or int8 (quantized; processors with \
AVX512_VNNI)";

/// Evaluate a fine-tuned model on one split: figures with intervals, pictures, errors, a report of one page
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-eval", version, after_help = EXAMPLE)]
#[command(mut_arg("precision", |arg| arg.help(PRECISION_HELP).value_parser(stage::INFERENCE_PRECISIONS)))]
pub struct Args {
    /// Output folder of bert-finetune
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,

    /// Token files, the output folder of sst-tokenize
    #[arg(long, value_name = "DIR")]
    pub tokens: PathBuf,

    /// Split to evaluate
    #[arg(long, value_enum, default_value_t = Split::Validation, value_name = "SPLIT")]
    pub split: Split,

    /// Texts that the tokens were made from, the output folder of sst-fetch: for errors that can be read, columns that were
    /// kept, and slices
    #[arg(long, value_name = "DIR")]
    pub raw: Option<PathBuf>,

    /// Temperature of another evaluation of the same model, usually eval/validation/calibration.json
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,

    /// End with exit code 5 unless the figures are so, e.g. 'accuracy>=0.88,f1_macro>=0.87'; may be repeated
    #[arg(long, value_name = "FIGURE>=NUMBER,...")]
    pub require: Vec<stage::List>,

    /// How many of the surest errors are shown
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub errors: usize,

    /// For how many of the errors shown the share of each word piece is computed, by integrated gradients
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub attributions: usize,

    /// Compare with TF-IDF and logistic regression, trained on the texts of the train split
    #[arg(long, requires = "raw")]
    pub baseline: bool,

    /// Evaluate the phrases of the trees, too: every node of --raw that has a label
    #[arg(long, requires = "raw")]
    pub nodes: bool,

    /// Write the texts into predictions.parquet
    #[arg(long, requires = "raw")]
    pub save_texts: bool,

    /// How the logits of a text that is read in windows come from those of its windows: mean, max
    #[arg(long, value_name = "POOLING", default_value_t = WindowPooling::Mean)]
    pub window_pooling: WindowPooling,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: stage::ComputeArgs,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::CommonArgs,
}

/// What is made from several evaluations
#[derive(Debug, Parser)]
#[command(name = "bert-eval", version)]
pub struct AnalysisArgs {
    /// What to make
    #[command(subcommand)]
    pub analysis: Analysis,
}

/// What is made from several evaluations.
#[derive(Debug, Subcommand)]
pub enum Analysis {
    /// Compare evaluations of the same rows: differences, and whether they are more than chance
    Compare(CompareArgs),
    /// Mean and interval of each figure over evaluations of one setting with several seeds
    Seeds(SeedsArgs),
    /// Likely label errors, ranked, from evaluations of the folds of cross-validation
    Suspects(SuspectsArgs),
}

impl Analysis {
    /// Whether the first word after the program's name says that one of these is meant.
    pub fn is_named(word: &str) -> bool {
        <Self as Subcommand>::has_subcommand(word) || word == "help"
    }
}

/// A split that can be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Split {
    /// The split that chose the checkpoint.
    Validation,
    /// The split that no other stage reads.
    Test,
}

impl Split {
    /// The name of its files, without the extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The same as a split of the corpus.
    pub(crate) fn of_corpus(self) -> corpus::Split {
        match self {
            Self::Validation => corpus::Split::Validation,
            Self::Test => corpus::Split::Test,
        }
    }
}
