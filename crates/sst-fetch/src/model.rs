//! `sst-fetch model`: a pre-trained BERT to a model folder, checked before anything is copied.

use std::path::Path;

use anyhow::Context;
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder, TOKENIZER_FILES, WEIGHTS_INDEX, no_weights_hint, shards};
use clap::Args;
use corpus::tokenizer::Tokenizer;
use corpus::vocabulary;
use hf_hub::RepoType;
use serde::Serialize;
use stage::{CommonArgs, Job, OutputWriter, Stage, bail_input, ensure_input};

use crate::hub::Repository;
use crate::source::Source;

const STAGE: Stage = Stage { name: "sst-fetch model", version: 1 };

/// The arguments of `sst-fetch model`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sst-fetch model --source hub:google-bert/bert-base-uncased \\\n      \
    --out data/models/bert-base-uncased\n  \
    sst-fetch model --source path/to/minilm --out data/models/minilm\n\n\
    The folder or repository needs config.json, model.safetensors (or several files with their index), and \
    tokenizer.json or vocab.txt. The environment variables HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are \
    honored.")]
pub struct ModelArgs {
    /// hub:OWNER/NAME[@REV], or a folder
    #[arg(long, value_name = "SOURCE")]
    source: Source,

    /// Arguments of every stage.
    #[command(flatten)]
    common: CommonArgs,
}

/// Everything in the settings that defines the result. The names of its fields are part of the key.
#[derive(Debug, Serialize)]
struct Plan {
    source: String,
    /// Of a repository whose list of files is not known, the names of those that are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<Vec<&'static str>>,
}

pub(crate) fn run(args: &ModelArgs) -> anyhow::Result<()> {
    match &args.source {
        Source::Sample => bail_input!("there is no sample model; give --source hub:OWNER/NAME or a folder"),
        Source::Stanford => bail_input!("stanford is a dataset; give --source hub:OWNER/NAME or a folder"),
        Source::Path(folder) => from_folder(args, folder),
        Source::Hub(name) => {
            let repository = Repository::open(RepoType::Model, name, args.common.quiet)?;
            from_hub(args, &repository)
        }
    }
}

/// A folder is identified by the content of its files; it is checked first, so that a wrong one costs nothing.
fn from_folder(args: &ModelArgs, path: &Path) -> anyhow::Result<()> {
    stage::verify_files(path, &CONFIG_AND_TOKENIZER_FILES)?;
    let (folder, tokenizer) = check(path)?;
    let mut job =
        Job::new(STAGE, &args.common).plan(&Plan { source: "folder".to_owned(), cached: None })?.input_folder(path);
    for file in files(&folder)? {
        job = job.input(&file, folder.path.join(&file));
    }
    let Some(mut out) = job.begin()? else { return Ok(()) };
    folder.check_numbers()?; // all weights are read, which no fresh folder waits for
    for file in files(&folder)? {
        out.copy(&file, &folder.path.join(&file))?;
    }
    out.finish()?;
    report(args, &folder, &tokenizer)
}

fn from_hub(args: &ModelArgs, repository: &Repository) -> anyhow::Result<()> {
    let names = files_to_fetch(repository.files()).with_context(|| repository.described())?;
    let source = format!("hub:{}@{}", repository.id(), repository.commit());
    let plan = Plan { source, cached: repository.is_cached_only().then(|| names.clone()) };
    let Some(mut out) = Job::new(STAGE, &args.common).plan(&plan)?.begin()? else { return Ok(()) };
    if let Some(remark) = repository.remark() {
        args.common.say(&remark);
    }
    repository.remember();
    for name in &names {
        repository.fetch(name)?;
    }
    if names.contains(&WEIGHTS_INDEX) {
        fetch_shards(repository)?;
    }
    let (folder, tokenizer) = check(&repository.folder())?;
    folder.check_numbers()?;
    for file in files(&folder)? {
        out.copy(&file, &folder.path.join(&file))?;
    }
    out.record("commit", repository.commit());
    out.finish()?;
    report(args, &folder, &tokenizer)
}

/// Fetches the files of weights that the index names, if the repository has all of them.
fn fetch_shards(repository: &Repository) -> anyhow::Result<()> {
    let names = shards(&repository.folder().join(WEIGHTS_INDEX))?;
    if let Some(missing) = names.iter().find(|name| !repository.files().contains(name)) {
        bail_input!("{WEIGHTS_INDEX} names {missing}, which {} does not have", repository.id());
    }
    names.iter().try_for_each(|name| repository.fetch(name).map(drop))
}

/// The files to fetch, chosen from the list alone: weights may be gigabytes. Of weights in several files, the index.
fn files_to_fetch(listed: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let has = |name: &str| listed.iter().any(|listed| listed == name);
    ensure_input!(has("config.json"), "the repository has no config.json: it is not a Transformers model");
    let weights = if has("model.safetensors") { "model.safetensors" } else { WEIGHTS_INDEX };
    ensure_input!(has(weights), "the repository has no model.safetensors{}", no_weights_hint(listed));
    ensure_input!(has("tokenizer.json") || has("vocab.txt"), "the repository has neither tokenizer.json nor vocab.txt");
    Ok(["config.json", weights].into_iter().chain(TOKENIZER_FILES).filter(|name| has(name)).collect())
}

/// The folder, if it is a BERT, and its tokenizer, if that fits it.
fn check(path: &Path) -> anyhow::Result<(ModelFolder, Tokenizer)> {
    let folder = ModelFolder::open(path)?;
    let config = &folder.config;
    let tokenizer = Tokenizer::open(path, config.max_position_embeddings)?;
    vocabulary::check_tokenizer(&tokenizer, config.vocab_size)?;
    Ok((folder, tokenizer))
}

/// The files of a model that its folder has.
fn files(folder: &ModelFolder) -> anyhow::Result<Vec<String>> {
    let weights = folder.weight_files()?.into_iter().map(|(name, _)| name);
    let of_tokenizer = folder.tokenizer_files().into_iter().map(|(name, _)| name.to_owned());
    Ok(["config.json".to_owned()].into_iter().chain(weights).chain(of_tokenizer).collect())
}

fn report(args: &ModelArgs, folder: &ModelFolder, tokenizer: &Tokenizer) -> anyhow::Result<()> {
    let config = &folder.config;
    for remark in folder.weights()?.remarks() {
        args.common.say(&format!("{}: {remark}", STAGE.name));
    }
    for said in tokenizer.said() {
        args.common.say(&format!("tokenizer: {said}"));
    }
    args.common.say(&format!(
        "{}: wrote {}, a BERT with {} layers, hidden size {}, {} word pieces, {} positions",
        STAGE.name,
        args.common.out.display(),
        config.num_hidden_layers,
        config.hidden_size,
        config.vocab_size,
        config.max_position_embeddings
    ));
    Ok(())
}
