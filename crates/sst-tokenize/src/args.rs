//! Command-line arguments, and the plan that follows from them and from the model.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use checkpoint::BertConfig;
use clap::{Parser, ValueEnum};
use corpus::raw::RawReader;
use corpus::task::Task;
use corpus::tokenizer::Tokenizer;
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

    /// What the labels mean: sst2, sst3, sst5, regression, labels (the dataset's own classes), or auto: labels, or regression
    /// where there are only scores
    #[arg(long, value_name = "TASK")]
    pub task: TaskChoice,

    /// Rows of the train split: whole sentences, or every phrase that has a label
    #[arg(long, value_enum, default_value_t = Granularity::Sentences)]
    pub granularity: Granularity,

    /// Truncate texts to this many tokens, including [CLS] and [SEP] [default: 512, or the model's number of positions if fewer]
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// At most N sentences of each split, of each class its share, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_samples: Option<u64>,

    /// Seed of the sample
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,

    /// Arguments of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The task, given or to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskChoice {
    /// By what the dataset has.
    Auto,
    /// This one.
    Given(Task),
}

impl FromStr for TaskChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Self::Auto),
            _ => name.parse().map(Self::Given).map_err(|expected| format!("{expected}, auto")),
        }
    }
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
    /// Of a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Of a folder whose vocabulary file does not say it all: earlier programs read less of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokenizer_rules: Option<u32>,
}

/// How the tokenizer's files of a folder are read; raised when the same files give other ids.
const TOKENIZER_RULES: u32 = 2;

impl Plan {
    /// The plan for a dataset of which `raw` is one file.
    pub(crate) fn new(args: &Args, raw: Option<&Path>, config: &BertConfig) -> anyhow::Result<Self> {
        let task = match (args.task, raw) {
            (TaskChoice::Given(task), _) => task,
            (TaskChoice::Auto, None) => Task::Labels,
            (TaskChoice::Auto, Some(raw)) => {
                stage::verify_file(raw)?;
                let has_labels = !RawReader::open(raw)?.metadata().label_names.is_empty();
                let task = if has_labels { Task::Labels } else { Task::Regression };
                args.common.say(&format!("task: {task}, by what the dataset has"));
                task
            }
        };
        let seed = args.max_samples.map(|_| args.seed);
        let (granularity, max_length, max_samples) = (args.granularity, max_length(args, config)?, args.max_samples);
        let tokenizer_rules = (!Tokenizer::surprises(&args.model)?.is_empty()).then_some(TOKENIZER_RULES);
        Ok(Self { task, granularity, max_length, max_samples, seed, tokenizer_rules })
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
