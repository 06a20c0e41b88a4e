//! fastText's lines: a text, and its label as a word that begins with `__label__`, before or behind it.
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

const PREFIX: &str = "__label__";
const LABEL: &str = "label";
const TEXT: &str = "text";
const BLANKS: [char; 2] = [' ', '\t'];

/// Whether a text file has lines of fastText: the first begins or ends with a label. One that runs into a separator is a field.
///
/// # Errors
/// Fails on a file that cannot be read, or is no text.
pub fn is_fast_text(path: &Path, options: &ReadOptions) -> Result<bool> {
    let has_label = |line: &String| {
        let mut words = words(line);
        let ends = [words.next(), words.next_back()];
        ends.into_iter().flatten().any(|word| word.starts_with(PREFIX) && !word.contains([',', ';', '|']))
    };
    Ok(first_lines(&TextFile::open_with(path, options)?, 1)?.iter().any(has_label))
}

pub(super) fn open(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Opened> {
    let file = TextFile::open_with(path, options)?;
    let columns = columns.find(path, &[LABEL.to_owned(), TEXT.to_owned()])?;
    let said = [format!("lines of fastText, whose labels begin with {PREFIX}")].into_iter().chain(file.said.clone());
    Ok(Opened {
        said: said.collect(),
        kept: columns.kept.clone(),
        label_names: None,
        rows: Box::new(FastText { file, columns }),
    })
}

pub(super) fn begin(path: &Path, options: &ReadOptions) -> Result<Beginning> {
    let mut rows = Vec::new();
    for line in first_lines(&TextFile::open_with(path, options)?, N_ROWS)? {
        let LabeledText { labels, text } = LabeledText::of(&line);
        rows.push(vec![labels.first().map(|&label| label.to_owned()), Some(text)]);
    }
    Ok(Beginning { names: vec![LABEL.to_owned(), TEXT.to_owned()], has_header: true, rows })
}

/// A file of such lines.
#[derive(Debug)]
struct FastText {
    file: TextFile,
    columns: FoundColumns,
}

impl Rows for FastText {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        self.file.for_each_line(&mut |number, line| {
            // Where nobody wants the labels, each line is answered.
            if line.trim().is_empty() && self.columns.label.is_some() {
                return Ok(ControlFlow::Continue(()));
            }
            match self.row(line, Location::Line(number)) {
                Ok(row) => Ok(sink.add(row)),
                Err(error) => sink.add_broken(BrokenRow { error, kept: Vec::new() }),
            }
        })
    }
}

impl FastText {
    /// The row of a line; fails where its label is wanted and it has several.
    fn row(&self, line: &str, location: Location) -> Result<Row> {
        let wrong = |problem| CorpusError::Value { file: self.file.path().to_owned(), location, problem };
        let LabeledText { labels, text } = LabeledText::of(line);
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

/// The parts of a line.
struct LabeledText<'a> {
    labels: Vec<&'a str>,
    text: String,
}

impl<'a> LabeledText<'a> {
    fn of(line: &'a str) -> Self {
        let mut labels: Vec<&str> = words(line).filter_map(|word| word.strip_prefix(PREFIX)).collect();
        labels.dedup();
        let text: String = line.split_inclusive(BLANKS).filter(|word| !word.starts_with(PREFIX)).collect();
        Self { labels, text: text.trim_matches(BLANKS).to_owned() }
    }
}

fn words(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split(BLANKS).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::ReadOptions;
    use super::super::tests::{file, for_each_damaged_text, summary};
    use super::*;

    #[test]
    fn a_label_stands_at_either_end_of_its_text() {
        let lines = "__label__pos  A fine,  \"fine\" film \n\n__label__2\tBad\r\nso so __label__so-so\nnone\n__label__pos\na \
                     __label__x b\n__label__a __label__a twice\n__label__ empty\n";
        let expected = [
            "A fine,  \"fine\" film|pos|-",
            "Bad|2|-",
            "so so|so-so|-",
            "none|-|-",
            "|pos|-",
            "a b|x|-",
            "twice|a|-",
            "empty||-",
        ];
        assert_eq!(summary("a.txt", lines.as_bytes(), &Columns::default()).unwrap(), expected);
    }

    #[test]
    fn a_text_of_two_classes_is_refused() {
        let error = summary("a.txt", b"__label__a x\n__label__a __label__b y\n", &Columns::default()).unwrap_err();
        let problem = "it has 2 labels, a, b; a text is learned as one class: keep one of them";
        assert_eq!(error, format!("a.txt, line 2: {problem}"));
        let without = Columns { label: None, targets_required: false, ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__a __label__b y\n", &without).unwrap(), ["y|-|-"]);
    }

    #[test]
    fn labels_may_be_scores_and_no_other_columns_are_there() {
        let scored = Columns { label: None, score: Some("label".to_owned()), ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__0.5 x\ny\n", &scored).unwrap(), ["x|-|0.5", "y|-|-"]);
        let error = summary("a.txt", b"__label__good x\n", &scored).unwrap_err();
        assert_eq!(error, "a.txt, line 1: the score `good` is not a finite number");
        let id = Columns { keep: vec!["id".to_owned()], ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__a x\n", &id).unwrap_err(), "a.txt has no column id, only label, text");
    }

    #[test]
    fn other_lines_are_none_of_fast_text() {
        let is = |content: &str| {
            let (_folder, path) = file("a.txt", content.as_bytes());
            is_fast_text(&path, &ReadOptions::default()).unwrap()
        };
        assert!(is("\nx __label__a\nno label\n"));
        for others in ["", "text\tlabel\na\t__label__b\n", "__label__1,good film\n", "the word __label__ marks it\n"] {
            assert!(!is(others), "{others:?}");
        }
    }

    #[test]
    fn damaged_lines_never_panic() {
        let lines = "__label__a é x\n\ny __label__b\r\n__label__a";
        for_each_damaged_text("a.txt", lines.as_bytes(), &Columns::default(), &ReadOptions::default());
    }
}
