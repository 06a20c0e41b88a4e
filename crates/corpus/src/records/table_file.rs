//! A file that was opened: how it is read is known, and its rows can be read any number of times.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::file_name::FileName;
use super::format::{Format, Opened, RowSink, Rows};
use super::options::{Delimiter, Encoding, ReadOptions};
use super::paired_lines::PairedLines;
use super::table::{Columns, ReadRow, Row, WithoutText, name_of_label};
use super::text_file::TextFile;
use super::text_lines::TextLines;
use super::text_table::TXT;
use super::trees::TreeFile;
use super::whole_text::WholeText;
use super::{FORMATS, delimited, extensions};
use crate::error::{CorpusError, Result};
use crate::label::SourceNames;

/// A file of rows, opened. Its rows are read as they come, so that memory does not grow with the file.
#[derive(Debug)]
pub struct TableFile {
    path: PathBuf,
    rows: Box<dyn Rows>,
    options: ReadOptions,
    kept: Vec<String>,
    said: Vec<String>,
    label_names: Option<SourceNames>,
    /// Whether the labels in the file are indices of the names.
    has_indices: bool,
}

impl TableFile {
    /// Opens a table: finds out how it is read, and checks that the columns are there.
    ///
    /// # Errors
    /// Fails on an unknown ending, a file that cannot be read, is damaged or is no text in its encoding, and a missing
    /// column; the error names the file, and says what it looks like.
    pub fn open(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Self> {
        let opened = (format_of(path)?.open)(path, columns, options)?;
        Ok(Self { options: options.clone(), ..Self::of(path, opened) })
    }

    /// Opens a file of PTB trees, whose rows are the nodes of all sentences; their labels, 0 to 4, get these names.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_trees(path: &Path, encoding: Option<Encoding>, names: SourceNames) -> Result<Self> {
        let file = TextFile::open(path, encoding)?;
        Ok(Self::of_texts(path, file.said.clone(), TreeFile(file)).with_names(names))
    }

    /// Opens a file whose whole content is one text, with this label. The line breaks at its end are no part of the text.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_text(path: &Path, label: String, encoding: Option<Encoding>) -> Result<Self> {
        let file = TextFile::open(path, encoding)?;
        Ok(Self::of_texts(path, file.said.clone(), WholeText { file, label }))
    }

    /// Opens a file whose lines are texts with this label; blank ones are passed over.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_labeled_lines(path: &Path, label: String, encoding: Option<Encoding>) -> Result<Self> {
        let file = TextFile::open(path, encoding)?;
        Ok(Self::of_texts(path, file.said.clone(), TextLines { file, label: Some(label) }))
    }

    /// Opens two files, of which one has the label of each line of the other.
    ///
    /// # Errors
    /// Fails when a file cannot be read; reading fails where they have not as many lines.
    pub fn open_paired_lines(texts: &Path, labels: &Path, encoding: Option<Encoding>) -> Result<Self> {
        let path = texts;
        let (texts, labels) = (TextFile::open(texts, encoding)?, TextFile::open(labels, encoding)?);
        Ok(Self::of_texts(path, texts.said.clone(), PairedLines { texts, labels }))
    }

    /// Opens a file whose lines are texts; an empty line is an empty text.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_lines(path: &Path, options: &ReadOptions) -> Result<Self> {
        let file = TextFile::open_with(path, options)?;
        let opened = Self::of_texts(path, file.said.clone(), TextLines { file, label: None });
        Ok(Self { options: options.clone(), ..opened })
    }

    /// A table of CSV in memory; errors name it as the file `name`.
    ///
    /// # Errors
    /// As [`TableFile::open`].
    pub fn of_csv(name: &Path, text: &'static str, columns: &Columns) -> Result<Self> {
        let text = TextFile::of(name, text);
        Ok(Self::of(name, delimited::open_text(text, Delimiter::COMMA, columns, &ReadOptions::default())?))
    }

    /// Opens those of several files that have rows, and names the others; one file alone has to have some.
    ///
    /// # Errors
    /// As `open`; fails where no file has rows. What else is wrong with rows is told where all of them are read.
    pub fn open_with_rows(paths: &[PathBuf], open: impl Fn(&Path) -> Result<Self>) -> Result<(Vec<Self>, Vec<String>)> {
        let (mut tables, mut without_rows) = (Vec::new(), Vec::new());
        for path in paths {
            let table = open(path).and_then(|table| match table.for_each_read(&mut |_| ControlFlow::Break(())) {
                Err(error @ CorpusError::Empty { .. }) => Err(error),
                _ => Ok(table),
            });
            match table {
                Err(CorpusError::Empty { .. }) if paths.len() > 1 => without_rows.push(path.display().to_string()),
                table => tables.push(table?),
            }
        }
        match (tables.as_slice(), paths) {
            ([], [file, ..]) => Err(CorpusError::Empty { file: file.clone() }),
            _ => Ok((tables, without_rows)),
        }
    }

    /// A file of rows that have a text, with what has to be said of its encoding.
    fn of_texts(path: &Path, said: Option<String>, rows: impl Rows + 'static) -> Self {
        let said = said.into_iter().collect();
        Self::of(path, Opened { rows: Box::new(rows), kept: Vec::new(), label_names: None, said })
    }

    fn of(path: &Path, opened: Opened) -> Self {
        let Opened { rows, kept, label_names, said } = opened;
        let options = ReadOptions::default();
        Self { path: path.to_owned(), rows, options, kept, said, label_names, has_indices: false }
    }

    /// The table with `names` for the labels 0, 1, ...; -1 means that there is no label. A label that is none of these
    /// numbers is an error where its row is read.
    #[must_use]
    pub fn with_names(self, names: SourceNames) -> Self {
        Self { label_names: Some(names), has_indices: true, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns that are kept, as the file spells them.
    pub fn kept(&self) -> &[String] {
        &self.kept
    }

    /// The names of the labels, where the file has them; then the labels of the rows are names.
    pub fn label_names(&self) -> Option<&SourceNames> {
        self.label_names.as_ref()
    }

    /// How the file is read, where that was guessed and is not the plain reading of its extension.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// Reads all rows in their order, until `each` breaks; what rows have no text and were left out, if there are any.
    ///
    /// # Errors
    /// Fails on no rows, and on a row that is wrong: with more or fewer fields than the header, a quote that is not closed, a
    /// value of a wrong type, and, if the options are strict, a null text; the error names file, row and column.
    pub fn for_each_row(&self, each: &mut dyn FnMut(Row) -> ControlFlow<()>) -> Result<Option<WithoutText>> {
        let mut broken = None;
        let without_text = self.for_each_read(&mut |row| match row {
            Ok(row) => each(row),
            Err(row) => {
                broken = Some(row.error);
                ControlFlow::Break(())
            }
        })?;
        broken.map_or(Ok(without_text), Err)
    }

    /// As [`TableFile::for_each_row`], but gives the rows that cannot be read, too, in their order, where the options say that
    /// these are passed on.
    ///
    /// # Errors
    /// As [`TableFile::for_each_row`]; fails on broken rows where they are not passed on, and where the file cannot be read
    /// beyond one.
    pub fn for_each_read(&self, each: &mut dyn FnMut(ReadRow) -> ControlFlow<()>) -> Result<Option<WithoutText>> {
        let names = self.label_names.as_ref().filter(|_| self.has_indices);
        let (mut wrong, mut is_whole) = (None, true);
        let mut named = |mut read: ReadRow| {
            if let (Some(names), Ok(row)) = (names, &mut read) {
                match name_of_label(&self.path, row.location, row.label.take(), names) {
                    Ok(label) => row.label = label,
                    Err(error) => {
                        wrong = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            let flow = each(read);
            is_whole = flow.is_continue();
            flow
        };
        let mut sink = RowSink::new(&self.path, &self.options, &mut named);
        self.rows.for_each(&mut sink)?;
        let without_text = sink.finish();
        match wrong {
            Some(error) => Err(error),
            None if is_whole => without_text,
            None => Ok(None),
        }
    }

    /// All rows, in memory.
    ///
    /// # Errors
    /// As [`TableFile::for_each_row`].
    pub fn rows(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.for_each_row(&mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}

/// The format that a file's name says.
pub(super) fn format_of(path: &Path) -> Result<&'static Format> {
    let name = FileName::of(path);
    if name.is_plain_text() {
        return Ok(&TXT);
    }
    FORMATS.iter().find(|format| format.extensions.contains(&name.extension.as_str())).ok_or_else(|| {
        let known = extensions().chain(TXT.extensions.iter().copied());
        let expected = known.map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(", ");
        CorpusError::UnknownFormat { file: path.to_owned(), expected }
    })
}
