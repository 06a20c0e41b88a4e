//! Metadata of a token file: what its rows are.

use std::path::Path;

use super::{PAD_TOKEN_ID, PADDED_LENGTH};
use crate::error::{CorpusError, Result};
use crate::parquet_file::ParquetFile;
use crate::raw::{KEPT_COLUMNS, SAMPLE};
use crate::shortened::shortened_list;
use crate::task::Task;
use crate::tokenizer::Overflow;

/// The metadata of a token file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensMetadata {
    /// The name of the dataset, as in the raw file.
    pub dataset: String,
    /// What the labels mean.
    pub task: Task,
    /// The names of the classes; empty for regression.
    pub label_names: Vec<String>,
    /// SHA-256 of the tokenizer's file.
    pub tokenizer_sha256: String,
    /// No row has more tokens, the special ones counted.
    pub max_length: usize,
    /// How many rows were truncated to that length.
    pub rows_truncated: usize,
    /// What became of texts that are longer.
    pub overflow: Overflow,
    /// To what the rows of the file are padded, if so.
    pub padding: Option<Padding>,
    /// The columns that the user asked to keep.
    pub kept: Vec<String>,
}

/// Padding on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding {
    /// The tokens of every row, with the padding.
    pub length: usize,
    /// The token that it consists of.
    pub pad_token_id: i32,
}

impl TokensMetadata {
    /// Of rows that were neither truncated nor padded, of no dataset or tokenizer that has a name.
    pub fn new(task: Task, label_names: Vec<String>, max_length: usize) -> Self {
        Self {
            dataset: String::new(),
            task,
            label_names,
            tokenizer_sha256: String::new(),
            max_length,
            rows_truncated: 0,
            overflow: Overflow::default(),
            padding: None,
            kept: Vec::new(),
        }
    }

    /// Reads the metadata of a token file and none of its rows.
    ///
    /// # Errors
    /// Fails when the file cannot be read as Parquet, or a fact is missing or malformed.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&ParquetFile::open(path)?)
    }

    pub(super) fn of(file: &ParquetFile) -> Result<Self> {
        let max_length = file.parsed_metadata("max_length", str::parse)?;
        Ok(Self {
            dataset: file.required_metadata("dataset")?.to_owned(),
            task: file.parsed_metadata("task", str::parse)?,
            label_names: file.parsed_metadata("label_names", |text| serde_json::from_str(text))?,
            tokenizer_sha256: file.required_metadata("tokenizer_sha256")?.to_owned(),
            max_length,
            rows_truncated: file.parsed_metadata("rows_truncated", str::parse)?,
            overflow: overflow(file, max_length)?,
            padding: match file.metadata(PADDED_LENGTH) {
                Some(_) => Some(Padding {
                    length: file.parsed_metadata(PADDED_LENGTH, str::parse)?,
                    pad_token_id: file.parsed_metadata(PAD_TOKEN_ID, str::parse)?,
                }),
                None => None,
            },
            kept: match file.metadata(KEPT_COLUMNS) {
                Some(_) => file.parsed_metadata(KEPT_COLUMNS, |text| serde_json::from_str(text))?,
                None => Vec::new(),
            },
        })
    }

    /// Refuses these tokens to a model of one class a text, or of a score, that was trained on others.
    ///
    /// # Errors
    /// Fails when the names of the model's outputs are not the tokens' label names, or one predicts scores and the other classes.
    pub fn check_labels(&self, output_names: &[String], is_regression: bool) -> Result<()> {
        let of_model = if is_regression { &[] } else { output_names };
        if self.label_names == of_model {
            return Ok(());
        }
        let described = |names: &[String]| match names {
            [] => "scores".to_owned(),
            names => format!("the labels ({})", shortened_list(names)),
        };
        let problem = format!(
            "the tokens have {}, the model has {}; tokenize for the task that the model was trained on",
            described(&self.label_names),
            described(of_model)
        );
        Err(CorpusError::Labels { problem })
    }

    /// The remark that has to accompany every figure measured on these rows, if any.
    pub fn disclaimer(&self) -> Option<&'static str> {
        (self.dataset == SAMPLE).then_some("sample figures")
    }
}

fn overflow(file: &ParquetFile, max_length: usize) -> Result<Overflow> {
    let [side, stride] = [Overflow::TRUNCATION_SIDE, Overflow::WINDOW_STRIDE].map(|name| file.metadata(name));
    let overflow = Overflow::of_facts(side, stride)
        .and_then(|overflow| overflow.check(max_length).map(|()| overflow).map_err(|error| error.to_string()));
    overflow.map_err(|problem| {
        let key = if stride.is_some() { Overflow::WINDOW_STRIDE } else { Overflow::TRUNCATION_SIDE };
        let problem = problem.trim_start_matches(key).trim_start().to_owned();
        CorpusError::Metadata { file: file.path().to_owned(), key, problem }
    })
}
