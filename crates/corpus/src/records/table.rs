//! Table: rows of texts with labels or scores, the columns they are read from, and what an input format has to provide.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use super::options::ReadOptions;
use crate::error::{CorpusError, Location, Result};
use crate::label::{SourceNames, is_missing};
use crate::raw::SourcePlace;

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
    /// In files of trees, where the row is in them.
    pub node: Option<NodePlace>,
    /// The values of the columns that are kept, as text, in the order in which they were asked for.
    pub kept: Vec<Option<String>>,
    /// Where the row stands in the source of a raw file, if it is of one and that is known.
    pub source: Option<SourcePlace>,
}

/// A node of a sentence's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodePlace {
    /// The sentence, counted from 0 in its file.
    pub sentence: i64,
    /// The edges between the root and the node: 0 is the sentence itself.
    pub depth: i32,
}

/// Rows without a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithoutText {
    /// How many they are.
    pub n_rows: usize,
    /// Where the first of them is.
    pub first: Location,
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
    /// Other columns whose values are wanted; all of them must be there.
    pub keep: Vec<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: None, label: Some("label".to_owned()), score: None, targets_required: true, keep: Vec::new() }
    }
}

/// An input format: the extensions of its files, in lower case, and how one is opened.
pub(super) struct Format {
    pub(super) extensions: &'static [&'static str],
    pub(super) open: fn(&Path, &Columns, &ReadOptions) -> Result<Opened>,
}

/// A table that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) rows: Box<dyn Rows>,
    /// The names of the labels, where the file has them; then the labels of the rows are names.
    pub(super) label_names: Option<SourceNames>,
    /// How it is read, where that was guessed and is not the plain reading of its extension.
    pub(super) said: Vec<String>,
}

/// The rows of an opened table.
pub(super) trait Rows: fmt::Debug {
    /// Gives all rows to `sink` in their order, until it breaks.
    fn for_each(&self, sink: &mut RowSink) -> Result<()>;
}

/// The names of those columns that a file has.
#[derive(Debug)]
pub(super) struct FoundColumns {
    pub(super) text: String,
    pub(super) label: Option<String>,
    pub(super) score: Option<String>,
    pub(super) kept: Vec<String>,
}

/// The names of the column of texts, where the user gives none.
const TEXT_COLUMNS: [&str; 2] = ["text", "sentence"];

impl Columns {
    pub(super) fn find(&self, path: &Path, names: &[String]) -> Result<FoundColumns> {
        let missing = |column: &str, flag: &str| CorpusError::MissingColumn {
            file: path.to_owned(),
            column: column.to_owned(),
            found: names.to_vec(),
            hint: other_case(column, names).map_or(String::new(), |name| format!("; is it {flag} '{name}'?")),
        };
        let text = match &self.text {
            Some(name) => named(names, name).ok_or_else(|| missing(name, "--text-column"))?,
            None => {
                let found = TEXT_COLUMNS.into_iter().find_map(|name| named(names, name));
                found.ok_or_else(|| missing(&TEXT_COLUMNS.join(" or "), "--text-column"))?
            }
        };
        let find = |column: &Option<String>| column.as_deref().and_then(|column| named(names, column));
        let (label, score) = (find(&self.label), find(&self.score));
        let (target, is_there, flag) = match (&self.score, &self.label) {
            (Some(name), _) => (Some(name), score.is_some(), "--score-column"),
            (None, name) => (name.as_ref(), label.is_some(), "--label-column"),
        };
        if let Some(target) = target.filter(|_| self.targets_required && !is_there) {
            return Err(missing(target, flag));
        }
        let kept: Vec<String> = self
            .keep
            .iter()
            .map(|name| named(names, name).ok_or_else(|| missing(name, "--keep-columns")))
            .collect::<Result<_>>()?;
        let is_twice = |name: &&String| names.iter().filter(|other| other == name).count() > 1;
        let twice = [Some(&text), label.as_ref(), score.as_ref()].into_iter().flatten().chain(&kept).find(is_twice);
        if let Some(name) = twice {
            let problem = format!("two columns are called {name}; rename one of them");
            return Err(CorpusError::Value { file: path.to_owned(), location: Location::Line(1), problem });
        }
        Ok(FoundColumns { text, label, score, kept })
    }

    /// Whether a file with these columns has those that are needed.
    pub(super) fn are_in(&self, names: &[String]) -> bool {
        !matches!(self.find(Path::new(""), names), Err(CorpusError::MissingColumn { .. }))
    }

    /// Whether a column of this name is that of texts.
    pub(super) fn is_text(&self, name: &str) -> bool {
        self.text.as_deref().map_or_else(|| TEXT_COLUMNS.contains(&name), |text| text == name)
    }

    /// The highest number that names a column which a file must have; 1 if none does.
    pub(super) fn highest_number(&self) -> usize {
        let target = self.score.as_ref().or(self.label.as_ref()).filter(|_| self.targets_required);
        let numbers = self.text.iter().chain(target).filter_map(|name| name.parse().ok());
        numbers.max().unwrap_or(1)
    }
}

/// The column of this name: spelled so, else with spaces around it.
fn named(names: &[String], wanted: &str) -> Option<String> {
    let found = names.iter().find(|name| *name == wanted);
    found.or_else(|| names.iter().find(|name| name.trim() == wanted)).cloned()
}

/// A name that differs from one of those wanted in case alone.
fn other_case<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let is_one = |name: &str| wanted.split(" or ").any(|wanted| name.to_lowercase() == wanted.to_lowercase());
    names.iter().map(|name| name.trim()).find(|name| is_one(name))
}

/// Where the rows of a table go while it is read: those without a text are counted, or refused.
pub(super) struct RowSink<'a> {
    path: &'a Path,
    strict: bool,
    each: &'a mut dyn FnMut(Row) -> ControlFlow<()>,
    n_rows: u64,
    without_text: Option<WithoutText>,
}

impl<'a> RowSink<'a> {
    pub(super) fn new(path: &'a Path, strict: bool, each: &'a mut dyn FnMut(Row) -> ControlFlow<()>) -> Self {
        Self { path, strict, each, n_rows: 0, without_text: None }
    }

    /// The file that is read.
    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    pub(super) fn add(&mut self, row: Row) -> ControlFlow<()> {
        self.n_rows += 1;
        (self.each)(row)
    }

    /// Counts a row whose text in `column` is null.
    pub(super) fn add_without_text(&mut self, location: Location, column: &str) -> Result<()> {
        if self.strict {
            let problem = format!("the text in column {column} is null; expected a text");
            return Err(CorpusError::Value { file: self.path.to_owned(), location, problem });
        }
        let so_far = self.without_text.unwrap_or(WithoutText { n_rows: 0, first: location });
        self.without_text = Some(WithoutText { n_rows: so_far.n_rows + 1, ..so_far });
        Ok(())
    }

    /// What rows had no text; there must have been one that has.
    pub(super) fn finish(self) -> Result<Option<WithoutText>> {
        match (self.n_rows, self.without_text) {
            (0, Some(WithoutText { first: location, n_rows })) => {
                let problem = format!("the text is null, as in all {n_rows} rows; expected at least one text");
                Err(CorpusError::Value { file: self.path.to_owned(), location, problem })
            }
            (0, None) => Err(CorpusError::Empty { file: self.path.to_owned() }),
            (_, without_text) => Ok(without_text),
        }
    }
}

/// The name of a label that is an index of `names`; -1 means that there is no label.
///
/// # Errors
/// Fails on a label that is none of these numbers.
pub(super) fn name_of_label(
    path: &Path,
    location: Location,
    label: Option<String>,
    names: &SourceNames,
) -> Result<Option<String>> {
    let Some(label) = label.filter(|label| !is_missing(label) && label != "-1") else { return Ok(None) };
    let name = label.parse::<usize>().ok().and_then(|index| names.names.get(index));
    let wrong = || {
        let problem = format!("the label is {label}; the source names {} labels, from 0", names.names.len());
        CorpusError::Value { file: path.to_owned(), location, problem }
    };
    name.cloned().map(Some).ok_or_else(wrong)
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
