//! Dataset: the tokenized rows of the train and validation splits, checked against the model that will read them.

use std::path::{Path, PathBuf};

use checkpoint::BertConfig;
use corpus::tokens::{Labels, TokenSet};
use stage::{Upstream, bail_input};

use crate::settings::ProblemType;

/// The token files of a run.
#[derive(Debug, Clone)]
pub(crate) struct TokenFiles {
    pub(crate) train: PathBuf,
    pub(crate) validation: Option<PathBuf>,
}

/// The train split, and the validation split where there is one.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) train: TokenSet,
    pub(crate) validation: Option<TokenSet>,
}

impl TokenFiles {
    /// Finds the files in the output folder of `sst-tokenize`.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let tokens = Upstream::open(folder, "sst-tokenize")?;
        Ok(Self { train: tokens.required("train.parquet")?, validation: tokens.optional("validation.parquet") })
    }
}

impl Dataset {
    /// Reads both splits. Every row must have a label and fit `config`.
    pub(crate) fn read(files: &TokenFiles, config: &BertConfig) -> anyhow::Result<Self> {
        let train = read_checked(&files.train, config)?;
        let validation = files.validation.as_deref().map(|path| read_checked(path, config)).transpose()?;
        if let Some(validation) = &validation
            && validation.metadata.label_names != train.metadata.label_names
        {
            let (train, validation) = (&train.metadata.label_names, &validation.metadata.label_names);
            bail_input!("train has the labels {train:?}, validation {validation:?}; tokenize them together");
        }
        Ok(Self { train, validation })
    }

    /// The length of every train row, in tokens.
    pub(crate) fn train_lengths(&self) -> Vec<usize> {
        self.train.offsets.windows(2).map(|ends| ends[1] - ends[0]).collect()
    }

    /// What is learned: classes or scores.
    pub(crate) fn problem_type(&self) -> ProblemType {
        match self.train.labels {
            Labels::Classes(_) => ProblemType::Classification { n_classes: self.train.metadata.label_names.len() },
            Labels::Scores(_) => ProblemType::Regression,
        }
    }

    /// The names of the model's outputs: those of the classes, or `score`.
    pub(crate) fn output_names(&self) -> Vec<String> {
        match self.problem_type() {
            ProblemType::Classification { .. } => self.train.metadata.label_names.clone(),
            ProblemType::Regression => vec!["score".to_owned()],
        }
    }

    /// What has to be said beside every metric of this data, if anything.
    pub(crate) fn disclaimer(&self) -> Option<&'static str> {
        self.train.metadata.disclaimer()
    }
}

/// Reads a split; every token is a row of the word embeddings, every row fits the position embeddings and has a label.
fn read_checked(path: &Path, config: &BertConfig) -> anyhow::Result<TokenSet> {
    let set = TokenSet::read(path)?;
    for row in 0..set.len() {
        let ids = set.input_ids(row);
        let row_name = || format!("{}: row {row} (id {})", path.display(), set.ids[row]);
        if let Some(id) = ids.iter().find(|&&id| id as usize >= config.vocab_size) {
            let vocab_size = config.vocab_size;
            bail_input!(
                "{}: token {id} is not below the model's vocab_size {vocab_size}; tokenize with this model's tokenizer",
                row_name()
            );
        }
        if ids.len() > config.max_position_embeddings {
            let longest = config.max_position_embeddings;
            bail_input!(
                "{}: {} tokens, but the model's max_position_embeddings is {longest}; tokenize with --max-length {longest}",
                row_name(),
                ids.len()
            );
        }
        let has_label = match &set.labels {
            Labels::Classes(labels) => labels[row].is_some(),
            Labels::Scores(scores) => scores[row].is_some(),
        };
        if !has_label {
            bail_input!("{}: no label; every row for training and validation needs one", row_name());
        }
    }
    Ok(set)
}
