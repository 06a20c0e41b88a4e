//! Run facts: what the training says of itself, and whether the evaluation agrees with it: tokenizer, precision and length.

use std::path::Path;

use bert::Compute;
use corpus::tokenizer::Overflow;
use corpus::tokenizer::agreement::TokenizerOrigin;
use corpus::tokens::TokensMetadata;
use run_files::layout::train;
use stage::{ComputeArgs, Manifest, bad_input};

use crate::args::Args;

/// What a token file says of its rows.
///
/// # Errors
/// Fails when it cannot be read, or was changed.
pub(crate) fn read_metadata(file: &Path) -> anyhow::Result<TokensMetadata> {
    let metadata = TokensMetadata::read(file);
    if metadata.is_err() {
        stage::verify_file(file)?; // that it was damaged says more than where
    }
    Ok(metadata?)
}

/// Refuses tokens that the run's tokenizer would not make. Where that cannot be told, a warning is returned.
///
/// # Errors
/// Fails when the tokenizers differ or one cannot be read.
pub(crate) fn check_tokenizer(
    args: &Args,
    tokens: &Manifest,
    metadata: &TokensMetadata,
) -> anyhow::Result<Option<String>> {
    let inputs = tokens.inputs.iter().map(|(role, input)| (role.as_str(), input.sha256.as_str()));
    let origin = TokenizerOrigin::new(&tokens.recorded, inputs);
    Ok(origin.check(&args.tokens, &args.run, &metadata.tokenizer_sha256)?)
}

/// The device and the precision: what was typed, else the precision of the run; and a remark where that is not what the
/// device would take by itself.
///
/// # Errors
/// Fails when the device is not there.
pub(crate) fn resolve_compute(
    typed: &ComputeArgs,
    trained: &Manifest,
) -> anyhow::Result<(Compute, Option<&'static str>)> {
    let of_run = trained.plan.get(train::PRECISION).and_then(|precision| precision.as_str());
    Ok(Compute::resolve_for_run(&typed.device, typed.threads, &typed.precision, of_run)?)
}

/// What to say of tokens whose rows have another length at most than those of the training. Runs of earlier programs
/// do not know theirs.
pub(crate) fn max_length_warning(args: &Args, trained: &Manifest, tokens: &TokensMetadata) -> Option<String> {
    let of_run = trained.recorded.get(train::MAX_LENGTH)?.as_u64()?;
    let max_length = tokens.max_length;
    (of_run != max_length as u64).then(|| {
        format!(
            "the texts of {} were truncated to {max_length} tokens, those of the training to {of_run}; for figures of the \
             model as it was trained, tokenize with --max-length {of_run}",
            args.tokens.display()
        )
    })
}

/// What to say of tokens whose long texts were cut in another way than those of the training.
///
/// # Errors
/// Fails on a fact of the training that a newer program has written.
pub(crate) fn overflow_warning(
    args: &Args,
    trained: &Manifest,
    tokens: &TokensMetadata,
) -> anyhow::Result<Option<String>> {
    let fact = |name| trained.recorded.get(name);
    let of_run = Overflow::of_json(fact(train::TRUNCATION_SIDE), fact(train::WINDOW_STRIDE)).map_err(|problem| {
        bad_input!("{}: {problem}; was it written by a newer program?", args.run.join(stage::MANIFEST).display())
    })?;
    let of_tokens = tokens.overflow;
    Ok((of_run != of_tokens).then(|| {
        format!(
            "long texts of {} were {}, those of the training {}; for figures of the model as it was trained, tokenize \
             with {}",
            args.tokens.display(),
            of_tokens.described(),
            of_run.described(),
            of_run.flag()
        )
    }))
}

/// The texts of each of `n_classes` in the training. Runs of earlier programs do not know theirs.
pub(crate) fn train_class_counts(trained: &Manifest, n_classes: usize) -> Option<Vec<usize>> {
    let counts = trained.recorded.get(train::CLASS_COUNTS)?.as_array()?;
    let counts: Option<Vec<usize>> = counts.iter().map(|count| count.as_u64()?.try_into().ok()).collect();
    counts.filter(|counts| counts.len() == n_classes)
}
