//! `bert-eval`: evaluates a fine-tuned model on one split: predictions, metrics and the confusion matrix.
//!
//! In: the output folder of `bert-finetune` and the token file of the split. Out: `predictions.parquet`, `metrics.json` and
//! `confusion_matrix.{svg,png}`. This is the only stage that reads the test split, and only with `--split test`.

mod args;
mod run_facts;
mod predict;
mod score;
mod report;

use bert::Classifier;
use checkpoint::CONFIG_AND_TOKENIZER_FILES;
use corpus::tokenizer::Overflow;
use corpus::tokens::{Labels, TokenSet};
use corpus::{class_balance, shortened_list, vocabulary};
use run_files::layout;
use run_files::metrics_json::EvaluatedSplit;
use stage::{Job, Progress, Stage, Upstream, bail_input, counted};

pub use args::{Args, Split};

use crate::predict::Texts;
use crate::run_facts::{
    check_tokenizer, max_length_warning, overflow_warning, read_metadata, resolve_compute, train_class_counts,
};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-eval", version: 1 };

/// Runs the stage.
///
/// # Errors
/// Fails when the run is not finished, the split is missing, or the labels or the tokenizers of the two differ.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let trained = Upstream::open(&args.run, "bert-finetune")?;
    let split = args.split.name();
    let tokenized = Upstream::open(&args.tokens, "sst-tokenize")?;
    let tokens_path = tokenized.required(&format!("{split}.parquet"))?;
    stage::verify_files(&args.run, &CONFIG_AND_TOKENIZER_FILES)?;
    let metadata = read_metadata(&tokens_path)?;
    let doubt = check_tokenizer(args, &tokenized.manifest, &metadata)?;
    let (compute, remark) = resolve_compute(&args.compute, &trained.manifest)?;
    let mut plan = serde_json::json!({ "split": split, "precision": compute.precision });
    if let Overflow::Windows { .. } = metadata.overflow {
        plan["window_pooling"] = args.window_pooling.name().into();
    }
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

    let warn = |warning: String| args.common.say(&format!("{}: warning: {warning}", STAGE.name));
    doubt.into_iter().for_each(warn);
    remark.into_iter().for_each(|remark| args.common.say(&format!("{}: {remark}", STAGE.name)));
    let classifier = Classifier::open(&args.run, compute)?;
    let tokens = TokenSet::read(&tokens_path)?;
    check_labels(&tokens, &classifier)?;
    vocabulary::check_token_set(&tokens, &tokens_path, classifier.folder.config.vocab_size)?;
    max_length_warning(args, &trained.manifest, &tokens).into_iter().for_each(warn);
    overflow_warning(args, &trained.manifest, &tokens)?.into_iter().for_each(warn);
    let texts = Texts::of(&tokens);
    let names = &tokens.metadata.label_names;
    let of_training = train_class_counts(&trained.manifest, names.len()).map(|counts| (corpus::Split::Train, counts));
    let of_split = (args.split.of_corpus(), texts.labels.class_counts(names.len()));
    let counts: Vec<_> = of_training.into_iter().chain([of_split]).collect();
    class_balance::warnings(names, &counts).into_iter().for_each(warn);
    let sentences: Vec<&[i32]> = (0..tokens.len()).map(|row| tokens.input_ids(row)).collect();
    let mut progress = Progress::new(STAGE.name, 0, tokens.len() as u64, args.common.quiet);
    let logits = classifier.logits(&sentences, |done| progress.set(done as u64, String::new))?;
    progress.finish();

    let logits = args.window_pooling.pool(&logits, classifier.output_names.len(), &tokens.window_offsets);
    let predictions = texts.predictions(&classifier.output_names, &logits);
    output.output(layout::eval::PREDICTIONS, |file| Ok(predictions.write(file)?))?;
    let evaluated = EvaluatedSplit {
        dataset: tokens.metadata.dataset.clone(),
        split: split.to_owned(),
        rows: tokens.n_texts(),
        disclaimer: tokens.metadata.disclaimer().map(str::to_owned),
    };
    let summary = match score::score(&predictions, evaluated)? {
        Some(metrics) => {
            report::write(&mut output, &metrics)?;
            report::summary(&metrics)
        }
        None => {
            format!(
                "{} predicted, none of them labeled, so there are no metrics",
                counted(tokens.n_texts() as u64, "row")
            )
        }
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
            "the tokens have {}, the model has {}; tokenize for the task that the model was trained on",
            described(token_labels),
            described(model_labels)
        );
    }
    Ok(())
}

/// Label names as a part of a sentence; tokens of scores have none.
fn described(label_names: &[String]) -> String {
    match label_names {
        [] => "scores".to_owned(),
        names => format!("the labels ({})", shortened_list(names)),
    }
}
