//! Table: rows of texts with labels or scores, and the columns they are read from.

use std::path::Path;

use crate::error::{CorpusError, Location, Result};
use crate::label::{SourceNames, is_missing, with_point};
use crate::raw::SourceLocation;

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
    /// The values of the columns that are kept, as text, in the order in which they were requested.
    pub kept: Vec<Option<String>>,
    /// Where the row stands in the source of a raw file, if it is of one and that is known.
    pub source: Option<SourceLocation>,
}

/// A row that cannot be read.
#[derive(Debug)]
pub struct BrokenRow {
    /// What is wrong; names the file and the place in it.
    pub error: CorpusError,
    /// As in [`Row`], if that much could be read; else empty.
    pub kept: Vec<Option<String>>,
}

/// A row, or what is wrong with it.
pub type ReadRow = Result<Row, Box<BrokenRow>>;

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
    /// Those of these that another flag than `--keep-columns` names, with it: their values are neither texts nor labels.
    pub flags: Vec<(String, &'static str)>,
    /// Whether the columns of texts and targets may be called so in any case: their names were found in another file of the
    /// dataset, not given.
    pub any_case: bool,
    /// Whether the values of all columns but that of texts are wanted, instead of those of `keep`.
    pub keep_all: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            text: None,
            label: Some("label".to_owned()),
            score: None,
            targets_required: true,
            keep: Vec::new(),
            flags: Vec::new(),
            any_case: false,
            keep_all: false,
        }
    }
}

/// The names of those columns that a file has.
#[derive(Debug, Clone)]
pub(super) struct FoundColumns {
    pub(super) text: String,
    pub(super) label: Option<String>,
    pub(super) score: Option<String>,
    pub(super) kept: Vec<String>,
}

/// The names of the column of texts, where the user gives none.
pub(super) const TEXT_COLUMNS: [&str; 2] = ["text", "sentence"];

impl Columns {
    pub(super) fn find(&self, path: &Path, names: &[String]) -> Result<FoundColumns> {
        let missing = |column: &str, flag: &str| CorpusError::MissingColumn {
            file: path.to_owned(),
            column: column.to_owned(),
            found: names.to_vec(),
            hint: other_case(column, names).map_or(String::new(), |name| format!("; is it {flag} '{name}'?")),
        };
        let text = match &self.text {
            Some(name) => self.named(names, name).ok_or_else(|| missing(name, "--text-column"))?,
            None => {
                let found = TEXT_COLUMNS.into_iter().find_map(|name| named(names, name));
                found.ok_or_else(|| missing(&TEXT_COLUMNS.join(" or "), "--text-column"))?
            }
        };
        let find = |column: &Option<String>| column.as_deref().and_then(|column| self.named(names, column));
        let (label, score) = (find(&self.label), find(&self.score));
        let (target, is_there, flag) = match (&self.score, &self.label) {
            (Some(name), _) => (Some(name), score.is_some(), "--score-column"),
            (None, name) => (name.as_ref(), label.is_some(), "--label-column"),
        };
        // A test split may be without labels, but not by a slip in a header.
        let is_needed = |target: &&String| self.targets_required || other_case(target, names).is_some();
        if let Some(target) = target.filter(|_| !is_there).filter(is_needed) {
            return Err(missing(target, flag));
        }
        let kept: Vec<String> = if self.keep_all {
            names.iter().filter(|name| **name != text).cloned().collect()
        } else {
            let flag = |name| self.flags.iter().find(|(of, _)| of == name).map_or("--keep-columns", |(_, flag)| flag);
            let keep = self.keep.iter().map(|name| named(names, name).ok_or_else(|| missing(name, flag(name))));
            keep.collect::<Result<_>>()?
        };
        let is_twice = |name: &&String| names.iter().filter(|other| other == name).count() > 1;
        let twice = [Some(&text), label.as_ref(), score.as_ref()].into_iter().flatten().chain(&kept).find(is_twice);
        if let Some(name) = twice {
            let problem = format!("two columns are called {name}; rename one of them");
            return Err(CorpusError::Value { file: path.to_owned(), location: Location::Line(1), problem });
        }
        Ok(FoundColumns { text, label, score, kept })
    }

    /// The column of texts or targets of this name, in another case if that may be.
    fn named(&self, names: &[String], wanted: &str) -> Option<String> {
        let is_same = |name: &&String| name.trim().to_lowercase() == wanted.trim().to_lowercase();
        named(names, wanted).or_else(|| names.iter().find(is_same).filter(|_| self.any_case).cloned())
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
    let pointed = with_point(text);
    match pointed.as_deref().unwrap_or(text).parse::<f32>() {
        Ok(score) if score.is_finite() => Ok(Some(score)),
        _ => Err(problem()),
    }
}
