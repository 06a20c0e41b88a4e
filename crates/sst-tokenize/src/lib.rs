//! `sst-tokenize`: raw texts to token ids, with the checkpoint's tokenizer and one task's view of the labels.
//!
//! In: `raw/*.parquet`, and a model folder's `config.json` and tokenizer. Out: `train.parquet`, `validation.parquet`,
//! `test.parquet` (those that the raw folder has), `report.json`. A row of the train split without a target is dropped,
//! one of validation or test is kept without. Each split depends on its own rows only: a changed test text leaves the
//! other files as they are, to the byte.

mod args;
mod report;
mod split;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use checkpoint::{BertConfig, CONFIG_AND_TOKENIZER_FILES, TOKENIZER_FILES};
use corpus::label::names_have_meaning;
use corpus::raw::RawSet;
use corpus::tokenizer::{Tokenizer, agreement};
use corpus::{Split, class_balance, vocabulary};
use stage::{Fingerprint, Job, Manifest, Stage, Upstream, bail_input};

use args::Plan;
pub use args::{Args, Granularity};
use report::Report;
use split::{SplitTokenizer, TokenizedSplit};

/// What the manifest says wrote the folder.
pub const STAGE: Stage = Stage { name: "sst-tokenize", version: 1 };

/// Runs the stage.
///
/// # Errors
/// Fails on wrong or unfinished input, with exit code 2, and when the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let raw = Upstream::open(&args.raw, "sst-fetch dataset")?;
    stage::verify_files(&args.model, &CONFIG_AND_TOKENIZER_FILES)?;
    let config_path = args.model.join("config.json");
    let config = BertConfig::read(&config_path)?;
    let plan = Plan::new(args, &config)?;
    let Some(tokenizer_file) = Tokenizer::defining_file(&args.model) else {
        bail_input!("{} has neither tokenizer.json nor vocab.txt", args.model.display());
    };

    let mut job = Job::new(STAGE, &args.common)
        .plan(&plan)?
        .input_folder(&args.raw)
        .input_folder(&args.model)
        .input("model/config.json", &config_path);
    for name in TOKENIZER_FILES.into_iter().filter(|name| args.model.join(name).is_file()) {
        job = job.input(format!("model/{name}"), args.model.join(name));
    }
    let splits: Vec<(Split, PathBuf)> =
        Split::ALL.into_iter().filter_map(|split| Some((split, raw.optional(&split.file())?))).collect();
    for (split, path) in &splits {
        job = job.input(format!("raw/{}", split.file()), path);
    }
    let Some(mut out) = job.begin()? else { return Ok(()) };

    let started = Instant::now();
    let tokenizer = Tokenizer::open(&args.model, plan.max_length)?;
    vocabulary::check_tokenizer(&tokenizer, config.vocab_size)?;
    let tokenizer_sha256 = Fingerprint::of_file(&tokenizer_file)?.sha256;
    let split_tokenizer = SplitTokenizer { plan: &plan, tokenizer: &tokenizer, tokenizer_sha256: &tokenizer_sha256 };
    let order_is_said = says_order(&raw.manifest);
    let tokenized = splits.iter().map(|(split, path)| {
        let mut raw = RawSet::read(path)?;
        raw.metadata.ordered &= order_is_said || names_have_meaning(&raw.metadata.label_names);
        split_tokenizer.tokenize(*split, &raw).with_context(|| format!("cannot tokenize {}", path.display()))
    });
    let tokenized = tokenized.collect::<anyhow::Result<Vec<_>>>()?;

    for TokenizedSplit { split, tokens, .. } in &tokenized {
        out.output(&split.file(), |file| Ok(tokens.write(file)?))?;
    }
    let warnings = class_warnings(&tokenized);
    let report = Report::new(tokenized.into_iter().map(|split| split.report).collect());
    out.write_json("report.json", &report)?;
    out.record(agreement::RECORDED, agreement::recorded(&tokenizer));
    out.finish()?;
    let (rows, seconds) = (report.rows(), started.elapsed().as_secs_f64());
    args.common.say(report.to_string().trim_end());
    for warning in warnings {
        args.common.say(&format!("{}: warning: {warning}", STAGE.name));
    }
    args.common.say(&format!("{}: {rows} rows in {seconds:.1} s, {:.0} rows/s", STAGE.name, rows as f64 / seconds));
    Ok(())
}

/// What is to be known of the classes of all splits together.
fn class_warnings(tokenized: &[TokenizedSplit]) -> Vec<String> {
    let Some(first) = tokenized.first() else { return Vec::new() };
    let label_names = &first.tokens.metadata.label_names;
    let counts = |split: &TokenizedSplit| (split.split, split.tokens.labels.class_counts(label_names.len()));
    class_balance::warnings(label_names, &tokenized.iter().map(counts).collect::<Vec<_>>())
}

/// Whether the files of a raw folder say that the order of their label names means nothing. Earlier programs ordered the
/// labels of a table by the alphabet, unless the user named them, and did not say so.
fn says_order(raw: &Manifest) -> bool {
    let is_given = |key: &str| raw.plan.get(key).is_some_and(|value| !value.is_null());
    !is_given("columns") || is_given("label_rules") || is_given("label_names")
}
