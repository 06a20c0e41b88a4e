//! What an input format has to provide, and where the rows go that it reads.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use super::beginning::Beginning;
use super::options::ReadOptions;
use super::table::{BrokenRow, Columns, ReadRow, Row, WithoutText};
use super::text_blocks::NO_CHARACTER;
use crate::error::{CorpusError, Location, Result};
use crate::label::SourceNames;

/// An input format: the extensions of its files, in lower case, and how one is opened.
pub(super) struct Format {
    pub(super) extensions: &'static [&'static str],
    pub(super) open: fn(&Path, &Columns, &ReadOptions) -> Result<Opened>,
    /// Reads the names of all columns, and the first rows.
    pub(super) begin: fn(&Path, &ReadOptions) -> Result<Beginning>,
}

/// A table that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) rows: Box<dyn Rows>,
    /// The names of the columns that are kept.
    pub(super) kept: Vec<String>,
    /// The names of the labels, where the file has them; then the labels of the rows are names.
    pub(super) label_names: Option<SourceNames>,
    /// How it is read, where that was guessed and is not the plain reading of its extension.
    pub(super) said: Vec<String>,
}

/// The rows of an opened table.
pub(super) trait Rows: fmt::Debug + Send {
    /// Gives all rows to `sink` in their order, until it breaks.
    fn for_each(&self, sink: &mut RowSink) -> Result<()>;
}

/// A row whose text is null.
pub(super) struct NullText {
    pub(super) location: Location,
    /// As in [`Row`].
    pub(super) kept: Vec<Option<String>>,
}

/// Where the rows of a table go while it is read: those without a text are counted, refused, or broken.
pub(super) struct RowSink<'a> {
    path: &'a Path,
    strict: bool,
    passes_broken: bool,
    each: &'a mut dyn FnMut(ReadRow) -> ControlFlow<()>,
    n_rows: u64,
    without_text: Option<WithoutText>,
}

impl<'a> RowSink<'a> {
    pub(super) fn new(
        path: &'a Path,
        options: &ReadOptions,
        each: &'a mut dyn FnMut(ReadRow) -> ControlFlow<()>,
    ) -> Self {
        let ReadOptions { strict, passes_broken, .. } = *options;
        Self { path, strict, passes_broken, each, n_rows: 0, without_text: None }
    }

    /// The file that is read.
    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    pub(super) fn add(&mut self, row: Row) -> ControlFlow<()> {
        self.n_rows += 1;
        (self.each)(if self.passes_broken { without_marks(row, self.path) } else { Ok(row) })
    }

    /// Counts a row whose text in `column` is null.
    pub(super) fn add_without_text(&mut self, row: NullText, column: &str) -> Result<ControlFlow<()>> {
        let NullText { location, kept } = row;
        if self.strict || self.passes_broken {
            let problem = format!("the text in column {column} is null; expected a text");
            let error = CorpusError::Value { file: self.path.to_owned(), location, problem };
            return self.add_broken(BrokenRow { error, kept });
        }
        let so_far = self.without_text.unwrap_or(WithoutText { n_rows: 0, first: location });
        self.without_text = Some(WithoutText { n_rows: so_far.n_rows + 1, ..so_far });
        Ok(ControlFlow::Continue(()))
    }

    /// A row that cannot be read, after which others can; an error where those are not passed on.
    pub(super) fn add_broken(&mut self, broken: BrokenRow) -> Result<ControlFlow<()>> {
        if !self.passes_broken {
            return Err(broken.error);
        }
        self.n_rows += 1;
        Ok((self.each)(Err(Box::new(broken))))
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

/// The row, unless it holds the mark of bytes that are not in the file's encoding.
pub(super) fn without_marks(row: Row, path: &Path) -> ReadRow {
    let is_marked = |text: &str| text.contains(NO_CHARACTER);
    if !is_marked(&row.text) && !row.kept.iter().flatten().any(|value| is_marked(value)) {
        return Ok(row);
    }
    let problem = "its bytes are no text in the encoding of the file; mend them, or give the encoding with --encoding";
    let error = CorpusError::Value { file: path.to_owned(), location: row.location, problem: problem.to_owned() };
    let kept = row.kept.into_iter().map(|value| value.filter(|value| !is_marked(value))).collect();
    Err(Box::new(BrokenRow { error, kept }))
}
