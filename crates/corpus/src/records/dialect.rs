//! The dialect of a table of separated fields: the separator, what quotes mean, and whether there is a header.
//!
//! The separator is that of the extension if the header then has the columns that are requested, else the one of `,` `;`
//! tab `|` with which it has them. Without a header it is the one with which the first records are of one length.
//!
//! Quotes are marks, unless tabs separate. There they are text, as in GLUE, unless the file shows that its writer meant
//! them: every field that begins with a quote is wholly quoted, and either one of them holds a doubled quote, or a column
//! and the header are quoted throughout, or all fields with a comma are quoted and no others, or only so have all records
//! the fields of the header.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::fields::{FieldRecord, Grammar};
use super::options::{Delimiter, Quotes, ReadOptions};
use super::quote_marks::{Marks, is_doubled};
use super::record_stream::{RecordError, RecordStream};
use super::table::Columns;
use super::text_file::TextFile;
use crate::error::{CorpusError, Location, Result};

/// The records that are looked at to find the separator.
const N_LOOKED_AT: usize = 100;

/// A file with the way to read it.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    pub(super) file: TextFile,
    pub(super) grammar: Grammar,
    /// What was guessed and is not the plain reading of the extension.
    pub(super) said: Vec<String>,
    /// Whether the first line states the separator.
    states_separator: bool,
}

impl Dialect {
    pub(super) fn records(&self) -> Result<RecordStream> {
        records(&self.file, self.grammar, self.states_separator)
    }

    /// What was guessed, for messages: ` (read as separated by ...)`, or nothing.
    pub(super) fn described(&self) -> String {
        if self.said.is_empty() { String::new() } else { format!(" (read as {})", self.said.join(", ")) }
    }

    /// As [`Dialect::find`], where no column is known: the separator is the one with which the first records have equally many
    /// fields, that of the extension if it does.
    pub(super) fn find_without_columns(file: TextFile, plain: Delimiter, options: &ReadOptions) -> Result<Self> {
        let columns = &Columns { text: Some(String::new()), ..Columns::default() };
        let options = &ReadOptions { no_header: false, ..options.clone() };
        Self::find(file, plain, columns, options)
    }

    /// Finds out how a file is to be read whose extension stands for `plain`.
    pub(super) fn find(file: TextFile, plain: Delimiter, columns: &Columns, options: &ReadOptions) -> Result<Self> {
        let stated = stated_separator(&file)?;
        let look = Look { file: &file, states_separator: stated.is_some(), columns, options, told: RefCell::default() };
        let delimiter = match options.delimiter.or(stated) {
            Some(delimiter) => delimiter,
            None if options.no_header => look.of_equal_records(plain)?,
            None => look.of_header(plain)?,
        };
        let quotes = look.told_quotes(delimiter)?;
        let mut said = Vec::new();
        if delimiter != plain && options.delimiter.is_none() {
            said.push(format!("separated by {delimiter}"));
        }
        let usual = if delimiter == Delimiter::TAB { Quotes::Literal } else { Quotes::Doubled };
        if quotes != usual && options.quotes.is_none() {
            let meaning = if quotes == Quotes::Escaped { "with backslashes before inner ones" } else { "no text" };
            said.push(format!("quotes around fields, {meaning}"));
        }
        let states_separator = stated.is_some();
        Ok(Self { file, grammar: Grammar { delimiter, quotes }, said, states_separator })
    }
}

fn records(file: &TextFile, grammar: Grammar, states_separator: bool) -> Result<RecordStream> {
    let records = RecordStream::new(file.read()?, grammar, 1);
    if states_separator { records.after_first_line() } else { Ok(records) }
}

/// The separator of a first line `sep=;`, which spreadsheets write.
fn stated_separator(file: &TextFile) -> Result<Option<Delimiter>> {
    const LONGEST: usize = 64;
    let beginning = file.beginning(LONGEST)?;
    let line = beginning.split(['\n', '\r']).next().unwrap_or_default();
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let Some(stated) = line.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep=")).map(|_| &line[4..]) else {
        return Ok(None);
    };
    let mut characters = stated.chars();
    let only = characters.next().filter(|_| characters.next().is_none());
    match only.and_then(Delimiter::of) {
        Some(delimiter) => Ok(Some(delimiter)),
        None => {
            let problem = format!("the separator is stated as `{stated}`; expected one mark, such as `;`, or a tab");
            Err(CorpusError::Value { file: file.path().to_owned(), location: Location::Line(1), problem })
        }
    }
}

/// A file that is looked at under one grammar after another.
struct Look<'a> {
    file: &'a TextFile,
    states_separator: bool,
    columns: &'a Columns,
    options: &'a ReadOptions,
    /// What quotes mean with the delimiters that were tried: to tell it, much of the file may be read.
    told: RefCell<Vec<(Delimiter, Quotes)>>,
}

impl Look<'_> {
    fn records(&self, delimiter: Delimiter, quotes: Quotes) -> Result<RecordStream> {
        records(self.file, Grammar { delimiter, quotes }, self.states_separator)
    }

    /// What quotes mean where this separates: as told, else as the file shows it.
    fn told_quotes(&self, delimiter: Delimiter) -> Result<Quotes> {
        if let Some(quotes) = self.options.quotes {
            return Ok(quotes);
        }
        let known = self.told.borrow().iter().find(|(tried, _)| *tried == delimiter).map(|(_, quotes)| *quotes);
        if let Some(quotes) = known {
            return Ok(quotes);
        }
        let quotes = self.quotes(delimiter)?;
        self.told.borrow_mut().push((delimiter, quotes));
        Ok(quotes)
    }

    fn header(&self, delimiter: Delimiter) -> Result<Option<Vec<String>>> {
        let quotes = self.told_quotes(delimiter)?;
        let header = self.records(delimiter, quotes)?.next(|header| header_names(&header));
        Ok(header.and_then(Result::ok))
    }

    /// The separator with which the header has the columns; where there is none, the one that the file looks like.
    fn of_header(&self, plain: Delimiter) -> Result<Delimiter> {
        let others = || Delimiter::USUAL.into_iter().filter(|&delimiter| delimiter != plain);
        for delimiter in [plain].into_iter().chain(others()) {
            if self.header(delimiter)?.is_some_and(|header| self.columns.are_in(&header)) {
                return Ok(delimiter);
            }
        }
        let is_table = |delimiter| Ok::<_, CorpusError>(self.n_fields(delimiter)?.is_some_and(|n| n > 1));
        if !is_table(plain)? {
            for other in others() {
                if is_table(other)? {
                    return Ok(other);
                }
            }
            // A ragged row is told better by the one that separates the others.
            for other in others() {
                if self.header(plain)?.is_some_and(|header| header.len() == 1) && self.are_mostly_equal(other)? {
                    return Ok(other);
                }
            }
        }
        Ok(plain)
    }

    /// Whether the header has several fields, and most of the first records as many.
    fn are_mostly_equal(&self, delimiter: Delimiter) -> Result<bool> {
        let mut records = self.records(delimiter, self.told_quotes(delimiter)?)?;
        let lengths = || records.next(|record| record.fields.len())?.ok();
        let lengths: Vec<usize> = std::iter::from_fn(lengths).take(N_LOOKED_AT).collect();
        let n_equal = lengths.iter().filter(|&length| Some(length) == lengths.first()).count();
        Ok(lengths.first().is_some_and(|&n| n > 1) && 2 * n_equal > lengths.len())
    }

    /// The separator with which all of the first records have as many fields, and enough of them for the columns.
    fn of_equal_records(&self, plain: Delimiter) -> Result<Delimiter> {
        let needed = self.columns.highest_number();
        let mut fitting: Vec<Delimiter> = Vec::new();
        for delimiter in Delimiter::USUAL {
            if self.n_fields(delimiter)?.is_some_and(|n| n > 1 && n >= needed) {
                fitting.push(delimiter);
            }
        }
        match fitting.as_slice() {
            [] => Ok(plain),
            [only] => Ok(*only),
            several if plain == Delimiter::TAB && several.contains(&plain) => Ok(plain),
            several => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let problem = format!(
                    "the rows may be separated by {}; say which with --delimiter {}",
                    names.join(" or by "),
                    several.iter().map(|delimiter| format!("'{}'", delimiter.name())).collect::<Vec<_>>().join(" or ")
                );
                Err(CorpusError::Value { file: self.file.path().to_owned(), location: Location::Line(1), problem })
            }
        }
    }

    /// The number of fields of the first records, if it is one for all.
    fn n_fields(&self, delimiter: Delimiter) -> Result<Option<usize>> {
        let mut records = self.records(delimiter, self.told_quotes(delimiter)?)?;
        let mut first = None;
        for _ in 0..N_LOOKED_AT {
            let Some(length) = records.next(|record| record.fields.len()) else { break };
            let Ok(length) = length else { return Ok(None) };
            if *first.get_or_insert(length) != length {
                return Ok(None);
            }
        }
        Ok(first)
    }

    /// What quotes mean where this separates.
    fn quotes(&self, delimiter: Delimiter) -> Result<Quotes> {
        if delimiter != Delimiter::TAB {
            let escaped = self.file.contains("\\\"")?
                && !self.reads_cleanly(delimiter, Quotes::Doubled)?
                && self.reads_cleanly(delimiter, Quotes::Escaped)?;
            return Ok(if escaped { Quotes::Escaped } else { Quotes::Doubled });
        }
        if !self.file.contains("\"")? {
            return Ok(Quotes::Literal);
        }
        if let Some(quotes) = self.meant_in_lines()? {
            return Ok(quotes);
        }
        for quotes in [Quotes::Doubled, Quotes::Escaped] {
            if self.reads_cleanly(delimiter, quotes)? {
                return Ok(quotes);
            }
        }
        Ok(Quotes::Literal)
    }

    /// Whether each quote that opens a field closes it, and all records are as long as the header, or one field longer.
    fn reads_cleanly(&self, delimiter: Delimiter, quotes: Quotes) -> Result<bool> {
        let mut records = self.records(delimiter, quotes)?;
        let mut lengths = || {
            let length = records.next(|record: FieldRecord| record.fields.len());
            length.map(Result::ok)
        };
        let Some(Some(header)) = lengths() else { return Ok(false) };
        let Some(first) = lengths() else { return Ok(true) };
        if first.is_none_or(|n| n != header && n != header + 1) {
            return Ok(false);
        }
        loop {
            match lengths() {
                None => return Ok(true),
                Some(length) if length != first => return Ok(false),
                Some(_) => {}
            }
        }
    }

    /// What quotes mean if each line is a record; none if the lines, taken so, are no table.
    fn meant_in_lines(&self) -> Result<Option<Quotes>> {
        let mut records = self.records(Delimiter::TAB, Quotes::Literal)?;
        let mut header: Option<Vec<String>> = None;
        let mut marks: Option<Marks> = None;
        let mut is_table = true;
        let read = records.for_each(|record| {
            if header.is_none() && marks.is_none() && !self.options.no_header {
                header = Some(header_names(&record));
                return ControlFlow::Continue(());
            }
            let n = record.fields.len();
            let marks = marks.get_or_insert_with(|| Marks::new(n));
            let fits_header = header.as_ref().is_none_or(|header| n == header.len() || n == header.len() + 1);
            is_table = n == marks.n_columns() && fits_header;
            if !is_table {
                return ControlFlow::Break(());
            }
            record.fields.iter().enumerate().for_each(|(column, field)| marks.add(column, &field.text));
            ControlFlow::Continue(())
        });
        match read {
            Err(RecordError::File(error)) => return Err(error),
            Err(RecordError::Quote(_)) | Ok(()) => {} // of literal quotes, none is open
        }
        if !is_table || (marks.is_none() && header.is_none()) {
            return Ok(None);
        }
        let header_is_quoted = header.map(|header| header.iter().any(|field| is_doubled(field)));
        let marks = marks.unwrap_or_else(|| Marks::new(0));
        Ok(Some(marks.meaning(header_is_quoted)))
    }
}

/// The names that a header gives the columns.
pub(super) fn header_names(header: &FieldRecord) -> Vec<String> {
    header.fields.iter().map(|field| field.text.clone().into_owned()).collect()
}
