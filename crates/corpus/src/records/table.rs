//! Table: rows of texts with labels or scores, the columns they are read from, and what an input format has to provide.

use std::fs;
use std::path::Path;

use crate::error::{CorpusError, Location, Result};
use crate::label::Label;

/// One row, as it is in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where the row is in its file.
    pub location: Location,
    /// The text.
    pub text: String,
    /// The label, if there is one.
    pub label: Option<Label>,
    /// The score, if there is one; finite.
    pub score: Option<f32>,
}

/// The rows of a file; at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The rows in their order.
    pub rows: Vec<Row>,
    /// The names of the labels, where the file has them (Parquet files of the hub do).
    pub label_names: Option<Vec<String>>,
}

/// Which columns to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of texts; by default `text`, else `sentence`.
    pub text: Option<String>,
    /// The column of labels.
    pub label: String,
    /// The column of scores, if one is wanted.
    pub score: Option<String>,
    /// Whether a file without the column of scores, if one is wanted, or else of labels, is an error.
    pub targets_required: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: None, label: "label".to_owned(), score: None, targets_required: true }
    }
}

/// An input format: the extensions of its files, in lower case, and its reader.
pub(super) struct Format {
    pub(super) extensions: &'static [&'static str],
    pub(super) read: fn(&Path, &Columns) -> Result<Table>,
}

/// Reads a text file, without the byte order mark that some programs put first.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|source| CorpusError::Read { file: path.to_owned(), source })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        CorpusError::NotUtf8 { file: path.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The names of those columns that a file has.
pub(super) struct FoundColumns {
    pub(super) text: String,
    pub(super) label: Option<String>,
    pub(super) score: Option<String>,
}

impl Columns {
    pub(super) fn find(&self, path: &Path, names: &[String]) -> Result<FoundColumns> {
        let has = |name: &str| names.iter().any(|found| found == name);
        let missing = |column: &str| CorpusError::MissingColumn {
            file: path.to_owned(),
            column: column.to_owned(),
            found: names.to_vec(),
        };
        let text = match &self.text {
            Some(name) => Some(name.as_str()).filter(|name| has(name)).ok_or_else(|| missing(name))?,
            None => {
                ["text", "sentence"].into_iter().find(|name| has(name)).ok_or_else(|| missing("text or sentence"))?
            }
        };
        let target = self.score.as_ref().unwrap_or(&self.label);
        if self.targets_required && !has(target) {
            return Err(missing(target));
        }
        let label = Some(self.label.clone()).filter(|label| has(label));
        Ok(FoundColumns { text: text.to_owned(), label, score: self.score.clone().filter(|score| has(score)) })
    }
}

/// A score, which must be finite.
pub(super) fn finite(score: f32, problem: impl FnOnce() -> CorpusError) -> Result<f32> {
    if score.is_finite() { Ok(score) } else { Err(problem()) }
}
