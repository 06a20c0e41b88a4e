//! Command-line arguments.

use std::path::PathBuf;

use bert::WindowPooling;
use clap::Parser;
use corpus::tokenizer::TruncationSide;

const EXAMPLE: &str = "Examples:
  bert-predict --model data/runs/sst2/export/hf \"A film of rare beauty.\" \"Two hours I will never get back.\"
  bert-predict --model data/runs/sst2/train --input reviews.csv --text-column review --output answers.jsonl
  zcat reviews.txt.gz | bert-predict --model data/runs/sst2/train";

const PRECISION_HELP: &str = "Precision of matrix products: auto (that of the training where --model is its output folder, else bf16 if the \
hardware supports it, else float32), float32 or bf16";

/// Predict the sentiment of texts from arguments, a file, or stdin (one text per line)
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-predict", version, after_help = EXAMPLE)]
#[command(mut_arg("precision", |arg| arg.help(PRECISION_HELP)))]
pub struct Args {
    /// Fine-tuned model: the output folder of bert-finetune, or the hf folder of bert-export
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// Texts; without any, and without --input, the lines of stdin
    #[arg(value_name = "TEXT", conflicts_with_all = ["input", "text_column"])]
    pub texts: Vec<String>,

    /// File of texts.
    #[arg(long, value_name = "FILE", help = input_help())]
    pub input: Option<PathBuf>,

    /// Column of --input that holds the texts; default: text, else sentence
    #[arg(long, value_name = "NAME", requires = "input")]
    pub text_column: Option<String>,

    /// Write the JSON lines to this file instead of stdout; it appears complete or not at all
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Bring texts to at most this many tokens; default: as in the training, else as many as the model has positions
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

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: stage::ComputeArgs,
}

fn input_help() -> String {
    format!("File of texts: txt (one per line), or a table: {}", corpus::records::extension_list())
}
