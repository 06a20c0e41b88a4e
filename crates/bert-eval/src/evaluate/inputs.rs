//! Inputs of an evaluation: the run, the tokens, the raw texts and the calibration, opened and held against each other.

use std::path::PathBuf;

use bert::{Classifier, Compute};
use checkpoint::CONFIG_AND_TOKENIZER_FILES;
use corpus::task::Task;
use corpus::tokenizer::Overflow;
use corpus::tokens::TokensMetadata;
use run_files::calibration::Calibration;
use run_files::layout::train;
use serde_json::Value;
use stage::{Job, OutputFolder, Stage, Upstream, ensure_input};

use super::raw_texts::RawTexts;
use super::run_facts::{check_tokenizer, max_length_warning, overflow_warning, read_metadata, resolve_compute};
use crate::args::Args;
use crate::evaluations::WEIGHTS;

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-eval", version: 6 };

/// The role of the calibration among the inputs.
const CALIBRATION: &str = "calibration.json";

/// Everything that is read, none of it hashed yet.
pub(crate) struct Inputs {
    pub(crate) trained: Upstream,
    pub(crate) tokens: PathBuf,
    pub(crate) metadata: TokensMetadata,
    pub(crate) raw: Option<Raw>,
    pub(crate) compute: Compute,
    /// What has to be said before the work begins.
    pub(crate) remarks: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// The raw texts, and their files as far as they are read.
pub(crate) struct Raw {
    pub(crate) texts: RawTexts,
    pub(crate) split: PathBuf,
    /// Absent where the tokens have no train split.
    pub(crate) train: Option<PathBuf>,
    /// The tokens of the train split, which say which of its texts were trained on; for the baseline.
    pub(crate) train_tokens: Option<PathBuf>,
}

impl Inputs {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// Fails when something is not there, unfinished, or does not belong together.
    pub(crate) fn open(args: &Args) -> anyhow::Result<Self> {
        let trained = Upstream::open(&args.run, "bert-finetune")?;
        let tokenized = Upstream::open(&args.tokens, "sst-tokenize")?;
        let tokens = tokenized.required(&args.split.of_corpus().file())?;
        stage::verify_files(&args.run, &CONFIG_AND_TOKENIZER_FILES)?;
        let metadata = read_metadata(&tokens)?;
        let doubt = check_tokenizer(args, &tokenized.manifest, &metadata)?;
        let (compute, remark) = resolve_compute(&args.compute, &trained.manifest)?;
        let raw = match &args.raw {
            Some(folder) => Some(Raw::open(RawTexts::open(folder)?, args, &tokenized)?),
            None => None,
        };
        let warnings = doubt
            .into_iter()
            .chain(max_length_warning(args, &trained.manifest, &metadata))
            .chain(overflow_warning(args, &trained.manifest, &metadata)?);
        let (warnings, remarks) = (warnings.collect(), remark.map(str::to_owned).into_iter().collect());
        Ok(Self { trained, tokens, metadata, raw, compute, remarks, warnings })
    }

    /// The job that reads them.
    ///
    /// # Errors
    /// Fails when the run lacks a file.
    pub(crate) fn job(&self, args: &Args) -> anyhow::Result<Job> {
        let split = args.split.of_corpus();
        let mut job = Job::new(STAGE, &args.common)
            .figures(crate::flat_figures::of_folder)
            .plan(&self.plan(args))?
            .input_folder(&args.run)
            .input_folder(&args.tokens)
            .input("train/config.json", self.trained.required(train::CONFIG)?)
            .input(WEIGHTS, self.trained.required(train::WEIGHTS)?)
            .input(format!("tokens/{}", split.file()), &self.tokens)
            .record("threads", self.compute.threads)
            .record("device", self.compute.device_name())
            .record("training", &self.trained.manifest.plan);
        if let Some(timing) = timing(args) {
            job = job.record("timing", timing);
        }
        if let (Some(raw), Some(folder)) = (&self.raw, &args.raw) {
            let files = [
                (format!("raw/{}", split.file()), Some(&raw.split)),
                ("raw/train.parquet".to_owned(), raw.train.as_ref()),
                ("tokens/train.parquet".to_owned(), raw.train_tokens.as_ref()),
            ];
            job = job.input_folder(folder);
            for (role, path) in files {
                job = path.into_iter().fold(job, |job, path| job.input(role.clone(), path));
            }
        }
        if let Some(file) = &args.calibration {
            job = job.input(CALIBRATION, file);
        }
        Ok(job)
    }

    /// Everything beside the files that defines the result; what is off or has no say is left out. The key of the training stands for what
    /// the report says of it, which another training of the same weights may have otherwise.
    fn plan(&self, args: &Args) -> Value {
        let precision = self.compute.precision;
        let mut plan = serde_json::json!({
            "split": args.split.name(),
            "precision": precision,
            "errors": args.errors,
            "attributions": args.attributions.min(args.errors),
            "training": self.trained.manifest.key,
        });
        if let Some(precision) = precision.of_head() {
            plan["head_precision"] = serde_json::json!(precision);
        }
        if let Overflow::Windows { .. } = self.metadata.overflow {
            plan["window_pooling"] = args.window_pooling.name().into();
        }
        for (name, is_on) in [("baseline", args.baseline), ("nodes", args.nodes), ("save_texts", args.save_texts)] {
            if is_on {
                plan[name] = true.into();
            }
        }
        plan
    }

    /// The model, whose labels are those of the tokens.
    ///
    /// # Errors
    /// Fails when it cannot be read, or its labels are others.
    pub(crate) fn classifier(&self, args: &Args) -> anyhow::Result<Classifier> {
        let classifier = Classifier::open(&args.run, self.compute)?;
        self.metadata.check_labels(&classifier.output_names, classifier.is_regression())?;
        Ok(classifier)
    }
}

impl Raw {
    fn open(texts: RawTexts, args: &Args, tokenized: &Upstream) -> anyhow::Result<Self> {
        let train = corpus::Split::Train;
        let train_tokens = tokenized.optional(&train.file());
        ensure_input!(
            !args.baseline || train_tokens.is_some(),
            "--baseline needs the train split, which {} does not have",
            args.tokens.display()
        );
        Ok(Self {
            split: texts.file(args.split.of_corpus(), &tokenized.manifest)?,
            train: train_tokens.is_some().then(|| texts.file(train, &tokenized.manifest)).transpose()?,
            train_tokens: train_tokens.filter(|_| args.baseline),
            texts,
        })
    }
}

/// How fast the training was, where its folder still says it.
fn timing(args: &Args) -> Option<Value> {
    let text = std::fs::read(args.run.join(train::TIMING)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The calibration that was given, which has to be one of these weights.
///
/// # Errors
/// Fails when it cannot be read, is of other weights, or the model has no classes.
pub(crate) fn calibration(
    args: &Args,
    metadata: &TokensMetadata,
    output: &OutputFolder,
) -> anyhow::Result<Option<Calibration>> {
    let Some(file) = &args.calibration else { return Ok(None) };
    ensure_input!(
        metadata.task != Task::Regression,
        "--calibration is for classes; the scores of a regression have no temperature"
    );
    Ok(Some(Calibration::read_of(file, &args.run, weights_sha256(output))?))
}

/// SHA-256 of the weights that are evaluated.
pub(crate) fn weights_sha256(output: &OutputFolder) -> &str {
    output.inputs().get(WEIGHTS).map_or("", |fingerprint| &fingerprint.sha256)
}
