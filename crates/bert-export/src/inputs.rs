//! Inputs of an export: the run, and what the card and the verification need, opened and held against each other.

mod sources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use checkpoint::{ExportedConfig, TOKENIZER_FILES, exported_config, tokenizer_config_changes};
use corpus::raw::{RawMetadata, RawReader};
use run_files::calibration::Calibration;
use run_files::layout::{eval, export, train};
use run_files::metrics_json::{self, Metrics};
use serde::Serialize;
use stage::{Fingerprint, Job, List, Manifest, Stage, Upstream, bad_input, ensure_input};

pub(crate) use self::sources::Tokens;
use self::sources::{RawFolder, base_model};
use crate::args::Args;
use crate::format::{Dtype, Format};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-export", version: 1 };

/// The role of the weights among the inputs of this stage and of `bert-eval`.
const TRAINED_WEIGHTS: &str = "train/model.safetensors";

/// Everything that is read, none of it hashed yet.
pub(crate) struct Inputs {
    pub(crate) trained: Upstream,
    pub(crate) config: Option<ExportedConfig>,
    tokenizer_changes: Vec<&'static str>,
    evaluations: Vec<Evaluation>,
    pub(crate) tokens: Option<Tokens>,
    raw: Option<PathBuf>,
    /// Where the model that the run began with came from.
    pub(crate) base_model: Option<Manifest>,
    /// What has to be said before the work begins.
    pub(crate) warnings: Vec<String>,
}

/// An evaluation whose split has labels.
struct Evaluation {
    name: String,
    metrics: PathBuf,
    precision: Option<String>,
    calibrated: bool,
    /// What it read, by its role.
    inputs: BTreeMap<String, Fingerprint>,
}

/// The figures of a split, and how the model was computed.
pub(crate) struct Evaluated {
    pub(crate) metrics: Metrics,
    pub(crate) precision: Option<String>,
    /// Whether the logits were divided by a temperature.
    pub(crate) calibrated: bool,
}

impl Inputs {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// Fails when something is not there, unfinished, or does not belong together.
    pub(crate) fn open(args: &Args) -> anyhow::Result<Self> {
        ensure_input!(
            args.dtype == Dtype::Float32 || args.format.has(Format::Hf),
            "--dtype is for the format hf, but --format is {}; what an ONNX file holds is said by its format",
            args.format
        );
        let trained = Upstream::open(&args.run, "bert-finetune")?;
        let (tokens, doubt) = match &args.tokens {
            Some(folder) => Tokens::open(folder, &args.run).map(|(tokens, doubt)| (Some(tokens), doubt))?,
            None => (None, None),
        };
        let evaluations = evaluations(args, &trained)?;
        let raw = args.card.raw.as_deref().map(RawFolder::open).transpose()?;
        let of_raw = raw.as_ref().map(|raw| match &tokens {
            Some(tokens) => raw.check_tokens(tokens).map(|()| None),
            None => raw.check_evaluations(evaluations.iter().map(|evaluation| &evaluation.inputs)),
        });
        let unknown = of_raw.transpose()?.flatten();
        Ok(Self {
            config: changed_config(&trained, args.dtype)?,
            tokenizer_changes: tokenizer_config_changes(&args.run)?,
            evaluations,
            raw: raw.map(|raw| raw.path()).transpose()?,
            base_model: args.card.base_model.as_deref().map(|folder| base_model(folder, &trained)).transpose()?,
            tokens,
            trained,
            warnings: doubt.into_iter().chain(unknown).collect(),
        })
    }

    /// The job that reads them.
    ///
    /// # Errors
    /// Fails when the run lacks a file.
    pub(crate) fn job(&self, args: &Args) -> anyhow::Result<Job> {
        let mut job = Job::new(STAGE, &args.common)
            .plan(&self.plan(args))?
            .own_folders(&[export::HF])
            .input_folder(&args.run)
            .input("train/config.json", self.trained.required(train::CONFIG)?)
            .input(TRAINED_WEIGHTS, self.trained.required(train::WEIGHTS)?)
            .input("train/manifest.json", args.run.join(stage::MANIFEST));
        for name in TOKENIZER_FILES {
            if let Some(path) = self.trained.optional(name) {
                job = job.input(format!("train/{name}"), path);
            }
        }
        let folders = [&args.tokens, &args.card.raw, &args.card.base_model].into_iter().flatten();
        for folder in folders.map(PathBuf::as_path).chain(evaluation_folders(args)) {
            job = job.input_folder(folder);
        }
        for Evaluation { name, metrics, .. } in &self.evaluations {
            job = job.input(format!("eval/{name}/metrics.json"), metrics);
        }
        if let (Some(tokens), Some(folder)) = (&self.tokens, &args.tokens) {
            job = job
                .input("tokens/validation.parquet", &tokens.file)
                .input("tokens/manifest.json", folder.join(stage::MANIFEST));
        }
        let raw = self.raw.as_ref().map(|file| ("raw", file.clone()));
        let base = args.card.base_model.as_ref().map(|folder| ("model/manifest.json", folder.join(stage::MANIFEST)));
        let calibration = args.card.calibration.as_ref().map(|file| (eval::CALIBRATION, file.clone()));
        Ok(raw.into_iter().chain(base).chain(calibration).fold(job, |job, (role, path)| job.input(role, path)))
    }

    fn plan<'a>(&'a self, args: &'a Args) -> Plan<'a> {
        Plan {
            format: args.format.to_string(),
            config_changes: self.config.as_ref().map(|config| config.changed.as_slice()),
            tokenizer_config_changes: Some(self.tokenizer_changes.as_slice()).filter(|changes| !changes.is_empty()),
            dtype: Some(args.dtype).filter(|&dtype| dtype != Dtype::Float32),
            max_flips: args.max_flips.map(|most| most.to_string()),
            license: args.card.license.as_deref(),
            language: args.card.language.as_ref(),
            model_name: args.card.model_name.as_deref(),
        }
    }

    /// The figures of the evaluations.
    ///
    /// # Errors
    /// Fails when a file is not what `bert-eval` writes.
    pub(crate) fn evaluated(&self) -> anyhow::Result<Vec<Evaluated>> {
        let read = |it: &Evaluation| {
            let metrics = metrics_json::read(&it.metrics)?;
            Ok(Evaluated { metrics, precision: it.precision.clone(), calibrated: it.calibrated })
        };
        self.evaluations.iter().map(read).collect()
    }

    /// What the raw files say of the dataset.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub(crate) fn raw_metadata(&self) -> anyhow::Result<Option<RawMetadata>> {
        Ok(self.raw.as_deref().map(RawReader::open).transpose()?.map(|reader| reader.metadata().clone()))
    }

    /// The temperature, where one was given.
    ///
    /// # Errors
    /// Fails when the file cannot be read or is of other weights.
    pub(crate) fn calibration(&self, args: &Args) -> anyhow::Result<Option<Calibration>> {
        let Some(file) = &args.card.calibration else { return Ok(None) };
        let weights = self.weights().map_or("", |weights| &weights.sha256);
        Ok(Some(Calibration::read_of(file, &args.run, weights)?))
    }

    /// What the weights of the run are.
    pub(crate) fn weights(&self) -> Option<&Fingerprint> {
        self.trained.manifest.outputs.get(train::WEIGHTS)
    }
}

/// Everything in the settings and in the run that defines the result. The names of its fields are part of the key; what is left out
/// where it has its default leaves the key of earlier exports as it is.
#[derive(Serialize)]
struct Plan<'a> {
    format: String,
    /// The keys of config.json that are other than in the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_changes: Option<&'a [String]>,
    /// Those of tokenizer_config.json, beside what it says of long texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokenizer_config_changes: Option<&'a [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dtype: Option<Dtype>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_flips: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'a str>,
}

/// The config as it is exported, where that is not the run's: with the dropout that the training's flags gave, the dtype, and without
/// what runs of earlier programs kept of the head of the model that they began with.
fn changed_config(trained: &Upstream, dtype: Dtype) -> anyhow::Result<Option<ExportedConfig>> {
    let path = trained.required(train::CONFIG)?;
    stage::verify_file(&path)?;
    let given = |&name: &&'static str| Some((name, trained.manifest.plan.get(name)?.as_f64()?));
    let rates: Vec<(&str, f64)> = train::DROPOUT.iter().filter_map(given).collect();
    let other = Some(dtype.element()).filter(|_| dtype != Dtype::Float32);
    Ok(exported_config(&path, &rates, other)?)
}

fn evaluation_folders(args: &Args) -> impl Iterator<Item = &Path> {
    args.card.eval.iter().flat_map(List::items).map(Path::new)
}

/// The evaluations by the names of their folders. A split without labels has no metrics.
fn evaluations(args: &Args, trained: &Upstream) -> anyhow::Result<Vec<Evaluation>> {
    let mut found = Vec::new();
    for folder in evaluation_folders(args) {
        let name = folder.file_name().ok_or_else(|| {
            bad_input!("--eval is {}, which has no name; expected an output folder of bert-eval", folder.display())
        })?;
        let evaluated = Upstream::open(folder, "bert-eval")?;
        check_weights(args, trained, folder, &evaluated)?;
        if let Some(metrics) = evaluated.optional(eval::METRICS) {
            let precision = evaluated.manifest.plan.get(train::PRECISION).and_then(|precision| precision.as_str());
            let (name, precision) = (name.to_string_lossy().into_owned(), precision.map(str::to_owned));
            let inputs = evaluated.manifest.inputs;
            let calibrated = inputs.contains_key(eval::CALIBRATION);
            found.push(Evaluation { name, metrics, precision, calibrated, inputs });
        }
    }
    Ok(found)
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
