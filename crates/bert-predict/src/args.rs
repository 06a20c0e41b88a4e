//! Command-line arguments.

mod answer;
mod input;
mod output;

use std::path::PathBuf;

use bert::WindowPooling;
use clap::Parser;
use corpus::tokenizer::TruncationSide;
use stage::LogFormat;

pub(crate) use answer::AnswerArgs;
pub(crate) use input::InputArgs;
pub use input::InputFormat;
pub(crate) use output::{OutputArgs, Shard};

const EXAMPLE: &str = "Examples:
  bert-predict --model data/runs/sst2/export/hf \"A film of rare beauty.\"
  bert-predict --model data/runs/sst2/train --input reviews.csv \\
      --text-column review --output answers.jsonl
  zcat reviews.txt.gz | bert-predict --model data/runs/sst2/train
  bert-predict --model data/runs/sst2/train --input 'reviews-*.csv.gz' \\
      --keep-columns id --output answers.parquet

Large files in parts, by several processes:
  bert-predict --model data/runs/sst2/train --input reviews.parquet \\
      --out answers --output-format parquet --shard 1/4
  # As a task of an engine
  bert-predict --model data/runs/sst2/train --input reviews.parquet \\
      --out answers --shard auto/4
  bert-predict --collect answers";

const PRECISION_HELP: &str = "Precision of matrix products: auto (that of the training where --model is its output folder, else bf16 if the \
hardware supports it, else float32), float32, bf16, or int8 (quantized; processors with AVX512_VNNI)";

const STRICT_HELP: &str = "Stop at the first row that cannot be read, instead of answering it with null";

/// Predict the sentiment of texts from arguments, files, or stdin
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-predict", version, after_help = EXAMPLE)]
#[command(mut_arg("precision", |arg| arg.help(PRECISION_HELP).value_parser(stage::INFERENCE_PRECISIONS)))]
#[command(mut_arg("strict", |arg| arg.help(STRICT_HELP)))]
pub struct Args {
    /// Fine-tuned model: the output folder of bert-finetune, or the hf folder of bert-export
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    pub model: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) answer: AnswerArgs,

    /// Bring texts to at most this many tokens; default: as in the training, else the tokenizer's model_max_length, or as many as the model has positions
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// Where longer texts are cut: right, left, or head-tail, which cuts out the middle; default: as in the training
    #[arg(long, value_name = "SIDE")]
    pub truncation_side: Option<TruncationSide>,

    /// Read longer texts in windows instead; neighbors share N tokens, [CLS] and [SEP] not counted; default: as in the training
    #[arg(long, value_name = "N", conflicts_with = "truncation_side")]
    pub window_stride: Option<usize>,

    /// How the logits of a text come from those of its windows: mean, max
    #[arg(long, value_name = "POOLING", default_value_t = WindowPooling::Mean)]
    pub window_pooling: WindowPooling,

    /// TOML profile; its section [predict] is read, and flags override it
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Take these keys out of the profile, so that their defaults hold; may be repeated
    #[arg(long, value_name = "KEY,...")]
    pub unset: Vec<stage::List>,

    /// Print no progress and no summary to stderr
    #[arg(long)]
    pub quiet: bool,

    /// Print one JSON line last on stdout: stage, folder or file, key, state (fresh or done) and counts; with --output, --out or --collect
    #[arg(long, conflicts_with = "explain")]
    pub json_summary: bool,

    /// How messages on stderr are written: text, or json (an object a line: time, level, stage, message)
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: stage::ComputeArgs,
}

impl Args {
    /// Prints a line to stderr; with `--quiet` only a warning.
    pub(crate) fn say(&self, line: &str) {
        let say = if self.quiet { stage::say_warnings } else { stage::say };
        say(&format!("bert-predict: {line}"));
    }
}
