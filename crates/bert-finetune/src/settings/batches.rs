//! Batch size, gradient accumulation, number of epochs or steps, and seeds.

use clap::ArgAction;
use serde::Serialize;
use stage::{bail_input, ensure_input};

use super::checks::{at_least_one, positive};

const DEFAULT_BATCH_SIZE: usize = 8;

/// Batches, training length, seeds.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Batches and training length")]
pub struct BatchArgs {
    /// Sentences per forward pass; default: 8
    #[arg(long, value_name = "N")]
    pub per_device_train_batch_size: Option<usize>,

    /// Tokens per forward pass, instead of a number of sentences; a longer sentence forms a batch of its own
    #[arg(long, value_name = "N")]
    pub max_tokens_per_batch: Option<usize>,

    /// Forward and backward passes per optimizer step, of each process
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub gradient_accumulation_steps: usize,

    /// Put sentences of similar length into the same batch, as Transformers does, in an order of our own
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", value_name = "BOOL")]
    pub group_by_length: bool,

    /// Number of epochs; may be fractional
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    pub num_train_epochs: f64,

    /// Total number of optimizer steps; overrides --num-train-epochs
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,

    /// Seed for new weights, dropout and, unless --data-seed is given, the data order
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,

    /// Seed for the data order
    #[arg(long, value_name = "N")]
    pub data_seed: Option<u64>,
}

/// [`BatchArgs`], valid.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BatchPlan {
    #[serde(flatten)]
    pub(crate) size: BatchSize,
    /// Of all processes together: it does not matter how many share them.
    pub(crate) gradient_accumulation_steps: usize,
    pub(crate) group_by_length: bool,
    pub(crate) num_train_epochs: f64,
    pub(crate) max_steps: Option<u64>,
    pub(crate) seed: u64,
    pub(crate) data_seed: u64,
}

/// What limits a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum BatchSize {
    Sentences { per_device_train_batch_size: usize },
    Tokens { max_tokens_per_batch: usize },
}

impl BatchPlan {
    /// `processes`: how many train together.
    pub(crate) fn resolve(args: &BatchArgs, processes: usize) -> anyhow::Result<Self> {
        let size = match (args.per_device_train_batch_size, args.max_tokens_per_batch) {
            (Some(_), Some(_)) => {
                bail_input!(
                    "--per-device-train-batch-size and --max-tokens-per-batch both limit a batch; give only one of them"
                )
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
        let n_micro_batches = args.gradient_accumulation_steps.saturating_mul(processes);
        positive("num-train-epochs", args.num_train_epochs)?;
        ensure_input!(args.max_steps != Some(0), "--max-steps is 0; expected at least 1");
        // The steps of every epoch are counted before the first step: epochs differ in length.
        let by_tokens = matches!(size, BatchSize::Tokens { .. });
        let (epochs, steps) = (args.num_train_epochs, args.max_steps.unwrap_or(0));
        ensure_input!(
            !by_tokens || epochs <= 1e4,
            "--num-train-epochs is {epochs}; with --max-tokens-per-batch at most 10000"
        );
        ensure_input!(
            !by_tokens || steps <= 1_000_000,
            "--max-steps is {steps}; with --max-tokens-per-batch at most 1000000"
        );
        Ok(Self {
            size,
            gradient_accumulation_steps: n_micro_batches,
            group_by_length: args.group_by_length,
            num_train_epochs: args.num_train_epochs,
            max_steps: args.max_steps,
            seed: args.seed,
            data_seed: args.data_seed.unwrap_or(args.seed),
        })
    }
}
