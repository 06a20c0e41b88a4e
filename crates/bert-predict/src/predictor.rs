//! Predictor: a model folder with everything that decides what it says of a text.

use std::path::{Path, PathBuf};

use bert::{Classifier, Compute, TextRequest, WindowPooling, argmax, attribute_texts};
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder, OutputKind};
use corpus::tokenizer::{Encodings, Overflow, Tokenizer};
use run_files::attribution::token_contributions;
use run_files::calibration::Calibration;
use stage::{ComputeArgs, Verification, bail_input, ensure_input};

use crate::answer::Attribution;
use crate::args::Args;
use crate::run_facts::RunFacts;
use crate::verdict::Decoding;

/// A model that is ready to predict.
pub(crate) struct Predictor {
    classifier: Classifier,
    pooling: WindowPooling,
    /// Spells the tokens of attributions, where these are asked for.
    spelling: Option<Tokenizer>,
    pub(crate) compute: Compute,
    pub(crate) decoding: Decoding,
    pub(crate) max_length: usize,
    pub(crate) overflow: Overflow,
    /// The files of the model's folder that it was made of.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// What the model says of the texts of a window.
pub(crate) struct Predicted {
    /// `(n_texts, n_outputs)`
    pub(crate) logits: Vec<f32>,
    /// `(n_texts)`, or nothing where nobody asked.
    pub(crate) attributions: Vec<Attribution>,
}

impl Predictor {
    /// Opens the model folder `model`, and its tokenizer.
    ///
    /// # Errors
    /// Fails when the model is not fine-tuned, is not what its stage wrote, or does not fit what is asked for.
    pub(crate) fn open(model: &Path, args: &Args) -> anyhow::Result<(Self, Tokenizer)> {
        // A run or an export has to be what its stage wrote. The weights are hashed beside all else.
        stage::verify_files(model, &CONFIG_AND_TOKENIZER_FILES)?;
        let weights = ModelFolder::open(model)?.weight_files()?;
        let verifications: Vec<Verification> = weights.iter().map(|(_, path)| Verification::begin(path)).collect();
        let run = RunFacts::of(model);
        let ComputeArgs { device, threads, precision } = &args.compute;
        let (compute, remark) = Compute::resolve_for_run(device, *threads, precision, run.precision.as_deref())?;
        let classifier = Classifier::open(model, compute)?;
        let remarks = remark.into_iter().chain(classifier.remarks.iter().map(String::as_str));
        remarks.for_each(|remark| eprintln!("bert-predict: {remark}"));
        let positions = classifier.folder.config.max_position_embeddings;
        let max_length = match args.max_length {
            Some(max_length) => max_length,
            None => run.default_max_length(&classifier.folder)?,
        };
        ensure_input!(
            max_length <= positions,
            "--max-length is {max_length}, but the model has only {positions} position embeddings"
        );
        let mut tokenizer = Tokenizer::open(model, max_length)?;
        if let Some(overflow) = overflow(args, &run, &classifier)? {
            tokenizer = tokenizer.with_overflow(overflow)?;
        }
        let decoding = decoding(args, &classifier)?;
        let small = CONFIG_AND_TOKENIZER_FILES.iter().map(|name| ((*name).to_owned(), model.join(name)));
        let files = small.filter(|(_, path)| path.is_file()).chain(weights).collect();
        verifications.into_iter().try_for_each(Verification::finish)?;
        let (overflow, pooling) = (tokenizer.overflow(), args.window_pooling);
        let spelling = args.answer.attributions.then(|| Tokenizer::open(model, usize::MAX)).transpose()?;
        Ok((Self { classifier, pooling, spelling, compute, decoding, max_length, overflow, files }, tokenizer))
    }

    /// The rows that the model's word embeddings have.
    pub(crate) fn vocab_size(&self) -> usize {
        self.classifier.folder.config.vocab_size
    }

    /// What the model says of texts.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub(crate) fn predict(&self, encodings: &Encodings) -> anyhow::Result<Predicted> {
        let rows: Vec<&[i32]> = encodings.rows().collect();
        let logits = self.classifier.logits(&rows, |_| ())?;
        let logits = self.pooling.pool(&logits, self.decoding.names.len(), &encodings.window_offsets);
        let attributions = match &self.spelling {
            Some(tokenizer) => self.attributions(encodings, &rows, &logits, tokenizer)?,
            None => Vec::new(),
        };
        Ok(Predicted { logits, attributions })
    }

    /// What the tokens of each text contribute to its largest logit.
    fn attributions(
        &self,
        encodings: &Encodings,
        rows: &[&[i32]],
        logits: &[f32],
        tokenizer: &Tokenizer,
    ) -> anyhow::Result<Vec<Attribution>> {
        let outputs: Vec<usize> = logits.chunks(self.decoding.names.len()).map(argmax).collect();
        let request =
            |(text, &output): (usize, &usize)| TextRequest { windows: rows[encodings.windows(text)].to_vec(), output };
        let requests = outputs.iter().enumerate().map(request).collect();
        let found = attribute_texts(&self.classifier, self.pooling, requests, |_| ())?;
        let attributed = outputs.iter().zip(found).map(|(&output, text)| Attribution {
            output,
            tokens: token_contributions(tokenizer.spelled(&text.input_ids), text.contributions),
        });
        Ok(attributed.collect())
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

/// How verdicts are made, where the model's outputs allow what is asked for.
fn decoding(args: &Args, classifier: &Classifier) -> anyhow::Result<Decoding> {
    let answer = &args.answer;
    let kind = classifier.output_kind;
    let given = [("--top-k", answer.top_k.is_some()), ("--threshold", answer.threshold.is_some())];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given && kind == OutputKind::Score) {
        bail_input!("{flag} is about probabilities, but the model predicts a score; leave it out");
    }
    let temperature = match &answer.calibration {
        None => None,
        Some(_) if kind != OutputKind::Class => {
            bail_input!("--calibration is about classes of which one is right; the model has others; leave it out")
        }
        Some(file) => Some(temperature(file, &classifier.folder)?),
    };
    let top_k = answer.top_k.map(|top_k| usize::try_from(top_k).unwrap_or(usize::MAX));
    Ok(Decoding { names: classifier.output_names.clone(), kind, top_k, threshold: answer.threshold, temperature })
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
