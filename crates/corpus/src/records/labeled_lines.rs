//! Lines that hold a label and a text, in one of several ways.
//!
//! To [`Columns`] a file of them is a table with the columns `label` and `text`. A line without a label is a text without one.

use std::ops::ControlFlow;
use std::path::Path;

use super::beginning::{Beginning, N_ROWS};
use super::format::{Opened, RowSink, Rows};
use super::options::ReadOptions;
use super::table::{BrokenRow, Columns, FoundColumns, Row, parse_score};
use super::text_file::TextFile;
use super::text_lines::first_lines;
use crate::error::{CorpusError, Location, Result};
use crate::shortened::shortened_list;

const LABEL: &str = "label";
const TEXT: &str = "text";

/// A way to write a label and its text in one line.
#[derive(Debug)]
pub(super) struct LineFormat {
    /// What it is, in words.
    pub(super) description: &'static str,
    /// How many lines tell whether a file is written so.
    pub(super) n_looked_at: usize,
    /// Whether these first lines of a file, none of them blank, are.
    pub(super) is_of: fn(&[String]) -> bool,
    /// The parts of a line; none of one that is not written so.
    pub(super) parts: Parts,
}

type Parts = for<'a> fn(&'a str) -> Option<LabeledText<'a>>;

/// The parts of a line.
pub(super) struct LabeledText<'a> {
    pub(super) labels: Vec<&'a str>,
    pub(super) text: String,
}

impl LineFormat {
    pub(super) fn open(&'static self, path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Opened> {
        let file = TextFile::open_with(path, options)?;
        let columns = columns.find(path, &[LABEL.to_owned(), TEXT.to_owned()])?;
        let said = [self.description.to_owned()].into_iter().chain(file.said.clone());
        Ok(Opened {
            said: said.collect(),
            kept: columns.kept.clone(),
            label_names: None,
            rows: Box::new(LabeledLines { file, columns, description: self.description, parts: self.parts }),
        })
    }

    pub(super) fn begin(&self, path: &Path, options: &ReadOptions) -> Result<Beginning> {
        let mut rows = Vec::new();
        for line in first_lines(&TextFile::open_with(path, options)?, N_ROWS)? {
            let Some(LabeledText { labels, text }) = (self.parts)(&line) else { continue };
            rows.push(vec![labels.first().map(|&label| label.to_owned()), Some(text)]);
        }
        Ok(Beginning { names: vec![LABEL.to_owned(), TEXT.to_owned()], has_header: true, rows })
    }
}

/// A file of such lines.
#[derive(Debug)]
struct LabeledLines {
    file: TextFile,
    columns: FoundColumns,
    description: &'static str,
    parts: Parts,
}

impl Rows for LabeledLines {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        self.file.for_each_line(&mut |number, line| {
            // Where nobody wants the labels, each line is answered.
            if line.trim().is_empty() && (self.columns.label.is_some() || self.columns.score.is_some()) {
                return Ok(ControlFlow::Continue(()));
            }
            match self.row(line, Location::Line(number)) {
                Ok(row) => Ok(sink.add(row)),
                Err(error) => sink.add_broken(BrokenRow { error, kept: Vec::new() }),
            }
        })
    }
}

impl LabeledLines {
    /// The row of a line; fails where its label is wanted and it has several.
    fn row(&self, line: &str, location: Location) -> Result<Row> {
        let wrong = |problem| CorpusError::Value { file: self.file.path().to_owned(), location, problem };
        let Some(LabeledText { labels, text }) = (self.parts)(line) else {
            return Err(wrong(format!("it is none of the {}, as the lines before it are", self.description)));
        };
        let FoundColumns { label, score, .. } = &self.columns;
        if labels.len() > 1 && [label, score].into_iter().flatten().any(|column| column == LABEL) {
            return Err(wrong(several_labels(&labels)));
        }
        let labels = (!labels.is_empty()).then(|| labels.join(" "));
        let value = |column: &String| if column == LABEL { labels.clone() } else { Some(text.clone()) };
        let score = match score.as_ref().and_then(value) {
            Some(score) => parse_score(&score, || wrong(format!("the score `{score}` is not a finite number")))?,
            None => None,
        };
        Ok(Row {
            location,
            text: value(&self.columns.text).unwrap_or_default(),
            label: label.as_ref().and_then(value),
            score,
            node: None,
            kept: self.columns.kept.iter().map(value).collect(),
            source: None,
        })
    }
}

fn several_labels(labels: &[&str]) -> String {
    let names: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
    format!(
        "it has {} labels, {}; a text is learned as one class: keep one of them",
        labels.len(),
        shortened_list(&names)
    )
}
