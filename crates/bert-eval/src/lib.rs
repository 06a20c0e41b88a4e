//! `bert-eval`: a trained model and one split in, its predictions, figures and confusion matrix out.
//!
//! This is the only stage that reads the test split, and only when it is asked to.

mod args;
mod predictions;
mod report;

use anyhow::anyhow;
use bert::Classifier;
use corpus::tokens::{Labels, TokenSet};
use stage::{Job, Progress, Stage, Upstream, bad_input};

pub use args::Args;

use crate::predictions::Predictions;
use crate::report::Evaluated;

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-eval", version: 1 };

/// Runs the stage.
///
/// # Errors
/// Fails when the run is not finished, the split is not there, or the two do not fit each other.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let compute = bert::Compute::resolve(&args.compute).map_err(bad_input)?;
    let trained = Upstream::open(&args.run, "bert-finetune")?;
    let split = args.split.name();
    let tokens_path = Upstream::open(&args.tokens, "sst-tokenize")?.required(&format!("{split}.parquet"))?;
    let plan = serde_json::json!({ "split": split, "precision": compute.precision });
    let job = Job::new(STAGE, &args.common)
        .plan(&plan)?
        .input("train/config.json", trained.required("config.json")?)
        .input("train/model.safetensors", trained.required("model.safetensors")?)
        .input(format!("tokens/{split}.parquet"), &tokens_path)
        .record("threads", compute.threads)
        .record("device", compute.device_name());
    let Some(mut work) = job.begin()? else { return Ok(()) };

    let classifier = Classifier::open(&args.run, compute).map_err(bad_input)?;
    let tokens = TokenSet::read(&tokens_path).map_err(bad_input)?;
    check_fit(&tokens, &classifier).map_err(bad_input)?;
    let sentences: Vec<&[i32]> = (0..tokens.len()).map(|row| tokens.input_ids(row)).collect();
    let mut progress = Progress::new(STAGE.name, 0, tokens.len() as u64, args.common.quiet);
    let logits = classifier.logits(&sentences, |done| progress.set(done as u64, String::new))?;
    progress.finish();

    let predictions = Predictions::new(&tokens, &classifier.output_names, &logits);
    work.output("predictions.parquet", |file| predictions.write(file))?;
    let disclaimer = tokens.metadata.disclaimer();
    let evaluated = Evaluated { dataset: tokens.metadata.dataset.clone(), split, rows: tokens.len(), disclaimer };
    let summary = report::write(&mut work, &predictions, evaluated)?;
    work.finish()?;
    let disclaimer = disclaimer.map_or(String::new(), |disclaimer| format!(" ({disclaimer})"));
    args.common.say(&format!("bert-eval: {split}{disclaimer}: {summary}; {}", args.common.out.display()));
    Ok(())
}

/// The labels of the tokens are those that the model was trained on.
fn check_fit(tokens: &TokenSet, classifier: &Classifier) -> anyhow::Result<()> {
    let (of_tokens, of_model) = (&tokens.metadata.label_names, &classifier.output_names);
    let fits = match tokens.labels {
        Labels::Classes(_) => of_tokens == of_model,
        Labels::Scores(_) => classifier.is_regression(),
    };
    if fits {
        return Ok(());
    }
    Err(anyhow!(
        "the tokens have the labels {of_tokens:?}, the model {of_model:?}; tokenize for the task it was trained on"
    ))
}
