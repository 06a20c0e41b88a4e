//! Table: rows of texts with labels or scores, the columns they are read from, and what an input format has to provide.

use std::fs;
use std::path::Path;

use crate::error::{CorpusError, Location, Result};
use crate::label::{SourceNames, is_missing};

/// One row, as it is in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where the row is in its file.
    pub location: Location,
    /// The text.
    pub text: String,
    /// The label as text, if there is one: `1`, `true`, `good`.
    pub label: Option<String>,
    /// The score, if there is one; finite.
    pub score: Option<f32>,
}

/// The rows of a file; at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The rows in their order.
    pub rows: Vec<Row>,
    /// The names of the labels, where the file has them (Parquet files of the hub do); then the labels of the rows are
    /// names.
    pub label_names: Option<SourceNames>,
}

/// Which columns to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of texts; by default `text`, else `sentence`.
    pub text: Option<String>,
    /// The column of labels, if they are wanted.
    pub label: Option<String>,
    /// The column of scores, if one is wanted.
    pub score: Option<String>,
    /// Whether a file without the column of scores, if one is wanted, or else of labels, is an error.
    pub targets_required: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: None, label: Some("label".to_owned()), score: None, targets_required: true }
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
        let target = self.score.as_ref().or(self.label.as_ref());
        if let Some(target) = target.filter(|target| self.targets_required && !has(target)) {
            return Err(missing(target));
        }
        let label = self.label.clone().filter(|label| has(label));
        Ok(FoundColumns { text: text.to_owned(), label, score: self.score.clone().filter(|score| has(score)) })
    }
}

/// A score as text; none where it is missing.
pub(super) fn parse_score(text: &str, problem: impl FnOnce() -> CorpusError) -> Result<Option<f32>> {
    let text = text.trim();
    if is_missing(text) {
        return Ok(None);
    }
    match text.parse::<f32>() {
        Ok(score) if score.is_finite() => Ok(Some(score)),
        _ => Err(problem()),
    }
}

impl Table {
    /// The table with `names` for the labels 0, 1, ...; -1 means that there is no label.
    ///
    /// # Errors
    /// Fails on a label that is none of these numbers; the error names its row of `path`.
    pub fn with_names(mut self, path: &Path, names: SourceNames) -> Result<Self> {
        for row in &mut self.rows {
            let Some(label) = row.label.take().filter(|label| !is_missing(label) && label != "-1") else { continue };
            let name = label.parse::<usize>().ok().and_then(|index| names.names.get(index));
            row.label = Some(name.cloned().ok_or_else(|| {
                let problem = format!("the label is {label}; the source names {} labels, from 0", names.names.len());
                CorpusError::Value { file: path.to_owned(), location: row.location, problem }
            })?);
        }
        Ok(Self { label_names: Some(names), ..self })
    }
}
