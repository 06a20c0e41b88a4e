//! `bert-export`: a finished run in, a folder that other programs load out.
//!
//! `hf/` is a model folder as the hub and Transformers have it: config with label names, safetensors with the
//! reference's tensor names, tokenizer files, and a model card with the figures of the evaluations given.

mod card;

use std::path::PathBuf;

use anyhow::Context;
use checkpoint::ModelFolder;
use clap::{Parser, ValueEnum};
use stage::{Job, Stage, Upstream, bad_input};

use crate::card::Evaluated;

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-export", version: 1 };

const EXAMPLE: &str = "Example:
  bert-export --run data/runs/sst2/train --eval data/runs/sst2/eval/validation,data/runs/sst2/eval/test \\
      --out data/runs/sst2/export
  python -c 'from transformers import pipeline; print(pipeline(\"text-classification\", \"data/runs/sst2/export/hf\")(\"Fine.\"))'";

/// Writes a finished run as a model folder that Transformers loads
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-export", version, after_help = EXAMPLE)]
pub struct Args {
    /// The output of bert-finetune
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,

    /// Outputs of bert-eval whose figures go into the model card
    #[arg(long, value_name = "DIR,..", value_delimiter = ',')]
    pub eval: Vec<PathBuf>,

    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Hf, value_name = "FORMAT")]
    pub format: Format,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::Common,
}

/// A form of the exported model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A hub folder for Transformers.
    Hf,
}

/// Runs the stage.
///
/// # Errors
/// Fails when the run or an evaluation is not finished, or a file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let trained = Upstream::open(&args.run, "bert-finetune")?;
    let mut job = Job::new(STAGE, &args.common)
        .plan(&serde_json::json!({ "format": "hf" }))?
        .input("train/config.json", trained.required("config.json")?)
        .input("train/model.safetensors", trained.required("model.safetensors")?)
        .input("train/manifest.json", args.run.join(stage::MANIFEST));
    for name in checkpoint::TOKENIZER_FILES {
        if let Some(path) = trained.optional(name) {
            job = job.input(format!("train/{name}"), path);
        }
    }
    for folder in &args.eval {
        let name = folder.file_name().context("--eval needs a folder with a name")?.to_string_lossy();
        if let Some(metrics) = Upstream::open(folder, "bert-eval")?.optional("metrics.json") {
            job = job.input(format!("eval/{name}/metrics.json"), metrics);
        }
    }
    let Some(mut work) = job.begin()? else { return Ok(()) };

    let folder = ModelFolder::open(&args.run).map_err(bad_input)?;
    let evaluated = args.eval.iter().map(|folder| Evaluated::read(folder)).collect::<anyhow::Result<Vec<_>>>()?;
    let card = card::model_card(&folder, &trained.manifest, &evaluated.into_iter().flatten().collect::<Vec<_>>());
    work.copy("hf/config.json", &folder.config_path())?;
    for (name, path) in folder.tokenizer_files() {
        work.copy(&format!("hf/{name}"), &path)?;
    }
    work.write("hf/README.md", card)?;
    work.copy("hf/model.safetensors", &folder.weights_path())?;
    work.finish()?;
    args.common.say(&format!("bert-export: {}", args.common.out.join("hf").display()));
    Ok(())
}
