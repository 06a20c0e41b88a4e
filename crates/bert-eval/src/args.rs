//! Command-line arguments.

use std::path::PathBuf;

use bert::WindowPooling;
use clap::{Parser, ValueEnum};

const EXAMPLE: &str = "Example:
  bert-eval --run data/runs/sst2/train --tokens data/tokens/sst2 --split test --out data/runs/sst2/eval/test";

/// Evaluate a fine-tuned model on one split: metrics.json, confusion matrix, predictions.parquet
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-eval", version, after_help = EXAMPLE)]
#[command(mut_arg("precision", |arg| arg.help("Precision of matrix products: auto (that of the run), float32 or bf16")))]
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
