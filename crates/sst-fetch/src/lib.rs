//! `sst-fetch`: datasets and models, from local files, the Hugging Face Hub or Stanford's site. The only stage that downloads.
//!
//! In: the embedded sample, a folder or files, the treebank's archives, or a repository of the hub. Out: for a dataset `train.parquet`,
//! `validation.parquet`, `test.parquet` (those that exist); for a model `config.json`, `model.safetensors` and the
//! tokenizer's files, checked to be a BERT. `check` looks into a dataset that was fetched.
//!
//! Freshness: local files are identified by their content, a repository by its commit. So a fresh output sends one request
//! to the hub, and of a dataset needs nothing in the cache but its README.

mod source;
mod shards;
mod split_files;

mod download;
mod hub;

mod dataset;
mod model;
mod check;

use clap::{Parser, Subcommand};

pub use check::CheckArgs;
pub use dataset::DatasetArgs;
pub use model::ModelArgs;

/// Fetch a dataset or a model from the Hugging Face Hub or from local files, and check a dataset.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: FetchCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum FetchCommand {
    /// Fetch a dataset and write it as raw Parquet files
    Dataset(Box<DatasetArgs>),
    /// Fetch a pre-trained BERT into a model folder
    Model(ModelArgs),
    /// Look for what spoils a dataset: copies, contradictions, texts of one split in another
    Check(CheckArgs),
}

/// Runs the stage.
///
/// # Errors
/// Fails on wrong input, with exit code 2, when the hub cannot be reached, and when the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        FetchCommand::Dataset(args) => dataset::run(args),
        FetchCommand::Model(args) => model::run(args),
        FetchCommand::Check(args) => check::run(args),
    }
}
