//! What can be typed. Names and defaults are those of the reference's `TrainingArguments` where it has them.

use std::path::PathBuf;

use clap::Parser;

use crate::settings::{BatchArgs, IntervalArgs, ObjectiveArgs, OptimizerArgs, ScheduleArgs, WeightArgs};

const EXAMPLE: &str = "Example:
  bert-finetune --tokens data/tokens/sst2 --model data/models/minilm --out data/runs/sst2/train \\
      --learning-rate 5e-5 --weight-decay 0.01 --per-device-train-batch-size 16 --num-train-epochs 3

Departures from the reference's defaults: --precision auto, --eval-strategy and --save-strategy epoch,
--save-total-limit 2, --logging-steps 10, --metric-for-best-model accuracy; the best checkpoint is always kept.

Without a name in the reference: --max-tokens-per-batch, --class-weights, --focal-loss-gamma, --head-learning-rate,
--layerwise-lr-decay, --sgd-momentum, --ema-decay, --freeze-embeddings, --freeze-layers, --lora-*, --optim adam (torch's Adam), --plan,
--stop-at-step.";

/// Fine-tunes a BERT on token files; the checkpoint that is best on the validation split is kept
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-finetune", version, after_help = EXAMPLE)]
pub struct Args {
    /// Token files, the output of sst-tokenize
    #[arg(long, value_name = "DIR")]
    pub tokens: PathBuf,

    /// Model folder: config.json, model.safetensors, tokenizer
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// Print the resolved plan as JSON, check it against the inputs, and run nothing
    #[arg(long)]
    pub plan: bool,

    /// Save and pause after this step; the same command goes on from there
    #[arg(long, value_name = "N")]
    pub stop_at_step: Option<u64>,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::Common,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: bert::ComputeArgs,

    /// Batches, epochs, seeds
    #[command(flatten)]
    pub batches: BatchArgs,

    /// Optimizer and learning rates
    #[command(flatten)]
    pub optimizer: OptimizerArgs,

    /// How the learning rate moves
    #[command(flatten)]
    pub schedule: ScheduleArgs,

    /// The loss
    #[command(flatten)]
    pub objective: ObjectiveArgs,

    /// Dropout, freezing, LoRA, averaging
    #[command(flatten)]
    pub weights: WeightArgs,

    /// When to evaluate, save, log and stop
    #[command(flatten)]
    pub intervals: IntervalArgs,
}
