//! Command-line arguments.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLE: &str = "Example:
  bert-export --run data/runs/sst2/train --eval data/runs/sst2/eval/validation,data/runs/sst2/eval/test \\
      --out data/runs/sst2/export
  python -c 'from transformers import pipeline; print(pipeline(\"text-classification\", \"data/runs/sst2/export/hf\")(\"Fine.\"))'";

/// Export a fine-tuned model as a folder that Transformers loads, with a model card
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-export", version, after_help = EXAMPLE)]
pub struct Args {
    /// Output folder of bert-finetune
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,

    /// Output folders of bert-eval whose metrics go into the model card; may be repeated. A name with a comma is quoted
    #[arg(long, value_name = "DIR,...")]
    pub eval: Vec<stage::List>,

    /// Format: hf, a folder for Transformers and the Hugging Face Hub
    #[arg(long, default_value = "hf", value_name = "FORMAT", value_parser = ["hf"])]
    pub format: String,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::CommonArgs,
}
