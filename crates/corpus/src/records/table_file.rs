//! A file that was opened: how it is read is known, and its rows can be read any number of times.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::options::{Encoding, ReadOptions};
use super::table::{Columns, NodePlace, Row, Table, WithoutText};
use super::trees;
use crate::error::{Location, Result};
use crate::label::SourceNames;
use crate::task::FINE_GRAINED;

/// A file of rows, opened.
#[derive(Debug)]
pub struct TableFile {
    path: PathBuf,
    table: Table,
}

impl TableFile {
    /// Opens a table: finds out how it is read, and checks that the columns are there.
    ///
    /// # Errors
    /// As [`super::read_with`], but for what is wrong with single rows.
    pub fn open(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Self> {
        Ok(Self { path: path.to_owned(), table: super::read_with(path, columns, options)? })
    }

    /// Opens a file of PTB trees, whose rows are the nodes of all sentences.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_trees(path: &Path, encoding: Option<Encoding>) -> Result<Self> {
        let row = |record: crate::raw::Record| Row {
            location: Location::Line(record.sentence_id as u64 + 1),
            text: record.text,
            label: record.label.and_then(|label| FINE_GRAINED.get(label as usize)).map(|&name| name.to_owned()),
            score: None,
            node: Some(NodePlace { sentence: record.sentence_id, depth: i32::from(!record.is_root) }),
            kept: Vec::new(),
        };
        let rows = trees::read(path, encoding)?.into_iter().map(row).collect();
        let names = FINE_GRAINED.map(str::to_owned).to_vec();
        let label_names = Some(SourceNames { names, ordered: true });
        Ok(Self { path: path.to_owned(), table: Table { rows, label_names, said: Vec::new(), without_text: None } })
    }

    /// Opens a file whose whole content is one text, with this label.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn open_text(path: &Path, label: String, encoding: Option<Encoding>) -> Result<Self> {
        Ok(Self { path: path.to_owned(), table: super::whole_text(path, label, encoding)? })
    }

    /// A table of CSV in memory; errors name it as the file `name`.
    ///
    /// # Errors
    /// As [`TableFile::open`].
    pub fn of_csv(name: &Path, text: &'static str, columns: &Columns) -> Result<Self> {
        Ok(Self { path: name.to_owned(), table: super::parse_csv(name, text, columns)? })
    }

    /// The table with `names` for the labels 0, 1, ...; -1 means that there is no label.
    ///
    /// # Errors
    /// None; a label that is none of these numbers is an error where its row is read.
    pub fn with_names(self, names: SourceNames) -> Result<Self> {
        Ok(Self { table: self.table.with_names(&self.path, names)?, ..self })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the labels, where the file has them; then the labels of the rows are names.
    pub fn label_names(&self) -> Option<&SourceNames> {
        self.table.label_names.as_ref()
    }

    /// How the file is read, where that was guessed and is not the plain reading of its extension.
    pub fn said(&self) -> &[String] {
        &self.table.said
    }

    /// Reads all rows in their order, until `row` breaks; what rows have no text and were left out, if there are any.
    ///
    /// # Errors
    /// Fails on no rows, and on a row that is wrong; the error names file, row and column.
    pub fn for_each_row(&self, row: &mut dyn FnMut(Row) -> ControlFlow<()>) -> Result<Option<WithoutText>> {
        let _ = self.table.rows.iter().cloned().try_for_each(row);
        Ok(self.table.without_text)
    }
}
