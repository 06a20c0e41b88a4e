//! `bert-eval`: evaluates a fine-tuned model on one split: predictions, metrics and the confusion matrix.
//!
//! In: the output folder of `bert-finetune` and the token file of the split. Out: `predictions.parquet`, `metrics.json` and
//! `confusion_matrix.{svg,png}`. This is the only stage that reads the test split, and only with `--split test`.

mod args;
mod predict;
mod score;
mod report;

use bert::{Classifier, Compute};
use corpus::tokens::{Labels, TokenSet};
use run_files::layout;
use run_files::metrics_json::EvaluatedSplit;
use stage::{ComputeArgs, Job, Progress, Stage, Upstream, bail_input};

pub use args::{Args, Split};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-eval", version: 1 };

/// Runs the stage.
///
/// # Errors
/// Fails when the run is not finished, the split is missing, or the labels of the two differ.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ComputeArgs { device, threads, precision } = &args.compute;
    let compute = Compute::resolve(device, *threads, precision)?;
    let trained = Upstream::open(&args.run, "bert-finetune")?;
    let split = args.split.name();
    let tokens_path = Upstream::open(&args.tokens, "sst-tokenize")?.required(&format!("{split}.parquet"))?;
    let plan = serde_json::json!({ "split": split, "precision": compute.precision });
    let job = Job::new(STAGE, &args.common)
        .plan(&plan)?
        .input_folder(&args.run)
        .input_folder(&args.tokens)
        .input("train/config.json", trained.required(layout::train::CONFIG)?)
        .input("train/model.safetensors", trained.required(layout::train::WEIGHTS)?)
        .input(format!("tokens/{split}.parquet"), &tokens_path)
        .record("threads", compute.threads)
        .record("device", compute.device_name());
    let Some(mut output) = job.begin()? else { return Ok(()) };

    let classifier = Classifier::open(&args.run, compute)?;
    let tokens = TokenSet::read(&tokens_path)?;
    check_labels(&tokens, &classifier)?;
    let sentences: Vec<&[i32]> = (0..tokens.len()).map(|row| tokens.input_ids(row)).collect();
    let mut progress = Progress::new(STAGE.name, 0, tokens.len() as u64, args.common.quiet);
    let logits = classifier.logits(&sentences, |done| progress.set(done as u64, String::new))?;
    progress.finish();

    let predictions = predict::predictions(&tokens, &classifier.output_names, &logits);
    output.output(layout::eval::PREDICTIONS, |file| Ok(predictions.write(file)?))?;
    let evaluated = EvaluatedSplit {
        dataset: tokens.metadata.dataset.clone(),
        split: split.to_owned(),
        rows: tokens.len(),
        disclaimer: tokens.metadata.disclaimer().map(str::to_owned),
    };
    let summary = match score::score(&predictions, evaluated)? {
        Some(metrics) => {
            report::write(&mut output, &metrics)?;
            report::summary(&metrics)
        }
        None => format!("{} rows predicted, none of them labeled, so there are no metrics", tokens.len()),
    };
    output.finish()?;
    let disclaimer = tokens.metadata.disclaimer().map_or(String::new(), |text| format!(" ({text})"));
    args.common.say(&format!("bert-eval: {split}{disclaimer}: {summary}; {}", args.common.out.display()));
    Ok(())
}

/// Refuses tokens whose labels are not those that the model was trained on.
fn check_labels(tokens: &TokenSet, classifier: &Classifier) -> anyhow::Result<()> {
    let (token_labels, model_labels) = (&tokens.metadata.label_names, &classifier.output_names);
    let agree = match tokens.labels {
        Labels::Classes(_) => token_labels == model_labels,
        Labels::Scores(_) => classifier.is_regression(),
    };
    if !agree {
        bail_input!(
            "the tokens have the labels {token_labels:?}, the model {model_labels:?}; \
             tokenize for the task that the model was trained on"
        );
    }
    Ok(())
}
