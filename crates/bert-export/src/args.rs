//! Command-line arguments.

use std::path::PathBuf;

use clap::Parser;

use crate::format::{Dtype, Formats};
use crate::max_flips::MaxFlips;

const EXAMPLE: &str = "Examples:
  bert-export --run data/runs/sst2/train --out data/runs/sst2/export \\
      --eval data/runs/sst2/eval/validation,data/runs/sst2/eval/test
  bert-export --run data/runs/sst2/train --format hf,onnx,onnx-int8 \\
      --tokens data/tokens/sst2 --out data/runs/sst2/export

In Python:
  from transformers import pipeline
  pipeline(\"text-classification\", \"data/runs/sst2/export/hf\")(\"Fine.\")

With --tokens nothing is written unless every format says what the model says: exit code 5.";

/// Export a fine-tuned model for Transformers and ONNX Runtime, verified on the validation split, with a model card
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-export", version, after_help = EXAMPLE)]
pub struct Args {
    /// Output folder of bert-finetune
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,

    /// Formats, all in one folder: hf (safetensors for Transformers and the hub), onnx (float32), onnx-int8
    #[arg(long, default_value = "hf", value_name = "FORMAT,...")]
    pub format: Formats,

    /// Dtype of the weights of hf
    #[arg(long, value_enum, default_value_t, value_name = "DTYPE")]
    pub dtype: Dtype,

    /// Token files, the output folder of sst-tokenize: every format is loaded again and run over their validation split
    #[arg(long, value_name = "DIR")]
    pub tokens: Option<PathBuf>,

    /// Most labels of the validation split that may be other than the model's, of each format: a number or a share; default: 0
    /// for float32, 1% for bfloat16, float16 and int8, rounded up
    #[arg(long, value_name = "N|X%", requires = "tokens")]
    pub max_flips: Option<MaxFlips>,

    /// CPU threads of the verification; default: all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,

    /// What the model card tells
    #[command(flatten)]
    pub card: CardArgs,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::CommonArgs,
}

/// What the model card tells beside the run; what is not given is left out.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CardArgs {
    /// Output folders of bert-eval whose metrics go into the model card; may be repeated. A name with a comma is quoted
    #[arg(long, value_name = "DIR,...")]
    pub eval: Vec<stage::List>,

    /// Temperature of the probabilities, usually eval/validation/calibration.json; for the card and the metadata of ONNX files
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,

    /// Output folder of sst-fetch with the texts: their source and license go into the model card
    #[arg(long, value_name = "DIR")]
    pub raw: Option<PathBuf>,

    /// Output folder of sst-fetch with the model that the run began with, for its name on the hub
    #[arg(long, value_name = "DIR")]
    pub base_model: Option<PathBuf>,

    /// License of the model, as the hub spells it: apache-2.0, mit, cc-by-4.0, ...
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,

    /// Languages of the texts, as the hub spells them: en, de, ...
    #[arg(long, value_name = "CODE,...")]
    pub language: Option<stage::List>,

    /// Name of the model; default: bert-DATASET
    #[arg(long, value_name = "NAME")]
    pub model_name: Option<String>,
}
