//! Command-line arguments, and the plan that follows from them and from the model.

use std::path::PathBuf;

use checkpoint::BertConfig;
use clap::{Parser, ValueEnum};
use corpus::task::Task;
use serde::Serialize;
use stage::{CommonArgs, bail_input};

/// The length of the reference's examples, and the number of positions of nearly every BERT.
const DEFAULT_MAX_LENGTH: usize = 512;
/// `[CLS]`, a token, `[SEP]`.
const MIN_LENGTH: usize = 3;

/// Turn raw texts into token ids with a checkpoint's tokenizer.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  \
    sst-tokenize --raw data/raw/sst --model data/models/minilm --task sst2 --out data/tokens/sst2\n\n\
    Reads the output of sst-fetch; bert-finetune reads the output of this."
)]
pub struct Args {
    /// Folder of raw texts, written by `sst-fetch dataset`
    #[arg(long, value_name = "DIR")]
    pub raw: PathBuf,

    /// Model folder: its tokenizer and number of positions are used
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// What the labels mean: sst2, sst3, sst5, regression, or labels (the dataset's own classes)
    #[arg(long)]
    pub task: Task,

    /// Rows of the train split: whole sentences, or every phrase that has a label
    #[arg(long, value_enum, default_value_t = Granularity::Sentences)]
    pub granularity: Granularity,

    /// Truncate texts to this many tokens, including [CLS] and [SEP] [default: 512, or the model's number of positions if fewer]
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// At most the first N rows of each split, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_samples: Option<u64>,

    /// Arguments of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Which rows of the train split are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// Whole sentences.
    Sentences,
    /// Sentences and their labeled constituents.
    Phrases,
}

/// Everything in the settings that defines the result. The names of its fields are part of the key.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) task: Task,
    pub(crate) granularity: Granularity,
    pub(crate) max_length: usize,
    pub(crate) max_samples: Option<u64>,
}

impl Plan {
    pub(crate) fn new(args: &Args, config: &BertConfig) -> anyhow::Result<Self> {
        let max_length = max_length(args, config)?;
        Ok(Self { task: args.task, granularity: args.granularity, max_length, max_samples: args.max_samples })
    }
}

/// Only a length that was given can be wrong; the default is lowered to what the model has positions for.
fn max_length(args: &Args, config: &BertConfig) -> anyhow::Result<usize> {
    let positions = config.max_position_embeddings;
    match args.max_length {
        Some(length) if length > positions => bail_input!(
            "--max-length {length} is more than the {positions} positions of {}; give at most {positions}",
            args.model.display()
        ),
        Some(length) if length < MIN_LENGTH => {
            bail_input!("--max-length {length} leaves no token between [CLS] and [SEP]; give at least {MIN_LENGTH}")
        }
        Some(length) => Ok(length),
        None if positions < DEFAULT_MAX_LENGTH => {
            args.common.say(&format!("max_length is {positions}, the model's number of positions"));
            Ok(positions)
        }
        None => Ok(DEFAULT_MAX_LENGTH),
    }
}
