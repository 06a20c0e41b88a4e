//! Command-line arguments; names and defaults are those of Transformers' `TrainingArguments` where it has them.

use std::path::PathBuf;

use bert::Recording;
use clap::{Parser, ValueEnum};

use super::batches::BatchArgs;
use super::intervals::IntervalArgs;
use super::objective::ObjectiveArgs;
use super::optimizer::OptimizerArgs;
use super::schedule::ScheduleArgs;
use super::weights::WeightArgs;

const EXAMPLE: &str = "Example:
  bert-finetune --tokens data/tokens/sst2 --model data/models/minilm \\
      --out data/runs/sst2/train --learning-rate 5e-5 --weight-decay 0.01 \\
      --per-device-train-batch-size 16 --num-train-epochs 3

Defaults that differ from Transformers' TrainingArguments: --precision auto, --eval-strategy epoch, \
--save-strategy epoch, --save-total-limit 2, --logging-steps 10, --metric-for-best-model accuracy, \
--greater-is-better false for mse; --save-steps has none. The best checkpoint is always kept. With --eval-strategy \
steps the last step is evaluated, too. reduce_lr_on_plateau follows --greater-is-better where its kwargs have no mode. --group-by-length \
draws its order from the seed and the epoch.

Not in TrainingArguments: --max-tokens-per-batch, --class-weights, --focal-loss-gamma, --head-learning-rate, \
--layerwise-lr-decay, --sgd-momentum, --ema-decay, --new-head, --freeze-embeddings, --freeze-layers, --lora-*, \
--optim adam (torch.optim.Adam), --plan, --timed, --stop-at-step, --cuda-graphs; of the model's config \
--hidden-dropout-prob, --attention-probs-dropout-prob, --classifier-dropout; of a callback --early-stopping-patience, \
--early-stopping-threshold; --precision, --device, --threads.";

/// Fine-tune BERT on token files and keep the checkpoint that does best on the validation split
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-finetune", version, after_help = EXAMPLE)]
pub struct Args {
    /// Token files, the output of sst-tokenize
    #[arg(long, value_name = "DIR")]
    pub tokens: PathBuf,

    /// Model folder: config.json, model.safetensors, tokenizer
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// Print the resolved plan as JSON, with the memory and disk space that the run takes, and check it against the
    /// inputs, without training
    #[arg(long, conflicts_with = "json_summary")]
    pub plan: bool,

    /// With --plan: take some steps and an evaluation, write nothing, and say how long the run will take
    #[arg(long, requires = "plan")]
    pub timed: bool,

    /// Save a checkpoint and pause after this step; run the same command to continue
    #[arg(long, value_name = "N")]
    pub stop_at_step: Option<u64>,

    /// Of several processes, as torchrun starts them: how many seconds one waits for another
    #[arg(long, default_value_t = 1800, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub ddp_timeout: u64,

    /// Of several processes: the way of gradients between GPUs, nccl from one to the other, gloo through the host; auto is nccl
    /// where each has a GPU of its own
    #[arg(long, default_value = "auto", value_name = "auto|nccl|gloo")]
    pub ddp_backend: DdpBackend,

    /// On a GPU: replay what repeats as CUDA graphs, or give it operator by operator; both give the same bytes
    #[arg(long, default_value = "off", value_name = "on|off")]
    pub cuda_graphs: Switch,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::CommonArgs,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: stage::ComputeArgs,

    /// Batches, training length, seeds
    #[command(flatten)]
    pub batches: BatchArgs,

    /// Optimizer and learning rates
    #[command(flatten)]
    pub optimizer: OptimizerArgs,

    /// Learning rate schedule
    #[command(flatten)]
    pub schedule: ScheduleArgs,

    /// Loss
    #[command(flatten)]
    pub objective: ObjectiveArgs,

    /// Dropout, freezing, LoRA, EMA
    #[command(flatten)]
    pub weights: WeightArgs,

    /// When to evaluate, save, log and stop
    #[command(flatten)]
    pub intervals: IntervalArgs,
}

impl Args {
    /// Whether a GPU records graphs.
    pub(crate) fn recording(&self) -> Recording {
        match self.cuda_graphs {
            Switch::On => Recording::Repeated,
            Switch::Off => Recording::Off,
        }
    }
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// The way of gradients between GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DdpBackend {
    /// NCCL where every process has a GPU of its own, else gloo.
    Auto,
    /// From GPU to GPU.
    Nccl,
    /// Through the host: processes may share a GPU.
    Gloo,
}
