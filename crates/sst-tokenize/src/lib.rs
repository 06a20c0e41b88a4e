//! `sst-tokenize`: raw texts to token ids, with the checkpoint's tokenizer and one task's view of the labels.
//!
//! In: `raw/*.parquet`, and a model folder's `config.json` and tokenizer. Out: `train.parquet`, `validation.parquet`,
//! `test.parquet` (those that the raw folder has), `report.json`, `lengths.svg`. A row of the train split without a target is dropped,
//! one of validation or test is kept without. Each split depends on its own rows only: a changed test text leaves the
//! other files as they are, to the byte.
//!
//! Raw files are read twice: labels first, from which is decided which rows belong to the task; then texts, which go
//! through the tokenizer some thousand at a time, on all cores, so that memory does not grow with them.

mod args;
mod lengths;
mod report;
mod summary;
mod lengths_chart;
mod selection;
mod split;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder, tokenizer_files};
use corpus::label::names_have_meaning;
use corpus::raw::RawReader;
use corpus::tokenizer::{Tokenizer, agreement};
use corpus::{Split, class_balance, token_rows, vocabulary};
use serde_json::{Map, Value, json};
use stage::{Fingerprint, Job, Manifest, OutputFile, OutputWriter, Stage, Upstream};

use args::Plan;
pub use args::{Args, Granularity, PaddingStrategy, TaskChoice};
use lengths_chart::{LENGTHS, lengths_chart};
use report::{Report, SplitReport};
use selection::select;
use split::SplitTokenizer;

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
    let config = ModelFolder::read_config(&args.model)?;
    let splits: Vec<(Split, PathBuf)> =
        Split::ALL.into_iter().filter_map(|split| Some((split, raw.optional(&split.file())?))).collect();
    let plan = Plan::new(args, splits.first().map(|(_, path)| path.as_path()), &config)?;
    let mut job = Job::new(STAGE, &args.common)
        .plan(&plan)?
        .input_folder(&args.raw)
        .input_folder(&args.model)
        .input("model/config.json", &config_path)
        .figures(figures);
    for (name, path) in tokenizer_files(&args.model) {
        job = job.input(format!("model/{name}"), path);
    }
    for (split, path) in &splits {
        job = job.input(format!("raw/{}", split.file()), path);
    }
    let Some(mut out) = job.begin()? else { return Ok(()) };

    let started = Instant::now();
    let tokenizer = Tokenizer::open(&args.model, plan.max_length)?.with_overflow(plan.overflow())?;
    for said in tokenizer.said() {
        args.common.say(&format!("tokenizer: {said}"));
    }
    vocabulary::check_tokenizer(&tokenizer, config.vocab_size)?;
    let tokenizer_sha256 = Fingerprint::of_file(tokenizer.file())?.sha256;
    let pad_token_id = tokenizer.pad_id().map(i32::try_from).transpose()?;
    let split_tokenizer =
        SplitTokenizer { plan: &plan, tokenizer: &tokenizer, tokenizer_sha256: &tokenizer_sha256, pad_token_id };
    let order_is_said = says_order(&raw.manifest);
    let mut selected = Vec::new();
    for (split, path) in &splits {
        let raw = RawReader::open(path)?;
        let names = &raw.metadata().label_names;
        let ordered = raw.metadata().ordered && (order_is_said || names_have_meaning(names));
        let rows =
            select(&plan, *split, &raw, ordered).with_context(|| format!("cannot tokenize {}", path.display()))?;
        selected.push((*split, raw, rows));
    }

    let mut reports = Vec::new();
    for (split, raw, rows) in &selected {
        let context = || format!("cannot tokenize {}", args.raw.join(split.file()).display());
        let tokenize = |file: &mut OutputFile| split_tokenizer.tokenize(*split, raw, rows, file).with_context(context);
        reports.push(out.output(&split.file(), tokenize)?);
    }
    let warnings = class_warnings(&reports);
    let report = Report::new(reports);
    out.write_json("report.json", &report)?;
    out.write(LENGTHS, lengths_chart(&report, plan.max_length))?;
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

/// The rows of each split.
fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    Ok(Map::from_iter([("rows".to_owned(), json!(token_rows(folder)?))]))
}

/// What is to be known of the classes of all splits together.
fn class_warnings(reports: &[SplitReport]) -> Vec<String> {
    let Some(first) = reports.first() else { return Vec::new() };
    let counts: Vec<_> = reports.iter().map(|report| (report.split, report.class_counts())).collect();
    class_balance::warnings(&first.label_names(), &counts)
}

/// Whether the files of a raw folder say that the order of their label names means nothing. Earlier programs ordered the
/// labels of a table by the alphabet, unless the user named them, and did not say so.
fn says_order(raw: &Manifest) -> bool {
    let is_given = |key: &str| raw.plan.get(key).is_some_and(|value| !value.is_null());
    raw.version > 1 || !is_given("columns") || is_given("label_rules") || is_given("label_names")
}
