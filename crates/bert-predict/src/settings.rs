//! Settings: a model folder with everything that decides what it says of a text, before any weight is read.

use std::path::{Path, PathBuf};

use bert::{ClassifierFolder, Compute, WindowPooling};
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder, OutputKind};
use corpus::tokenizer::{Overflow, Tokenizer};
use run_files::calibration::Calibration;
use stage::{ComputeArgs, bail_input, ensure_input};

use crate::args::Args;
use crate::run_facts::RunFacts;
use crate::verdict::Decoding;

/// A model folder with everything that decides what it says of a text.
pub(crate) struct Settings {
    pub(crate) compute: Compute,
    pub(crate) decoding: Decoding,
    pub(crate) max_length: usize,
    pub(crate) overflow: Overflow,
    pub(crate) pooling: WindowPooling,
    pub(crate) attributions: bool,
    /// The rows that the model's word embeddings have.
    pub(crate) vocab_size: usize,
    /// The files of the folder that the model is made of: its weights, its config and its tokenizer.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// What is there of a model before its weights are read.
pub(crate) struct Unloaded {
    pub(crate) classifier: ClassifierFolder,
    pub(crate) tokenizer: Tokenizer,
}

impl Settings {
    /// Opens the model folder `model`, and its tokenizer.
    ///
    /// # Errors
    /// Fails when the model is not fine-tuned, is not what its stage wrote, or does not fit what is requested.
    pub(crate) fn open(model: &Path, args: &Args) -> anyhow::Result<(Self, Unloaded)> {
        // A run or an export has to be what its stage wrote; the weights are verified when they are read.
        stage::verify_files(model, &CONFIG_AND_TOKENIZER_FILES)?;
        let classifier = ClassifierFolder::open(model)?;
        let folder = &classifier.folder;
        let run = RunFacts::of(model);
        let ComputeArgs { device, threads, precision } = &args.compute;
        let (compute, remark) = Compute::resolve_for_run(device, *threads, precision, run.precision.as_deref())?;
        remark.iter().for_each(|remark| stage::say(&format!("bert-predict: {remark}")));
        let positions = folder.config.max_position_embeddings;
        let max_length = match args.max_length {
            Some(max_length) => max_length,
            None => run.default_max_length(folder)?,
        };
        ensure_input!(
            max_length <= positions,
            "--max-length is {max_length}, but the model has only {positions} position embeddings"
        );
        let mut tokenizer = Tokenizer::open(model, max_length)?;
        if let Some(overflow) = overflow(args, &run, folder)? {
            tokenizer = tokenizer.with_overflow(overflow)?;
        }
        let small = CONFIG_AND_TOKENIZER_FILES.iter().map(|name| ((*name).to_owned(), model.join(name)));
        let files = small.filter(|(_, path)| path.is_file()).chain(folder.weight_files()?).collect();
        let settings = Self {
            compute,
            decoding: decoding(args, &classifier)?,
            max_length,
            overflow: tokenizer.overflow(),
            pooling: args.window_pooling,
            attributions: args.answer.attributions,
            vocab_size: folder.config.vocab_size,
            files,
        };
        Ok((settings, Unloaded { classifier, tokenizer }))
    }
}

/// What becomes of texts that are too long: what was typed, else what the run or the export says; `None`: as its tokenizer says.
fn overflow(args: &Args, run: &RunFacts, folder: &ModelFolder) -> anyhow::Result<Option<Overflow>> {
    match (args.truncation_side, args.window_stride) {
        (_, Some(stride)) => Ok(Some(Overflow::Windows { stride })),
        (Some(side), None) => Ok(Some(Overflow::Truncate(side))),
        (None, None) => run.default_overflow(folder),
    }
}

/// How verdicts are made, where the model's outputs allow what is requested.
fn decoding(args: &Args, classifier: &ClassifierFolder) -> anyhow::Result<Decoding> {
    let answer = &args.answer;
    let ClassifierFolder { folder, outputs } = classifier;
    let kind = outputs.kind;
    let given = [("--top-k", answer.top_k.is_some()), ("--threshold", answer.threshold.is_some())];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given && kind == OutputKind::Score) {
        bail_input!("{flag} is about probabilities, but the model predicts a score; leave it out");
    }
    let temperature = match &answer.calibration {
        None => None,
        Some(_) if kind != OutputKind::Class => {
            bail_input!("--calibration is about classes of which one is right; the model has others; leave it out")
        }
        Some(file) => Some(temperature(file, folder)?),
    };
    let top_k = answer.top_k.map(|top_k| usize::try_from(top_k).unwrap_or(usize::MAX));
    Ok(Decoding { names: outputs.names.clone(), kind, top_k, threshold: answer.threshold, temperature })
}

/// The temperature of a file, which has to be that of these weights.
fn temperature(file: &Path, folder: &ModelFolder) -> anyhow::Result<f64> {
    stage::verify_file(file)?;
    let weights = folder.weight_files()?;
    let calibration = match weights.as_slice() {
        [(_, path)] => Calibration::read_of(file, &folder.path, &stage::Fingerprint::of_file(path)?.sha256)?,
        // bert-eval evaluates whole files, so that none is of shards.
        _ => bail_input!(
            "--calibration {} is of one file of weights, but {} has {} of them",
            file.display(),
            folder.path.display(),
            weights.len()
        ),
    };
    Ok(calibration.temperature)
}
