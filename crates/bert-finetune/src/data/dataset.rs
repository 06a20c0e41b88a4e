//! Dataset: the tokenized rows of the train and validation splits, checked against the model that will read them.

use std::path::{Path, PathBuf};

use checkpoint::BertConfig;
use corpus::tokenizer::Overflow;
use corpus::tokenizer::agreement::TokenizerOrigin;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use corpus::{Split, class_balance, shortened_list};
use stage::{Manifest, Upstream, bail_input, ensure_input};

use crate::settings::ProblemType;

/// The token files of a run.
#[derive(Debug, Clone)]
pub(crate) struct TokenFiles {
    pub(crate) train: PathBuf,
    pub(crate) validation: Option<PathBuf>,
    folder: PathBuf,
    manifest: Manifest,
    /// Why the model may have another tokenizer, where that could not be told.
    doubt: Option<String>,
}

/// The train split, and the validation split where there is one.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) train: TokenSet,
    /// Its labeled texts.
    pub(crate) validation: Option<TokenSet>,
    /// Texts of the validation split that have no label and are left out.
    pub(crate) n_unlabeled: usize,
    doubt: Option<String>,
}

impl TokenFiles {
    /// Finds the files in the output folder of `sst-tokenize`.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let tokens = Upstream::open(folder, "sst-tokenize")?;
        Ok(Self {
            train: tokens.required("train.parquet")?,
            validation: tokens.optional("validation.parquet"),
            folder: folder.to_owned(),
            manifest: tokens.manifest,
            doubt: None,
        })
    }

    /// Refuses tokens that the tokenizer of the folder `model` would not make. Where that cannot be told, the data has a
    /// warning.
    pub(crate) fn check_tokenizer(&mut self, model: &Path) -> anyhow::Result<()> {
        let inputs = self.manifest.inputs.iter().map(|(role, input)| (role.as_str(), input.sha256.as_str()));
        let origin = TokenizerOrigin::new(&self.manifest.recorded, inputs);
        let metadata = TokensMetadata::read(&self.train);
        if metadata.is_err() {
            stage::verify_file(&self.train)?; // that it was damaged says more than where
        }
        self.doubt = origin.check(&self.folder, model, &metadata?.tokenizer_sha256)?;
        Ok(())
    }

    /// The raw file that the rows of a split come from, as a user knows it: ids of rows are its ids.
    fn raw_file(&self, split: Split) -> String {
        let path = |paths: &serde_json::Value| Some(paths.get(format!("raw/{}", split.file()))?.as_str()?.to_owned());
        self.manifest.recorded.get("paths").and_then(path).unwrap_or(format!("the raw {}", split.file()))
    }
}

impl Dataset {
    /// Reads both splits. Every row must fit `config`, and every row of the train split have a label.
    pub(crate) fn read(files: &TokenFiles, config: &BertConfig) -> anyhow::Result<Self> {
        let train = read_checked(&files.train, &files.raw_file(Split::Train), config)?;
        if let Some(row) = (0..train.len()).find(|&row| !train.labels.is_known(row)) {
            bail_input!(
                "{}: the row with id {} of {} has no label; every row to train on needs one",
                files.train.display(),
                train.ids[row],
                files.raw_file(Split::Train)
            );
        }
        let doubt = files.doubt.clone();
        let Some(path) = &files.validation else { return Ok(Self { train, validation: None, n_unlabeled: 0, doubt }) };
        let all = read_checked(path, &files.raw_file(Split::Validation), config)?;
        let (names, others) = (&train.metadata.label_names, &all.metadata.label_names);
        ensure_input!(
            names == others,
            "train has the labels ({}), validation ({}); tokenize them together",
            shortened_list(names),
            shortened_list(others)
        );
        let n_unlabeled = all.first_rows().iter().filter(|&&row| !all.labels.is_known(row)).count();
        ensure_input!(
            n_unlabeled < all.n_texts(),
            "{}: none of its {} rows has a label, so no evaluation can choose a checkpoint; give the validation split \
             labels, or add --eval-strategy no to keep the last weights",
            path.display(),
            all.n_texts()
        );
        let validation = if n_unlabeled > 0 { all.labeled() } else { all };
        Ok(Self { train, validation: Some(validation), n_unlabeled, doubt })
    }

    /// What is to be known of the tokens, and of the classes of both splits.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let names = &self.train.metadata.label_names;
        let splits = [(Split::Train, Some(&self.train)), (Split::Validation, self.validation.as_ref())];
        let counts = splits.into_iter().filter_map(|(split, set)| Some((split, class_counts(set?, names.len()))));
        let of_classes = class_balance::warnings(names, &counts.collect::<Vec<_>>());
        self.doubt.iter().cloned().chain(of_classes).collect()
    }

    /// The texts of each class in the train split; `None` where scores are learned.
    pub(crate) fn train_class_counts(&self) -> Option<Vec<usize>> {
        let n_classes = self.problem_type().n_classes()?;
        Some(class_counts(&self.train, n_classes))
    }

    /// The texts of the train split, where its rows are their windows.
    pub(crate) fn n_train_texts(&self) -> Option<usize> {
        matches!(self.train.metadata.overflow, Overflow::Windows { .. }).then(|| self.train.n_texts())
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

/// The texts of each class.
fn class_counts(set: &TokenSet, n_classes: usize) -> Vec<usize> {
    set.labels.of_rows(set.first_rows()).class_counts(n_classes)
}

/// Reads a split; every token is a row of the word embeddings, and every row fits the position embeddings.
fn read_checked(path: &Path, raw_file: &str, config: &BertConfig) -> anyhow::Result<TokenSet> {
    let set = TokenSet::read(path)?;
    for row in 0..set.len() {
        let ids = set.input_ids(row);
        let row_name = || format!("{}: the row with id {} of {raw_file}", path.display(), set.ids[row]);
        if let Some(id) = ids.iter().find(|&&id| id as usize >= config.vocab_size) {
            let vocab_size = config.vocab_size;
            bail_input!(
                "{}: token {id} is not below the model's vocab_size {vocab_size}; tokenize with this model's \
                 tokenizer",
                row_name()
            );
        }
        let longest = config.max_position_embeddings;
        ensure_input!(
            ids.len() <= longest,
            "{}: {} tokens, but the model's max_position_embeddings is {longest}; tokenize with --max-length {longest}",
            row_name(),
            ids.len()
        );
    }
    Ok(set)
}
