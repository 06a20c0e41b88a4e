//! Which rows make a batch, how many batches a step, and how long the run is.

use anyhow::{bail, ensure};
use clap::ArgAction;
use serde::Serialize;

use super::checks::{at_least_one, positive};

const DEFAULT_BATCH_SIZE: usize = 8;

/// Batches, epochs, seeds.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Batches and length of the run")]
pub struct BatchArgs {
    /// Sentences of one forward pass; default: 8
    #[arg(long, value_name = "N")]
    pub per_device_train_batch_size: Option<usize>,

    /// Tokens of one forward pass, in place of a number of sentences; a longer sentence is a batch of its own
    #[arg(long, value_name = "N")]
    pub max_tokens_per_batch: Option<usize>,

    /// Forward passes of one optimizer step
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub gradient_accumulation_steps: usize,

    /// Put sentences of like length into one batch
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", value_name = "BOOL")]
    pub group_by_length: bool,

    /// Epochs, fractions allowed
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    pub num_train_epochs: f64,

    /// Optimizer steps in all; wins over the epochs
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,

    /// Seed of new weights, dropout and, without --data-seed, of the order of the data
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,

    /// Seed of the order of the data
    #[arg(long, value_name = "N")]
    pub data_seed: Option<u64>,
}

/// [`BatchArgs`], valid.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BatchPlan {
    #[serde(flatten)]
    pub(crate) size: BatchSize,
    pub(crate) gradient_accumulation_steps: usize,
    pub(crate) group_by_length: bool,
    pub(crate) num_train_epochs: f64,
    pub(crate) max_steps: Option<u64>,
    pub(crate) seed: u64,
    pub(crate) data_seed: u64,
}

/// What bounds a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum BatchSize {
    Sentences { per_device_train_batch_size: usize },
    Tokens { max_tokens_per_batch: usize },
}

impl BatchPlan {
    pub(crate) fn resolve(args: &BatchArgs) -> anyhow::Result<Self> {
        let size = match (args.per_device_train_batch_size, args.max_tokens_per_batch) {
            (Some(_), Some(_)) => {
                bail!("--per-device-train-batch-size and --max-tokens-per-batch both bound a batch; give one of them")
            }
            (None, Some(max_tokens_per_batch)) => BatchSize::Tokens { max_tokens_per_batch },
            (sentences, None) => {
                BatchSize::Sentences { per_device_train_batch_size: sentences.unwrap_or(DEFAULT_BATCH_SIZE) }
            }
        };
        match size {
            BatchSize::Sentences { per_device_train_batch_size: n } => at_least_one("per-device-train-batch-size", n)?,
            BatchSize::Tokens { max_tokens_per_batch: n } => at_least_one("max-tokens-per-batch", n)?,
        }
        at_least_one("gradient-accumulation-steps", args.gradient_accumulation_steps)?;
        positive("num-train-epochs", args.num_train_epochs)?;
        ensure!(args.max_steps != Some(0), "--max-steps is 0; expected at least 1");
        // The batches of every epoch are laid out before the first step.
        let laid_out = matches!(size, BatchSize::Tokens { .. });
        let (epochs, steps) = (args.num_train_epochs, args.max_steps.unwrap_or(0));
        ensure!(
            !laid_out || epochs <= 1e4,
            "--num-train-epochs is {epochs}; with --max-tokens-per-batch at most 10000"
        );
        ensure!(!laid_out || steps <= 1_000_000, "--max-steps is {steps}; with --max-tokens-per-batch at most 1000000");
        Ok(Self {
            size,
            gradient_accumulation_steps: args.gradient_accumulation_steps,
            group_by_length: args.group_by_length,
            num_train_epochs: args.num_train_epochs,
            max_steps: args.max_steps,
            seed: args.seed,
            data_seed: args.data_seed.unwrap_or(args.seed),
        })
    }
}
