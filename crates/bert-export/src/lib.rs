//! `bert-export`: writes a fine-tuned model as a folder that Transformers, ONNX Runtime and the Hugging Face Hub take, and proves it.
//!
//! ```text
//! train/ ──┬─ config, tokenizer, model.safetensors (--dtype) ──┐
//!          └─ onnx/model.onnx, onnx/model_int8.onnx ───────────┤ staged ──verify──► verification.json ──┐
//! tokens/validation.parquet ───────────────────────────────────┘                                        ├─► hf/ is visible
//! eval/*/metrics.json, calibration.json, raw/, model/ ──────────► model card ───────────────────────────┘
//! ```
//!
//! Nothing is visible, and an earlier export stays as it is, until every format was loaded again and says what the model says.

mod max_flips;
mod onnx;
mod format;
mod args;
mod inputs;
mod runtime;
mod comparison;
mod verification;
mod card_facts;
mod model_card;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use checkpoint::{LongTexts, ModelFolder, OutputKind, Outputs, TOKENIZER_CONFIG, write_converted};
use run_files::calibration::Calibration;
use run_files::layout::export::{HF, MODEL_CARD, VERIFICATION};
use run_files::layout::train;
use run_files::verification::ExportVerification;
use serde_json::{Map, Value, json};
use stage::{OutputFolder, OutputWriter, StagedOutputs, Upstream, bad_input};

pub use args::{Args, CardArgs};
pub use format::{Dtype, Format, Formats};
pub use inputs::STAGE;
pub use max_flips::MaxFlips;

use card_facts::Card;
use inputs::Inputs;
use onnx::{TrainedClassifier, write_classifier};

/// How many texts have another label in each format than in the trained model; nothing where none was verified.
fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    let path = folder.join(VERIFICATION);
    if !path.exists() {
        return Ok(Map::new());
    }
    let read = || -> anyhow::Result<ExportVerification> { Ok(serde_json::from_slice(&std::fs::read(&path)?)?) };
    let ExportVerification { n, formats, .. } = read().with_context(|| format!("cannot read {}", path.display()))?;
    let flips: BTreeMap<String, usize> = formats.into_iter().map(|format| (format.format, format.flips)).collect();
    Ok(Map::from_iter([("rows".to_owned(), json!(n)), ("flips".to_owned(), json!(flips))]))
}

/// Runs the stage.
///
/// # Errors
/// Fails when the run or an evaluation is not finished, an evaluation is of another model, a metric is missing, or a file
/// cannot be written; with exit code 5 when a format does not say what the model says.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let inputs = Inputs::open(args)?;
    let Some(output) = inputs.job(args)?.figures(figures).begin()? else { return Ok(()) };
    inputs.warnings.iter().for_each(|warning| args.common.say(&format!("{}: warning: {warning}", STAGE.name)));
    export(args, &inputs, output)
}

fn export(args: &Args, inputs: &Inputs, mut output: OutputFolder) -> anyhow::Result<()> {
    let folder = ModelFolder::open(&args.run)?;
    folder.check_numbers()?;
    let evaluated = inputs.evaluated()?;
    let calibration = inputs.calibration(args)?;
    let outputs = folder.outputs()?;
    let mut staged = StagedOutputs::begin(&output)?;

    match &inputs.config {
        Some(config) => staged.write_json(&format!("{HF}/{}", train::CONFIG), &config.config)?,
        None => staged.copy(&format!("{HF}/{}", train::CONFIG), &folder.config_path())?,
    }
    let long_texts = long_texts(&inputs.trained)?;
    copy_tokenizer(&folder, long_texts.as_ref(), &mut staged)?;
    for &format in args.format.list() {
        let name = format!("{HF}/{}", format.file());
        match (format.products(), args.dtype) {
            (None, Dtype::Float32) => staged.copy(&name, &inputs.trained.required(train::WEIGHTS)?)?,
            (None, dtype) => {
                staged.output(&name, |file| Ok(write_converted(file, folder.weights()?, dtype.element())?))?
            }
            (Some(products), _) => {
                let outputs = outputs.as_ref().ok_or_else(|| bad_input!("{} has no classifier", args.run.display()))?;
                let facts = facts(inputs, outputs, calibration.as_ref());
                staged.output(&name, |file| {
                    let (weights, n_outputs) = (folder.weights()?, outputs.names.len());
                    let classifier = TrainedClassifier { config: &folder.config, weights, n_outputs };
                    write_classifier(file, classifier, products, &facts)
                })?;
            }
        }
    }
    let verification = match &inputs.tokens {
        Some(tokens) => Some(verification::verify(args, tokens, &staged)?),
        None => None,
    };
    let card = Card {
        args,
        inputs,
        folder: &folder,
        outputs: outputs.as_ref(),
        evaluated: &evaluated,
        raw: inputs.raw_metadata()?,
        calibration: calibration.as_ref(),
        long_texts: long_texts.as_ref(),
        verification: verification.as_ref(),
        staged: &staged,
    };
    let card = model_card::markdown(&card);
    staged.write(&format!("{HF}/{MODEL_CARD}"), card)?;
    if let Some(verification) = &verification {
        staged.write_json(VERIFICATION, verification)?;
    }
    output.ensure_inputs_unchanged()?; // before an earlier result gives way
    staged.publish(&mut output)?;
    output.finish()?;
    for line in verification.iter().flat_map(model_card::verification_lines) {
        args.common.say(&format!("{}: {line}", STAGE.name));
    }
    args.common.say(&format!("{}: {}", STAGE.name, args.common.out.join(HF).display()));
    Ok(())
}

/// What an ONNX file says of itself beside its graph.
fn facts(inputs: &Inputs, outputs: &Outputs, calibration: Option<&Calibration>) -> Vec<(&'static str, String)> {
    let problem = match outputs.kind {
        OutputKind::Score => "regression",
        OutputKind::Class => "single_label_classification",
        OutputKind::Labels => "multi_label_classification",
    };
    let mut facts = vec![
        ("labels", Value::from(outputs.names.clone()).to_string()),
        ("problem_type", problem.to_owned()),
        ("run_key", inputs.trained.manifest.key.clone()),
    ];
    facts.extend(inputs.weights().map(|weights| ("weights_sha256", weights.sha256.clone())));
    let max_length = inputs.trained.manifest.recorded.get(train::MAX_LENGTH);
    facts.extend(max_length.map(|length| ("max_length", length.to_string())));
    facts.extend(calibration.map(|calibration| ("temperature", calibration.temperature.to_string())));
    facts
}

/// The tokenizer's files as they are, but for keys that Transformers 4 does not take, the length to which Transformers truncates texts,
/// and what becomes of longer ones: as in the training. Runs of earlier programs do not know their length.
fn copy_tokenizer(
    folder: &ModelFolder,
    long_texts: Option<&LongTexts>,
    staged: &mut StagedOutputs,
) -> anyhow::Result<()> {
    let config = folder.exported_tokenizer_config(long_texts)?;
    for (name, path) in
        folder.tokenizer_files().into_iter().filter(|(name, _)| config.is_none() || *name != TOKENIZER_CONFIG)
    {
        staged.copy(&format!("{HF}/{name}"), &path)?;
    }
    match config {
        Some(config) => staged.write_json(&format!("{HF}/{TOKENIZER_CONFIG}"), &config),
        None => Ok(()),
    }
}

/// What became of long texts in the training.
fn long_texts(trained: &Upstream) -> anyhow::Result<Option<LongTexts>> {
    let fact = |name| trained.manifest.recorded.get(name);
    let Some(max_length) = fact(train::MAX_LENGTH).and_then(Value::as_u64) else { return Ok(None) };
    let max_length = usize::try_from(max_length).context("the length of the training's texts")?;
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
