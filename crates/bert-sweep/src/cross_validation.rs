//! Cross-validation: which raw files are cut into folds, and with which commands a fold becomes tokens.
//!
//! The folds are made by the stages that make every other dataset: `sst-fetch` cuts train, `sst-tokenize` tokenizes both
//! parts as it did the tokens that the sweep was given. Only files and processes connect them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use stage::{Upstream, bad_input, bail_input, ensure_input};

use crate::args::Args;
use crate::programs::sibling;

/// The raw train split, which is cut into folds.
const TRAIN_FILE: &str = "train.parquet";
/// Its role among the inputs of `sst-tokenize` and of the sweep.
pub(crate) const RAW_TRAIN: &str = "raw/train.parquet";

/// How train is cut into folds. What is serialized defines the result, together with the seed of the search.
#[derive(Debug, Serialize)]
pub(crate) struct CrossValidation {
    pub(crate) folds: u32,
    tokenization: Tokenization,
    /// The folder of the raw files that the tokens were made of.
    #[serde(skip)]
    pub(crate) raw: PathBuf,
    /// Whose equal values stay together.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_column: Option<String>,
    #[serde(skip)]
    sst_fetch: PathBuf,
    #[serde(skip)]
    sst_tokenize: PathBuf,
}

/// The plan of `sst-tokenize`.
#[derive(Debug, Serialize, Deserialize)]
struct Tokenization {
    task: String,
    granularity: String,
    max_length: u64,
    /// Absent for the right, and where there are windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    truncation_side: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window_stride: Option<u64>,
    #[serde(default, skip_serializing)]
    max_samples: Option<u64>,
}

impl CrossValidation {
    /// Finds the raw files of `tokens`, and the programs that cut and tokenize them.
    pub(crate) fn resolve(folds: u32, args: &Args, tokens: &Upstream) -> anyhow::Result<Self> {
        let shown = args.tokens.display();
        let tokenization: Tokenization = serde_json::from_value(tokens.manifest.plan.clone()).map_err(|error| {
            bad_input!("the plan in {shown}/manifest.json is not one that can be repeated for a fold ({error}); run sst-tokenize again")
        })?;
        if let Some(max) = tokenization.max_samples {
            bail_input!(
                "{shown} has at most {max} rows of each split, but --folds cuts all of train; make the tokens without \
                 --max-samples, and for trial runs sample with `sst-fetch dataset --max-samples {max}`"
            );
        }
        let raw = raw_folder(args, tokens)?;
        let group_column = group_column(&raw)?;
        Ok(Self {
            folds,
            tokenization,
            raw,
            group_column,
            sst_fetch: program("sst-fetch")?,
            sst_tokenize: program("sst-tokenize")?,
        })
    }

    /// The raw train split.
    pub(crate) fn raw_train(&self) -> PathBuf {
        self.raw.join(TRAIN_FILE)
    }

    /// Cuts fold `fold` of 1 to K off train, as the validation split.
    pub(crate) fn fetch(&self, fold: u32, seed: u64, out: &Path) -> Command {
        let mut command = Command::new(&self.sst_fetch);
        command.args(["dataset", "--source"]).arg(&self.raw);
        command.args(["--folds", &self.folds.to_string(), "--fold", &fold.to_string(), "--seed", &seed.to_string()]);
        if let Some(column) = &self.group_column {
            command.arg(format!("--group-column={column}"));
        }
        command.arg("--out").arg(out);
        command
    }

    /// Tokenizes the fold in `raw` as the tokens of the sweep were.
    pub(crate) fn tokenize(&self, raw: &Path, model: &Path, out: &Path) -> Command {
        let Tokenization { task, granularity, max_length, truncation_side, window_stride, .. } = &self.tokenization;
        let mut command = Command::new(&self.sst_tokenize);
        command.arg("--raw").arg(raw).arg("--model").arg(model);
        command.args(["--task", task, "--granularity", granularity, "--max-length", &max_length.to_string()]);
        // A model folder may name another side than the tokens have.
        match window_stride {
            Some(stride) => command.args(["--window-stride", &stride.to_string()]),
            None => command.args(["--truncation-side", truncation_side.as_deref().unwrap_or("right")]),
        };
        command.arg("--out").arg(out);
        command
    }
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = sibling(name)?;
    ensure_input!(
        path.is_file(),
        "cannot find {}, which --folds needs; build {name} beside bert-sweep",
        path.display()
    );
    Ok(path)
}

/// The column whose equal values keep rows of `raw` together, which a fold must not tear apart either.
fn group_column(raw: &Path) -> anyhow::Result<Option<String>> {
    let plan = Upstream::open(raw, "sst-fetch dataset")?.manifest.plan;
    let Some(column) = plan["group_column"].as_str() else { return Ok(None) };
    let kept = plan["columns"]["keep"].as_array().map_or(&[][..], Vec::as_slice);
    ensure_input!(
        kept.iter().any(|kept| kept == column),
        "{} was divided with --group-column {column}, whose values its files do not have, so that folds of it would tear \
         groups apart; fetch it again with --keep-columns {column} besides",
        raw.display()
    );
    Ok(Some(column.to_owned()))
}

/// The folder of the very raw files that `tokens` was made of.
fn raw_folder(args: &Args, tokens: &Upstream) -> anyhow::Result<PathBuf> {
    let shown = args.tokens.display();
    let manifest = &tokens.manifest;
    let recorded = manifest.recorded.get("paths").and_then(|paths| paths.get(RAW_TRAIN)?.as_str()).map(Path::new);
    let (Some(read), Some(recorded)) = (manifest.inputs.get(RAW_TRAIN), recorded) else {
        bail_input!(
            "{shown}/manifest.json does not say from which train split its tokens were made, so it cannot be cut into folds"
        );
    };
    let folder = match &args.raw {
        Some(folder) => folder.clone(),
        None if recorded.is_file() => recorded.parent().map(Path::to_owned).unwrap_or_default(),
        None => bail_input!(
            "the raw texts of {shown} are not in {} any more, where sst-tokenize read them; give their folder with --raw",
            recorded.display()
        ),
    };
    let raw = Upstream::open(&folder, "sst-fetch dataset")?;
    raw.required(TRAIN_FILE)?;
    ensure_input!(
        raw.manifest.outputs.get(TRAIN_FILE) == Some(read),
        "{} is not what {shown} was made of; {}",
        folder.join(TRAIN_FILE).display(),
        if args.raw.is_some() {
            "give the folder that was"
        } else {
            "run sst-tokenize again, or give the folder that was with --raw"
        }
    );
    Ok(folder)
}
