//! Evaluation of one run on one split: predictions, figures, and what explains them.
//!
//! ```text
//! tokens, run ──inference──► predictions ──┬─ score ──────► metrics.json, requirements
//!                                          ├─ calibration ► calibration.json
//! raw texts, row by row ───────────────────┼─ slices ─────► slices.json
//!                                          └─ errors ─────► errors.jsonl, with attributions
//! ```

mod run_facts;
mod raw_texts;
mod inputs;
mod inference;
mod score;
mod requirements;
mod slices;
mod slice_figures;
mod errors;
mod attributed;
mod text_pass;
mod baseline_report;
mod nodes;
mod calibrate;
mod curves;
mod pictures;
mod terminal;
mod page;
mod tensorboard;
mod findings;

use bert::Classifier;
use corpus::raw::RawReader;
use corpus::tokens::{TokenSet, TokensReader};
use corpus::{class_balance, vocabulary};
use run_files::layout::eval::METRICS;
use run_files::metrics_json::{EvaluatedSplit, Metrics};
use run_files::predictions::{Outcomes, Predictions};
use stage::{OutputFolder, Progress, counted};

use self::attributed::Source;
use self::baseline_report::{baseline_report, train_targets};
use self::findings::Findings;
use self::inference::{Decoding, Inferred, infer};
pub use self::inputs::STAGE;
use self::inputs::{Inputs, Raw};
use self::nodes::{ensure_phrases, node_figures};
use self::run_facts::train_class_counts;
use self::slice_figures::SliceFigures;
use self::text_pass::TextPass;
use crate::args::{Args, Split};
use crate::labeled::Labeled;

/// Evaluates a run, and holds its figures to what is required.
///
/// # Errors
/// Fails when the run is not finished, the split is missing, or the labels or the tokenizers of the two differ; with exit
/// code 5 when a requirement is missed.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let requirements = requirements::requirements(&args.require)?;
    let inputs = Inputs::open(args)?;
    if let Some(output) = inputs.job(args)?.begin()? {
        evaluate(args, &inputs, output)?;
    }
    if args.common.explain {
        return Ok(());
    }
    requirements::check(&requirements, &args.common.out.join(METRICS))
}

fn evaluate(args: &Args, inputs: &Inputs, mut output: OutputFolder) -> anyhow::Result<()> {
    let say = |text: &str| args.common.say(&format!("{}: {text}", STAGE.name));
    let mut warnings = inputs.warnings.clone();
    inputs.remarks.iter().for_each(|remark| say(remark));
    let calibration = inputs::calibration(args, &inputs.metadata, &output)?;
    let temperature = calibration.map(|calibration| calibration.temperature);
    let train_targets = inputs.raw.as_ref().map(train_targets).transpose()?.flatten();
    if let Some(raw) = inputs.raw.as_ref().filter(|_| args.nodes) {
        ensure_phrases(raw)?;
    }
    let classifier = inputs.classifier(args)?;
    let reader = TokensReader::open(&inputs.tokens)?;
    let inferred = predict(args, inputs, &classifier, &reader, temperature)?;
    let predictions = &inferred.predictions;
    warnings.extend(balance_warnings(args, inputs, predictions));
    warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));

    let mut errors = errors::worst(predictions, args.errors);
    let pass = TextPass { predictions, n_tokens: &inferred.n_tokens, temperature, save_texts: args.save_texts };
    let (slices, said) = match &inputs.raw {
        Some(raw) => pass.with_texts(raw, &mut errors, &mut output)?,
        None => pass.without_texts(&mut output)?,
    };
    said.iter().for_each(|said| say(said));
    let n_attributed = args.attributions.min(errors.len());
    if n_attributed > 0 {
        let source = Source { classifier: &classifier, reader: &reader, predictions, pooling: args.window_pooling };
        source.attribute(&mut errors[..n_attributed], args.common.quiet)?;
    }

    let evaluated = EvaluatedSplit {
        dataset: inputs.metadata.dataset.clone(),
        split: args.split.name().to_owned(),
        rows: predictions.len(),
        disclaimer: inputs.metadata.disclaimer().map(str::to_owned),
    };
    let disclaimer = evaluated.disclaimer.as_ref().map_or(String::new(), |text| format!(" ({text})"));
    let Some(labeled) = Labeled::of(predictions) else {
        output.finish()?;
        let rows = counted(predictions.len() as u64, "row");
        say(&format!("{rows} predicted, none of them labeled, so there are no metrics; {}", args.common.out.display()));
        return Ok(());
    };
    let metrics = score::score(&labeled, evaluated)?;
    if let Some(warning) = divisions_by_zero(&metrics) {
        say(&format!("warning: {warning}"));
        warnings.push(warning);
    }
    let fitted = match (&labeled, &metrics) {
        (Labeled::Classes(classes), Metrics::Classes(metrics))
            if args.split == Split::Validation && temperature.is_none() =>
        {
            Some(calibrate::fit(classes, predictions, metrics, inputs::weights_sha256(&output))?)
        }
        _ => None,
    };
    let label_issues = match &labeled {
        Labeled::Classes(classes) => classes.label_issues()?,
        Labeled::Scores(_) => Vec::new(),
    };
    errors::mark_label_issues(&mut errors, &label_issues);
    let baseline = match (&inputs.raw, train_targets) {
        (Some(raw), Some(targets)) => baseline_report(raw, targets, &predictions.ids, &labeled, &metrics)?,
        _ => None,
    };
    let nodes = match &inputs.raw {
        Some(raw) if args.nodes => nodes(args, inputs, raw, &classifier)?,
        _ => None,
    };
    let findings = Findings {
        predictions,
        baseline,
        nodes,
        temperature,
        fitted,
        metrics,
        slices: slice_figures::slice_figures(&slices, &labeled)?,
        labeled,
        errors,
        n_label_issues: label_issues.len(),
        warnings,
    };
    findings.write(args, inputs, &mut output)?.iter().for_each(|said| say(said));
    output.finish()?;
    args.common.say(terminal::class_table(&findings.metrics).trim_end());
    let summary = terminal::summary(&findings.metrics);
    say(&format!("{}{disclaimer}: {summary}; {}", args.split.name(), args.common.out.display()));
    Ok(())
}

/// What the model predicts for the split.
fn predict(
    args: &Args,
    inputs: &Inputs,
    classifier: &Classifier,
    reader: &TokensReader,
    temperature: Option<f64>,
) -> anyhow::Result<Inferred> {
    let vocab_size = classifier.folder.config.vocab_size;
    let check = |part: &TokenSet| Ok(vocabulary::check_token_set(part, &inputs.tokens, vocab_size)?);
    let decoding = Decoding { window_pooling: args.window_pooling, temperature: temperature.unwrap_or(1.0) };
    let mut progress = Progress::new(STAGE.name, 0, reader.n_rows(), args.common.quiet);
    let inferred = infer(classifier, reader, decoding, &mut progress, check)?;
    progress.finish();
    Ok(inferred)
}

/// Which scores of classes are 0 since nothing is divided by; `metrics.json` has all of them.
fn divisions_by_zero(metrics: &Metrics) -> Option<String> {
    const MOST: usize = 3;
    let Metrics::Classes(metrics) = metrics else { return None };
    let warnings = &metrics.classification.warnings;
    let (shown, others) = warnings.split_at(MOST.min(warnings.len()));
    let others = if others.is_empty() { String::new() } else { format!("; and {} more", others.len()) };
    (!shown.is_empty()).then(|| format!("{}{others}", shown.join("; ")))
}

/// The figures of the nodes of the trees.
fn nodes(args: &Args, inputs: &Inputs, raw: &Raw, classifier: &Classifier) -> anyhow::Result<Option<SliceFigures>> {
    let mut progress = Progress::new("bert-eval: nodes", 0, RawReader::open(&raw.split)?.n_rows(), args.common.quiet);
    let figures = node_figures(raw, classifier, &inputs.metadata, &mut progress)?;
    progress.finish();
    Ok(figures)
}

fn balance_warnings(args: &Args, inputs: &Inputs, predictions: &Predictions) -> Vec<String> {
    let names = &inputs.metadata.label_names;
    let Outcomes::Classes { labels, .. } = &predictions.outcomes else { return Vec::new() };
    let mut of_split = vec![0; names.len()];
    labels.iter().flatten().for_each(|&label| of_split[label as usize] += 1);
    let of_training = train_class_counts(&inputs.trained.manifest, names.len());
    let of_training = of_training.map(|counts| (corpus::Split::Train, counts));
    let counts: Vec<_> = of_training.into_iter().chain([(args.split.of_corpus(), of_split)]).collect();
    class_balance::warnings(names, &counts)
}
