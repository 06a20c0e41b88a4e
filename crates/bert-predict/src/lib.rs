//! `bert-predict`: texts in, a label and probabilities for each out, as JSON lines.
//!
//! The model is any fine-tuned BERT: a folder that `bert-finetune` or `bert-export` wrote, or one from the hub.

mod args;
mod run_facts;
mod texts;
mod too_long;
mod prediction;

use std::io::{self, BufWriter, stdout};
use std::path::Path;

use anyhow::Context;
use bert::{Classifier, Compute};
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder};
use corpus::tokenizer::{Overflow, Tokenizer};
use corpus::vocabulary;
use stage::{ComputeArgs, OutputFile, Verification, ensure_input};

pub use args::Args;

use crate::prediction::{Prediction, write_json_lines};
use crate::run_facts::RunFacts;
use crate::too_long::too_long;

/// Runs the program.
///
/// # Errors
/// Fails when the model is not fine-tuned, a text cannot be read, or the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ComputeArgs { device, threads, precision } = &args.compute;
    if let Some(file) = &args.output {
        let inputs: Vec<&Path> =
            [Some(&args.model), args.input.as_ref()].into_iter().flatten().map(|path| &**path).collect();
        stage::check_output_file(file, &inputs)?;
    }
    if let Some(file) = &args.input {
        stage::verify_file(file)?;
    }
    // A run or an export has to be what its stage wrote. The weights are hashed beside all else.
    stage::verify_files(&args.model, &CONFIG_AND_TOKENIZER_FILES)?;
    let weights = ModelFolder::open(&args.model)?.weight_files()?;
    let weights: Vec<Verification> = weights.iter().map(|(_, path)| Verification::begin(path)).collect();
    let run = RunFacts::of(&args.model);
    let (compute, remark) = Compute::resolve_for_run(device, *threads, precision, run.precision.as_deref())?;
    if let Some(remark) = remark {
        eprintln!("bert-predict: {remark}");
    }
    let classifier = Classifier::open(&args.model, compute)?;
    classifier.remarks.iter().for_each(|remark| eprintln!("bert-predict: {remark}"));
    let config = &classifier.folder.config;
    let max_length = match args.max_length {
        Some(max_length) => max_length,
        None => run.default_max_length(&classifier.folder)?,
    };
    ensure_input!(
        max_length <= config.max_position_embeddings,
        "--max-length is {max_length}, but the model has only {} position embeddings",
        config.max_position_embeddings
    );
    let overflow = overflow(args, &run, &classifier)?;
    let mut tokenizer = Tokenizer::open(&args.model, max_length)?;
    if let Some(overflow) = overflow {
        tokenizer = tokenizer.with_overflow(overflow)?;
    }
    let texts = texts::read(args)?;
    let encodings = tokenizer.encode(&texts)?;
    vocabulary::check_encodings(&encodings, &tokenizer, config.vocab_size)?;
    if let Some(message) = too_long(&encodings, &tokenizer) {
        eprintln!("bert-predict: {message}");
    }
    let rows: Vec<&[i32]> = encodings.rows().collect();
    let logits = classifier.logits(&rows, |_| ())?;
    weights.into_iter().try_for_each(Verification::finish)?;
    let output_names = &classifier.output_names;
    let logits = args.window_pooling.pool(&logits, output_names.len(), &encodings.window_offsets);
    let rows = texts.iter().zip(logits.chunks(output_names.len()));
    let kind = classifier.output_kind;
    let predictions = rows.map(|(text, logits)| Prediction { text, output_names, kind, logits });
    match &args.output {
        None => match write_json_lines(BufWriter::new(stdout().lock()), predictions) {
            Err(error) if is_broken_pipe(&error) => Ok(()), // the reader has seen enough, as `head` does
            result => result,
        },
        Some(path) => {
            let mut file = OutputFile::create(path)?;
            write_json_lines(&mut file, predictions).with_context(|| format!("cannot write {}", path.display()))?;
            file.commit().map(|_| ())
        }
    }
}

/// What becomes of texts that are too long: what was typed, else what the run or the export says; `None`: as its tokenizer says.
fn overflow(args: &Args, run: &RunFacts, classifier: &Classifier) -> anyhow::Result<Option<Overflow>> {
    match (args.truncation_side, args.window_stride) {
        (_, Some(stride)) => Ok(Some(Overflow::Windows { stride })),
        (Some(side), None) => Ok(Some(Overflow::Truncate(side))),
        (None, None) => run.default_overflow(&classifier.folder),
    }
}

/// Whether a write failed since nobody reads any more.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let of_json = |error: &serde_json::Error| error.io_error_kind();
        cause.downcast_ref::<io::Error>().map(io::Error::kind).or_else(|| cause.downcast_ref().and_then(of_json))
    });
    kind == Some(io::ErrorKind::BrokenPipe)
}
