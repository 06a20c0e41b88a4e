//! What can be typed. Names and defaults are those of the reference's `TrainingArguments` where it has them.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

const EXAMPLE: &str = "Example:
  bert-finetune --tokens data/tokens/sst2 --model data/models/minilm --out data/runs/sst2/train \\
      --learning-rate 5e-5 --weight-decay 0.01 --per-device-train-batch-size 16 --num-train-epochs 3

Departures from the reference's defaults: --precision auto, --eval-strategy and --save-strategy epoch,
--save-total-limit 2, --logging-steps 10, --metric-for-best-model accuracy; the best checkpoint is always kept.";

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

    /// Sentences of one forward pass
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub per_device_train_batch_size: usize,

    /// Forward passes of one optimizer step
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub gradient_accumulation_steps: usize,

    /// Highest learning rate
    #[arg(long, default_value_t = 5e-5, value_name = "RATE")]
    pub learning_rate: f64,

    /// Decoupled weight decay of the matrices
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    pub weight_decay: f64,

    /// AdamW's decay of the first moment
    #[arg(long, default_value_t = 0.9, value_name = "SHARE")]
    pub adam_beta1: f64,

    /// AdamW's decay of the second moment
    #[arg(long, default_value_t = 0.999, value_name = "SHARE")]
    pub adam_beta2: f64,

    /// Added to the root of the second moment
    #[arg(long, default_value_t = 1e-8, value_name = "EPS")]
    pub adam_epsilon: f64,

    /// Gradients are clipped to this norm; 0: never
    #[arg(long, default_value_t = 1.0, value_name = "NORM")]
    pub max_grad_norm: f64,

    /// Epochs, fractions allowed
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    pub num_train_epochs: f64,

    /// Optimizer steps in all; wins over the epochs
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,

    /// How the learning rate moves
    #[arg(long, value_enum, default_value_t = SchedulerType::Linear, value_name = "TYPE")]
    pub lr_scheduler_type: SchedulerType,

    /// Share of the steps in which the learning rate rises
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub warmup_ratio: f64,

    /// Steps in which the learning rate rises; wins over the ratio
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub warmup_steps: u64,

    /// Seed of new weights, dropout and, without --data-seed, of the order of the data
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,

    /// Seed of the order of the data
    #[arg(long, value_name = "N")]
    pub data_seed: Option<u64>,

    /// Dropout of states; default: the model's
    #[arg(long, value_name = "P")]
    pub hidden_dropout_prob: Option<f64>,

    /// Dropout of attention probabilities; default: the model's
    #[arg(long, value_name = "P")]
    pub attention_probs_dropout_prob: Option<f64>,

    /// Dropout before the classifier; default: the model's
    #[arg(long, value_name = "P")]
    pub classifier_dropout: Option<f64>,

    /// When to evaluate on the validation split
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub eval_strategy: Strategy,

    /// Steps between evaluations, with --eval-strategy steps
    #[arg(long, value_name = "N")]
    pub eval_steps: Option<u64>,

    /// The metric that chooses the best checkpoint
    #[arg(long, value_enum, value_name = "METRIC")]
    pub metric_for_best_model: Option<Metric>,

    /// When to save a checkpoint
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub save_strategy: Strategy,

    /// Steps between checkpoints, with --save-strategy steps
    #[arg(long, value_name = "N")]
    pub save_steps: Option<u64>,

    /// Checkpoints that are kept
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub save_total_limit: u64,

    /// Steps between lines of the log
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub logging_steps: u64,

    /// Print the resolved plan as JSON, check it against the inputs, and run nothing
    #[arg(long)]
    pub plan: bool,

    /// Save and pause after this step; the same command goes on from there
    #[arg(long, value_name = "N")]
    pub stop_at_step: Option<u64>,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: bert::ComputeArgs,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::Common,
}

/// How the learning rate moves, by the reference's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum SchedulerType {
    /// Up through the warm-up, then down to zero in a straight line.
    Linear,
    /// Up through the warm-up, then down to zero along half a cosine.
    Cosine,
    /// Full from the first step.
    Constant,
    /// Up through the warm-up, then full.
    ConstantWithWarmup,
}

/// When something recurring is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Never.
    No,
    /// At the end of each epoch.
    Epoch,
    /// Every so many steps.
    Steps,
}

/// A figure of the validation split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean loss; less is better.
    Loss,
    /// Share of right answers.
    Accuracy,
    /// F1, weighted by support.
    F1,
}
