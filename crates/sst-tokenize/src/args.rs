//! Command-line arguments, and the plan that follows from them and from the model.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use checkpoint::{BertConfig, TOKENIZER_CONFIG, long_texts, model_max_length};
use clap::{Parser, ValueEnum};
use corpus::raw::RawReader;
use corpus::task::Task;
use corpus::tokenizer::{Overflow, TOKENIZER_RULES, Tokenizer, TruncationSide};
use serde::Serialize;
use stage::{CommonArgs, bad_input, bail_input};

/// The length of the reference's examples, and the number of positions of nearly every BERT.
const DEFAULT_MAX_LENGTH: usize = 512;
/// `[CLS]`, a token, `[SEP]`.
const MIN_LENGTH: usize = 3;

/// Turn raw texts into token ids with a checkpoint's tokenizer.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  \
    sst-tokenize --raw data/raw/sst --model data/models/minilm \\\n      \
    --task sst2 --out data/tokens/sst2\n\n\
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

    /// Bring texts to at most this many tokens, including [CLS] and [SEP] [default: 512, or the tokenizer's model_max_length or the model's number of positions if fewer]
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// Where longer texts are cut: right, left, or head-tail, which cuts out the middle [default: what the model folder says,
    /// else right]
    #[arg(long, value_name = "SIDE")]
    pub truncation_side: Option<TruncationSide>,

    /// Read longer texts in windows instead, a row each; neighbors share N tokens, [CLS] and [SEP] not counted
    #[arg(long, value_name = "N", conflicts_with = "truncation_side")]
    pub window_stride: Option<usize>,

    /// Pad the rows, with attention_mask and token_type_ids, for programs that need it: none, longest (row of the split),
    /// max_length. The stages here read either
    #[arg(long, value_enum, value_name = "STRATEGY", default_value_t = PaddingStrategy::None)]
    pub padding: PaddingStrategy,

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

/// To how many tokens rows are padded; the names are those of Transformers' tokenizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum PaddingStrategy {
    /// To none: rows have their own lengths.
    None,
    /// To the longest row of the split.
    Longest,
    /// To the maximum length.
    MaxLength,
}

/// Everything in the settings that defines the result. The names of its fields are part of the key.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) task: Task,
    pub(crate) granularity: Granularity,
    pub(crate) max_length: usize,
    /// Unless it is the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncation_side: Option<TruncationSide>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_stride: Option<usize>,
    /// If any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) padding: Option<PaddingStrategy>,
    pub(crate) max_samples: Option<u64>,
    /// Of a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Of a folder whose vocabulary file does not say it all: earlier programs read less of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokenizer_rules: Option<u32>,
}

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
        let max_length = max_length(args, config)?;
        let requested = overflow(args, max_length)?;
        let tokenizer = Tokenizer::facts(&args.model)?;
        let overflow = requested.unwrap_or(Overflow::Truncate(tokenizer.truncation_side));
        Ok(Self {
            task,
            granularity: args.granularity,
            max_length,
            truncation_side: match overflow {
                Overflow::Truncate(side) => Some(side).filter(|side| *side != TruncationSide::Right),
                Overflow::Windows { .. } => None,
            },
            window_stride: match overflow {
                Overflow::Truncate(_) => None,
                Overflow::Windows { stride } => Some(stride),
            },
            padding: Some(args.padding).filter(|padding| *padding != PaddingStrategy::None),
            max_samples: args.max_samples,
            seed,
            tokenizer_rules: (!tokenizer.said.is_empty()).then_some(TOKENIZER_RULES),
        })
    }

    /// What becomes of texts that are longer than the maximum length.
    pub(crate) fn overflow(&self) -> Overflow {
        match self.window_stride {
            Some(stride) => Overflow::Windows { stride },
            None => Overflow::Truncate(self.truncation_side.unwrap_or_default()),
        }
    }
}

/// What becomes of longer texts: what was typed, else what the model folder says; `None`: as its tokenizer says.
fn overflow(args: &Args, max_length: usize) -> anyhow::Result<Option<Overflow>> {
    match (args.truncation_side, args.window_stride) {
        (_, Some(stride)) => {
            let overflow = Overflow::Windows { stride };
            overflow.check(max_length)?;
            Ok(Some(overflow))
        }
        (Some(side), None) => Ok(Some(Overflow::Truncate(side))),
        (None, None) => {
            let facts = long_texts(&args.model)?;
            if facts.is_empty() {
                return Ok(None);
            }
            let of_file = |problem: String| {
                let file = args.model.join(TOKENIZER_CONFIG);
                bad_input!("{}: {problem}; give --truncation-side or --window-stride", file.display())
            };
            let overflow = Overflow::of_json(facts.get(Overflow::TRUNCATION_SIDE), facts.get(Overflow::WINDOW_STRIDE))
                .map_err(of_file)?;
            overflow.check(max_length).map_err(|error| of_file(error.to_string()))?;
            Ok(Some(overflow))
        }
    }
}

/// Only a length that was given can be wrong; the default is lowered to that of the tokenizer, and to what the model has positions for.
fn max_length(args: &Args, config: &BertConfig) -> anyhow::Result<usize> {
    let positions = config.max_position_embeddings;
    match args.max_length {
        _ if positions < MIN_LENGTH => bail_input!(
            "{} has {positions} positions, which leave no token between [CLS] and [SEP]; give a model with at least {MIN_LENGTH}",
            args.model.display()
        ),
        Some(length) if length > positions => bail_input!(
            "--max-length {length} is more than the {positions} positions of {}; give at most {positions}",
            args.model.display()
        ),
        Some(length) if length < MIN_LENGTH => {
            bail_input!("--max-length {length} leaves no token between [CLS] and [SEP]; give at least {MIN_LENGTH}")
        }
        Some(length) => Ok(length),
        None => {
            let of_tokenizer = model_max_length(&args.model, config)?.filter(|length| *length >= MIN_LENGTH);
            let limits = of_tokenizer.map(|length| (length, "the tokenizer's model_max_length")).into_iter();
            let limits = limits.chain([(positions, "the model's number of positions")]);
            let lower = limits.filter(|(length, _)| *length < DEFAULT_MAX_LENGTH).min_by_key(|(length, _)| *length);
            let Some((length, what)) = lower else { return Ok(DEFAULT_MAX_LENGTH) };
            args.common.say(&format!("max_length is {length}, {what}"));
            Ok(length)
        }
    }
}
