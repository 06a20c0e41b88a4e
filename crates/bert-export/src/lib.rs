//! `bert-export`: writes a fine-tuned model as a folder that Transformers and the Hugging Face Hub take.
//!
//! In: the output folder of `bert-finetune`, and those of `bert-eval` for the model card. Out: `hf/` with the config and
//! its label names and the dropout of the training, safetensors under the tensor names of Transformers, the tokenizer files with the length to which texts
//! were truncated in the training, and the model card.

mod args;
mod model_card;

use std::path::{Path, PathBuf};

use checkpoint::{
    ExportedConfig, LongTexts, ModelFolder, TOKENIZER_CONFIG, TOKENIZER_FILES, exported_config,
    tokenizer_config_changes,
};
use run_files::layout::export::{HF, MODEL_CARD};
use run_files::layout::{eval, train};
use run_files::metrics_json;
use serde::Serialize;
use serde_json::Value;
use stage::{Fingerprint, Job, List, OutputFolder, Stage, Upstream, bad_input, ensure_input};

pub use args::Args;

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-export", version: 1 };

/// The role of the weights among the inputs of this stage and of `bert-eval`.
const TRAINED_WEIGHTS: &str = "train/model.safetensors";

/// Runs the stage.
///
/// # Errors
/// Fails when the run or an evaluation is not finished, an evaluation is of another model, a metric is missing, or a file
/// cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let trained = Upstream::open(&args.run, "bert-finetune")?;
    let config = changed_config(&trained)?;
    let tokenizer_changes = tokenizer_config_changes(&args.run)?;
    let plan = Plan {
        format: &args.format,
        config_changes: config.as_ref().map(|config| config.changed.as_slice()),
        tokenizer_config_changes: Some(tokenizer_changes.as_slice()).filter(|changes| !changes.is_empty()),
    };
    let mut job = Job::new(STAGE, &args.common)
        .plan(&plan)?
        .own_folders(&[HF])
        .input_folder(&args.run)
        .input("train/config.json", trained.required(train::CONFIG)?)
        .input(TRAINED_WEIGHTS, trained.required(train::WEIGHTS)?)
        .input("train/manifest.json", args.run.join(stage::MANIFEST));
    for name in TOKENIZER_FILES {
        if let Some(path) = trained.optional(name) {
            job = job.input(format!("train/{name}"), path);
        }
    }
    for folder in args.eval.iter().flat_map(List::items) {
        job = job.input_folder(folder);
    }
    let metrics_files = metrics_files(args, &trained)?;
    for (split, path) in &metrics_files {
        job = job.input(format!("eval/{split}/metrics.json"), path);
    }
    let Some(mut output) = job.begin()? else { return Ok(()) };

    let folder = ModelFolder::open(&args.run)?;
    folder.check_numbers()?;
    let metrics = metrics_files.iter().map(|(_, path)| metrics_json::read(path)).collect::<Result<Vec<_>, _>>()?;
    match config {
        Some(config) => output.write_json(&format!("{HF}/{}", train::CONFIG), &config.config)?,
        None => output.copy(&format!("{HF}/{}", train::CONFIG), &folder.config_path())?,
    }
    copy_tokenizer(&folder, &trained, &mut output)?;
    output.write(&format!("{HF}/{MODEL_CARD}"), model_card::markdown(&folder, &trained.manifest, &metrics))?;
    output.copy(&format!("{HF}/{}", train::WEIGHTS), &trained.required(train::WEIGHTS)?)?;
    output.finish()?;
    args.common.say(&format!("bert-export: {}", args.common.out.join(HF).display()));
    Ok(())
}

/// Everything in the settings and in the run that defines the result. The names of its fields are part of the key.
#[derive(Serialize)]
struct Plan<'a> {
    format: &'a str,
    /// The keys of config.json that are other than in the run; exports that changed none keep the key that they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_changes: Option<&'a [String]>,
    /// Those of tokenizer_config.json, beside what it says of long texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokenizer_config_changes: Option<&'a [&'static str]>,
}

/// The config as it is exported, where that is not the run's: with the dropout that the training's flags gave, and without what
/// runs of earlier programs kept of the head of the model that they began with.
fn changed_config(trained: &Upstream) -> anyhow::Result<Option<ExportedConfig>> {
    let path = trained.required(train::CONFIG)?;
    stage::verify_file(&path)?;
    let given = |&name: &&'static str| Some((name, trained.manifest.plan.get(name)?.as_f64()?));
    let rates: Vec<(&str, f64)> = train::DROPOUT.iter().filter_map(given).collect();
    Ok(exported_config(&path, &rates)?)
}

/// The tokenizer's files as they are, but for keys that Transformers 4 does not take, the length to which Transformers truncates texts,
/// and what becomes of longer ones: as in the training. Runs of earlier programs do not know their length.
fn copy_tokenizer(folder: &ModelFolder, trained: &Upstream, output: &mut OutputFolder) -> anyhow::Result<()> {
    let config = folder.exported_tokenizer_config(long_texts(trained)?.as_ref())?;
    for (name, path) in
        folder.tokenizer_files().into_iter().filter(|(name, _)| config.is_none() || *name != TOKENIZER_CONFIG)
    {
        output.copy(&format!("{HF}/{name}"), &path)?;
    }
    match config {
        Some(config) => output.write_json(&format!("{HF}/{TOKENIZER_CONFIG}"), &config),
        None => Ok(()),
    }
}

/// What became of long texts in the training.
fn long_texts(trained: &Upstream) -> anyhow::Result<Option<LongTexts>> {
    let fact = |name| trained.manifest.recorded.get(name);
    let Some(max_length) = fact(train::MAX_LENGTH).and_then(Value::as_u64) else { return Ok(None) };
    let max_length = usize::try_from(max_length)?;
    let right = || "right".to_owned();
    let side = fact(train::TRUNCATION_SIDE).and_then(Value::as_str);
    Ok(Some(match (side, fact(train::WINDOW_STRIDE)) {
        (_, Some(stride)) => {
            LongTexts { max_length, truncation_side: right(), other: Some((train::WINDOW_STRIDE, stride.clone())) }
        }
        (None, None) => LongTexts { max_length, truncation_side: right(), other: None },
        (Some("left"), None) => LongTexts { max_length, truncation_side: "left".to_owned(), other: None },
        (Some(side), None) => {
            LongTexts { max_length, truncation_side: right(), other: Some((train::TRUNCATION_SIDE, side.into())) }
        }
    }))
}

/// The name of each evaluation's folder and the path of its metrics. A split without labels has no metrics.
fn metrics_files(args: &Args, trained: &Upstream) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for folder in args.eval.iter().flat_map(List::items).map(Path::new) {
        let name = folder.file_name().ok_or_else(|| {
            bad_input!("--eval is {}, which has no name; expected an output folder of bert-eval", folder.display())
        })?;
        let evaluated = Upstream::open(folder, "bert-eval")?;
        check_weights(args, trained, folder, &evaluated)?;
        if let Some(path) = evaluated.optional(eval::METRICS) {
            files.push((name.to_string_lossy().into_owned(), path));
        }
    }
    Ok(files)
}

/// Refuses the evaluation of other weights than those of the run: its figures would be another model's.
fn check_weights(args: &Args, trained: &Upstream, folder: &Path, evaluated: &Upstream) -> anyhow::Result<()> {
    let (run, eval) = (args.run.display(), folder.display());
    let of_run = trained.manifest.outputs.get(train::WEIGHTS);
    let of_eval = evaluated.manifest.inputs.get(TRAINED_WEIGHTS);
    ensure_input!(
        of_run == of_eval,
        "{eval} evaluates another model than that of {run}, or an older one: SHA-256 {} of {} there, {} here; evaluate \
         the run again with `bert-eval --run {run} --out {eval}`, its --tokens and its --split",
        Fingerprint::short(of_eval),
        train::WEIGHTS,
        Fingerprint::short(of_run)
    );
    Ok(())
}
