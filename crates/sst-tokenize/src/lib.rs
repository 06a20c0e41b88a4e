//! Raw texts to token ids, with the checkpoint's tokenizer and one task's view of the labels.
//!
//! In: `raw/*.parquet`, and a model folder's `config.json` and tokenizer. Out: `train.parquet`, `validation.parquet`,
//! `test.parquet` (those that the raw folder has), `report.json`. A row of train without a target is dropped, one of
//! validation or test is kept without. Each split depends on its own rows only: a changed test text leaves the other
//! files as they are, to the byte.

mod report;
mod split;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};
use checkpoint::{BertConfig, TOKENIZER_FILES};
use clap::{Parser, ValueEnum};
use corpus::Split;
use corpus::raw::RawSet;
use corpus::task::Task;
use corpus::tokenizer::Tokenizer;
use serde::Serialize;
use stage::{Common, Fingerprint, Job, Stage, Upstream, bad_input};

use report::Report;
use split::{Rules, Tokenized, tokenize};

/// What the manifest says wrote the folder.
pub const STAGE: Stage = Stage { name: "sst-tokenize", version: 1 };

/// The length of the reference's examples, and the number of positions of nearly every BERT.
const USUAL_LENGTH: usize = 512;

/// Turn raw texts into token ids with a checkpoint's tokenizer.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  \
    sst-tokenize --raw data/raw/sst --model data/models/minilm --task sst2 --out data/tokens/sst2\n\n\
    Reads what sst-fetch wrote; bert-finetune reads what this writes."
)]
pub struct Args {
    /// Folder of raw texts: what `sst-fetch dataset` made
    #[arg(long, value_name = "DIR")]
    pub raw: PathBuf,

    /// Model folder, for its tokenizer and its number of positions
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// What the labels mean: sst2, sst3, sst5, regression, or labels (the dataset's own classes)
    #[arg(long)]
    pub task: Task,

    /// Rows of train: whole sentences, or every phrase that has a label
    #[arg(long, value_enum, default_value_t = Granularity::Sentences)]
    pub granularity: Granularity,

    /// Cut texts to this many tokens, [CLS] and [SEP] counted [default: 512, or what the model has positions for]
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// At most the first N rows of each split, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_samples: Option<u64>,

    /// What every stage has.
    #[command(flatten)]
    pub common: Common,
}

/// Which rows of train are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// Whole sentences.
    Sentences,
    /// Sentences and their labelled parts.
    Phrases,
}

/// Everything in the settings that defines the result.
#[derive(Debug, Serialize)]
struct Plan {
    task: Task,
    granularity: Granularity,
    max_length: usize,
    max_samples: Option<u64>,
}

/// Runs the stage.
///
/// # Errors
/// Fails on wrong or unfinished input, with exit code 2, and when the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let raw = Upstream::open(&args.raw, "sst-fetch dataset")?;
    let config_path = args.model.join("config.json");
    let config = BertConfig::read(&config_path).map_err(bad_input)?;
    let max_length = max_length(args, &config)?;
    let Some(tokenizer_file) = Tokenizer::defining_file(&args.model) else {
        return Err(bad_input(anyhow!("{} has neither tokenizer.json nor vocab.txt", args.model.display())));
    };

    let plan = Plan { task: args.task, granularity: args.granularity, max_length, max_samples: args.max_samples };
    let mut job = Job::new(STAGE, &args.common).plan(&plan)?.input("model/config.json", &config_path);
    for name in TOKENIZER_FILES.into_iter().filter(|name| args.model.join(name).is_file()) {
        job = job.input(format!("model/{name}"), args.model.join(name));
    }
    let splits: Vec<(Split, PathBuf)> =
        Split::ALL.into_iter().filter_map(|split| Some((split, raw.optional(&split.file())?))).collect();
    for (split, path) in &splits {
        job = job.input(format!("raw/{}", split.file()), path);
    }
    let Some(mut work) = job.begin()? else { return Ok(()) };

    let started = Instant::now();
    let tokenizer = open_tokenizer(&args.model, &tokenizer_file, &config, max_length)?;
    let sha256 = Fingerprint::of_file(&tokenizer_file)?.sha256;
    let rules = Rules { plan: &plan, tokenizer: &tokenizer, tokenizer_sha256: &sha256 };
    let tokenized = splits.iter().map(|(split, path)| tokenize_file(&rules, *split, path));
    let tokenized = tokenized.collect::<anyhow::Result<Vec<_>>>()?;

    for Tokenized { split, tokens, .. } in &tokenized {
        work.output(&split.file(), |file| Ok(tokens.write(file)?))?;
    }
    let report = Report::new(tokenized.into_iter().map(|split| split.report).collect());
    work.write_json("report.json", &report)?;
    work.finish()?;
    let (rows, seconds) = (report.rows(), started.elapsed().as_secs_f64());
    args.common.say(report.to_string().trim_end());
    args.common.say(&format!("{}: {rows} rows in {seconds:.1} s, {:.0} rows/s", STAGE.name, rows as f64 / seconds));
    Ok(())
}

/// The length to cut to. Only a length that was asked for can be wrong; the usual one gives way, and says so.
fn max_length(args: &Args, config: &BertConfig) -> anyhow::Result<usize> {
    let positions = config.max_position_embeddings;
    match args.max_length {
        Some(length) if length > positions => Err(bad_input(anyhow!(
            "--max-length {length} is beyond the {positions} positions of {}; give at most {positions}",
            args.model.display()
        ))),
        Some(length) if length < 3 => {
            Err(bad_input(anyhow!("--max-length {length} has no room for [CLS], a token and [SEP]; give at least 3")))
        }
        Some(length) => Ok(length),
        None if positions < USUAL_LENGTH => {
            args.common.say(&format!("max_length is {positions}: the model has no more positions"));
            Ok(positions)
        }
        None => Ok(USUAL_LENGTH),
    }
}

fn open_tokenizer(model: &Path, file: &Path, config: &BertConfig, max_length: usize) -> anyhow::Result<Tokenizer> {
    let tokenizer = Tokenizer::open(model, max_length).map_err(bad_input)?;
    if tokenizer.vocab_size() > config.vocab_size {
        return Err(bad_input(anyhow!(
            "{} has ids up to {}, but the model's word table has only {} rows (vocab_size in config.json); \
             they are not of one checkpoint",
            file.display(),
            tokenizer.vocab_size() - 1,
            config.vocab_size
        )));
    }
    Ok(tokenizer)
}

fn tokenize_file(rules: &Rules, split: Split, path: &Path) -> anyhow::Result<Tokenized> {
    let raw = RawSet::read(path).map_err(bad_input)?;
    tokenize(rules, split, &raw).with_context(|| format!("cannot tokenize {}", path.display())).map_err(bad_input)
}
