//! Datasets and models, from local files or from the hub. The only stage that downloads.
//!
//! In: the embedded sample, a folder or files, or a repository of the hub. Out: for a dataset `train.parquet`,
//! `validation.parquet`, `test.parquet` (those that there are); for a model `config.json`, `model.safetensors` and the
//! tokenizer's files, checked to be a BERT.
//!
//! Freshness: local files count by content. A repository counts by its commit, which fixes the content, so a fresh
//! output asks the hub once and needs nothing in the cache.

mod dataset;
mod hub;
mod labels;
mod local;
mod model;
mod read;
mod source;

use clap::{Parser, Subcommand};

pub use dataset::DatasetArgs;
pub use model::ModelArgs;

/// Fetch a dataset or a model.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What to fetch.
    #[command(subcommand)]
    pub what: What,
}

/// What to fetch.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Bring a dataset into raw Parquet files
    Dataset(Box<DatasetArgs>),
    /// Bring a pre-trained BERT into a model folder
    Model(ModelArgs),
}

/// Runs the stage.
///
/// # Errors
/// Fails on wrong input, with exit code 2, when the hub cannot be reached, and when the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.what {
        What::Dataset(args) => dataset::run(args),
        What::Model(args) => model::run(args),
    }
}
