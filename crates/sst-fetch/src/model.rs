//! `sst-fetch model`: a pre-trained BERT into a model folder, checked before anything is copied.

use std::path::Path;

use anyhow::{anyhow, bail};
use checkpoint::{ModelFolder, TOKENIZER_FILES};
use clap::Args;
use corpus::tokenizer::Tokenizer;
use hf_hub::RepoType;
use serde::Serialize;
use stage::{Common, Job, Stage, bad_input};

use crate::hub::Repository;
use crate::source::Source;

const STAGE: Stage = Stage { name: "sst-fetch model", version: 1 };

/// The arguments of `sst-fetch model`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sst-fetch model --source hub:google-bert/bert-base-uncased --out data/models/bert-base-uncased\n  \
    sst-fetch model --source path/to/minilm --out data/models/minilm\n\n\
    The folder or repository needs config.json, model.safetensors, and tokenizer.json or vocab.txt. The hub's client\n\
    honours HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.")]
pub struct ModelArgs {
    /// hub:OWNER/NAME[@REV], or a folder
    #[arg(long, value_name = "SOURCE")]
    source: Source,

    /// What every stage has.
    #[command(flatten)]
    common: Common,
}

/// Everything in the settings that defines the result.
#[derive(Debug, Serialize)]
struct Plan {
    source: String,
}

pub(crate) fn run(args: &ModelArgs) -> anyhow::Result<()> {
    match &args.source {
        Source::Sample | Source::Stanford => {
            Err(bad_input(anyhow!("there is no such model; give --source hub:OWNER/NAME or a folder")))
        }
        Source::Path(folder) => from_folder(args, folder),
        Source::Hub(name) => {
            let repository = Repository::open(RepoType::Model, name, args.common.quiet)?;
            from_hub(args, &repository)
        }
    }
}

/// A folder counts by the content of its files; it is checked first, so that a wrong one costs nothing.
fn from_folder(args: &ModelArgs, path: &Path) -> anyhow::Result<()> {
    let folder = check(path).map_err(bad_input)?;
    let mut job = Job::new(STAGE, &args.common).plan(&Plan { source: "folder".to_owned() })?;
    for file in files(&folder) {
        job = job.input(file, folder.path.join(file));
    }
    let Some(mut work) = job.begin()? else { return Ok(()) };
    for file in files(&folder) {
        work.copy(file, &folder.path.join(file))?;
    }
    work.finish()?;
    say_done(args, &folder);
    Ok(())
}

fn from_hub(args: &ModelArgs, repository: &Repository) -> anyhow::Result<()> {
    let plan = Plan { source: format!("hub:{}@{}", repository.id(), repository.commit()) };
    let wanted = wanted(repository.files()).map_err(bad_input)?;
    let Some(mut work) = Job::new(STAGE, &args.common).plan(&plan)?.begin()? else { return Ok(()) };
    for name in &wanted {
        repository.fetch(name)?;
    }
    let folder = check(&repository.folder()).map_err(bad_input)?;
    for file in files(&folder) {
        work.copy(file, &folder.path.join(file))?;
    }
    work.record("commit", repository.commit());
    work.finish()?;
    say_done(args, &folder);
    Ok(())
}

/// The files to take, after a look at the list alone: weights may be gigabytes.
fn wanted(listed: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let has = |name: &str| listed.iter().any(|listed| listed == name);
    if !has("config.json") {
        bail!("the repository has no config.json: it is not a model of Transformers");
    }
    if !has("model.safetensors") {
        if has("model.safetensors.index.json") {
            bail!("the repository's weights are sharded; only a single model.safetensors is supported");
        }
        if has("pytorch_model.bin") {
            bail!(
                "the repository has its weights only as pytorch_model.bin, a pickle, which is never read; \
                 give a repository or revision with model.safetensors"
            );
        }
        bail!("the repository has no model.safetensors");
    }
    if !has("tokenizer.json") && !has("vocab.txt") {
        bail!("the repository has neither tokenizer.json nor vocab.txt");
    }
    Ok(["config.json", "model.safetensors"].into_iter().chain(TOKENIZER_FILES).filter(|name| has(name)).collect())
}

/// Whether the folder is a BERT with a tokenizer that fits it.
fn check(path: &Path) -> anyhow::Result<ModelFolder> {
    if !path.is_dir() {
        bail!(
            "{} is not a folder; expected one with config.json, model.safetensors and tokenizer.json",
            path.display()
        );
    }
    let folder = ModelFolder::open(path)?;
    let config = &folder.config;
    let tokenizer = Tokenizer::open(path, config.max_position_embeddings)?;
    if tokenizer.vocab_size() > config.vocab_size {
        bail!(
            "{} has ids up to {}, but the model's word table has only {} rows (vocab_size in config.json); \
             they are not of one checkpoint",
            tokenizer.file().display(),
            tokenizer.vocab_size() - 1,
            config.vocab_size
        );
    }
    Ok(folder)
}

/// The files of a model that its folder has.
fn files(folder: &ModelFolder) -> Vec<&'static str> {
    let there = |name: &&str| folder.path.join(name).is_file();
    ["config.json", "model.safetensors"].into_iter().chain(TOKENIZER_FILES).filter(there).collect()
}

fn say_done(args: &ModelArgs, folder: &ModelFolder) {
    let config = &folder.config;
    args.common.say(&format!(
        "{}: {} holds a BERT of {} layers, {} wide, {} word pieces, {} positions",
        STAGE.name,
        args.common.out.display(),
        config.num_hidden_layers,
        config.hidden_size,
        config.vocab_size,
        config.max_position_embeddings
    ));
}
