//! The dialect of a table of separated fields: the separator, what quotes mean, and whether there is a header.
//!
//! The separator is that of the extension if the header then has the columns that are asked for, else the one of `,` `;`
//! tab `|` with which it has them. Without a header it is the one with which the first records are of one length.
//!
//! Quotes are marks, unless tabs separate. There they are text, as in GLUE, unless the file shows that its writer meant
//! them: every field that begins with a quote is wholly quoted, and either one of them holds a doubled quote, or a column
//! and the header are quoted throughout, or only so have all records the fields of the header.

use std::path::Path;

use super::fields::{FieldRecord, FieldRecords, Grammar};
use super::options::{Delimiter, Quotes, ReadOptions};
use super::table::Columns;
use crate::error::{CorpusError, Location, Result};

/// The records that are looked at to find the separator.
const N_LOOKED_AT: usize = 100;

/// A text with the way to read it.
pub(super) struct Dialect<'a> {
    /// The text without a line `sep=;`.
    pub(super) text: &'a str,
    /// The number of its first line.
    pub(super) first_line: u64,
    pub(super) grammar: Grammar,
    /// What was guessed and is not the plain reading of the extension.
    pub(super) said: Vec<String>,
}

impl<'a> Dialect<'a> {
    pub(super) fn records(&self) -> FieldRecords<'a> {
        FieldRecords::new(self.text, self.grammar, self.first_line)
    }

    /// What was guessed, for messages: ` (read as separated by ...)`, or nothing.
    pub(super) fn described(&self) -> String {
        if self.said.is_empty() { String::new() } else { format!(" (read as {})", self.said.join(", ")) }
    }

    /// Finds out how a text is to be read whose extension stands for `plain`.
    pub(super) fn find(
        path: &Path,
        text: &'a str,
        plain: Delimiter,
        columns: &Columns,
        options: &ReadOptions,
    ) -> Result<Self> {
        let (stated, text, first_line) = stated_separator(path, text)?;
        let look = Look { text, columns, options };
        let delimiter = match options.delimiter.or(stated) {
            Some(delimiter) => delimiter,
            None if options.no_header => look.of_equal_records(path, plain)?,
            None => look.of_header(plain),
        };
        let quotes = options.quotes.unwrap_or_else(|| look.quotes(delimiter));
        let mut said = Vec::new();
        if delimiter != plain && options.delimiter.is_none() {
            said.push(format!("separated by {delimiter}"));
        }
        let usual = if delimiter == Delimiter::Tab { Quotes::Literal } else { Quotes::Doubled };
        if quotes != usual && options.quotes.is_none() {
            let meaning = if quotes == Quotes::Escaped { "with backslashes before inner ones" } else { "no text" };
            said.push(format!("quotes around fields, {meaning}"));
        }
        Ok(Self { text, first_line, grammar: Grammar { delimiter, quotes }, said })
    }
}

/// The separator of a first line `sep=;`, which spreadsheets write, and the text after it.
fn stated_separator<'a>(path: &Path, text: &'a str) -> Result<(Option<Delimiter>, &'a str, u64)> {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let Some(stated) = line.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep=")).map(|_| &line[4..]) else {
        return Ok((None, text, 1));
    };
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r'])).unwrap_or(rest);
    match Delimiter::ALL.into_iter().find(|delimiter| stated.as_bytes() == [delimiter.byte()]) {
        Some(delimiter) => Ok((Some(delimiter), rest, 2)),
        None => {
            let problem = format!("the separator is stated as `{stated}`; expected `,`, `;`, `|` or a tab");
            Err(CorpusError::Value { file: path.to_owned(), location: Location::Line(1), problem })
        }
    }
}

/// A text that is looked at under one grammar after another.
struct Look<'a> {
    text: &'a str,
    columns: &'a Columns,
    options: &'a ReadOptions,
}

impl<'a> Look<'a> {
    fn records(&self, delimiter: Delimiter, quotes: Quotes) -> FieldRecords<'a> {
        FieldRecords::new(self.text, Grammar { delimiter, quotes }, 1)
    }

    fn header(&self, delimiter: Delimiter) -> Option<FieldRecord<'a>> {
        let quotes = self.options.quotes.unwrap_or_else(|| self.quotes(delimiter));
        self.records(delimiter, quotes).next()?.ok()
    }

    /// The separator with which the header has the columns; where there is none, the one that the file looks like.
    fn of_header(&self, plain: Delimiter) -> Delimiter {
        let has_columns = |delimiter: &Delimiter| {
            self.header(*delimiter).is_some_and(|header| self.columns.are_in(&header_names(&header)))
        };
        let others = || Delimiter::ALL.into_iter().filter(|&delimiter| delimiter != plain);
        if has_columns(&plain) {
            return plain;
        }
        let found = others().find(has_columns);
        let looks_plain = || self.n_fields(plain).is_some_and(|n| n > 1);
        found
            .or_else(|| others().find(|&other| !looks_plain() && self.n_fields(other).is_some_and(|n| n > 1)))
            .unwrap_or(plain)
    }

    /// The separator with which all of the first records have as many fields, and enough of them for the columns.
    fn of_equal_records(&self, path: &Path, plain: Delimiter) -> Result<Delimiter> {
        let needed = self.columns.highest_number();
        let fits = |delimiter: &Delimiter| self.n_fields(*delimiter).is_some_and(|n| n > 1 && n >= needed);
        let fitting: Vec<Delimiter> = Delimiter::ALL.into_iter().filter(fits).collect();
        match fitting.as_slice() {
            [] => Ok(plain),
            [only] => Ok(*only),
            several if plain == Delimiter::Tab && several.contains(&plain) => Ok(plain),
            several => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let problem = format!(
                    "the rows may be separated by {}; say which with --delimiter {}",
                    names.join(" or by "),
                    several.iter().map(|delimiter| format!("'{}'", delimiter.name())).collect::<Vec<_>>().join(" or ")
                );
                Err(CorpusError::Value { file: path.to_owned(), location: Location::Line(1), problem })
            }
        }
    }

    /// The number of fields of the first records, if it is one for all.
    fn n_fields(&self, delimiter: Delimiter) -> Option<usize> {
        let quotes = self.options.quotes.unwrap_or_else(|| self.quotes(delimiter));
        let mut lengths =
            self.records(delimiter, quotes).take(N_LOOKED_AT).map(|record| Some(record.ok()?.fields.len()));
        let first = lengths.next()??;
        lengths.all(|length| length == Some(first)).then_some(first)
    }

    /// What quotes mean where this separates.
    fn quotes(&self, delimiter: Delimiter) -> Quotes {
        let reads = |quotes: Quotes| self.reads_cleanly(delimiter, quotes);
        if delimiter != Delimiter::Tab {
            let escaped = self.text.contains("\\\"") && !reads(Quotes::Doubled) && reads(Quotes::Escaped);
            return if escaped { Quotes::Escaped } else { Quotes::Doubled };
        }
        if !self.text.contains('"') {
            return Quotes::Literal;
        }
        match self.meant_in_lines() {
            Some(quotes) => quotes,
            None => {
                [Quotes::Doubled, Quotes::Escaped].into_iter().find(|&quotes| reads(quotes)).unwrap_or(Quotes::Literal)
            }
        }
    }

    /// Whether each quote that opens a field closes it, and all records are as long as the header, or one field longer.
    fn reads_cleanly(&self, delimiter: Delimiter, quotes: Quotes) -> bool {
        let mut lengths = self.records(delimiter, quotes).map(|record| {
            let fields = record.ok()?.fields;
            fields.iter().all(|field| field.clean).then_some(fields.len())
        });
        let Some(header) = lengths.next().flatten() else { return false };
        let Some(first) = lengths.next() else { return true };
        first.is_some_and(|n| n == header || n == header + 1) && lengths.all(|length| length == first)
    }

    /// What quotes mean if each line is a record; none if the lines, taken so, are no table.
    fn meant_in_lines(&self) -> Option<Quotes> {
        let mut records = self.records(Delimiter::Tab, Quotes::Literal).filter_map(Result::ok).peekable();
        let header = if self.options.no_header { None } else { records.next() };
        let n_columns = records.peek().or(header.as_ref())?.fields.len();
        let length = header.as_ref().map_or(n_columns, |header| header.fields.len());
        if n_columns != length && n_columns != length + 1 {
            return None;
        }
        let mut marks = Marks::new(n_columns);
        for record in records {
            if record.fields.len() != n_columns {
                return None;
            }
            record.fields.iter().enumerate().for_each(|(column, field)| marks.add(column, &field.text));
        }
        let header_is_quoted = header.map(|header| header.fields.iter().any(|field| is_doubled(&field.text)));
        Some(marks.meaning(header_is_quoted))
    }
}

/// What the fields of lines that are records show of the quotes around them.
struct Marks {
    doubled: bool,
    escaped: bool,
    /// Whether a field is quoted that holds a doubled quote.
    inner: bool,
    /// The quoted fields of each column; none where one is not.
    quoted: Vec<Option<usize>>,
}

impl Marks {
    fn new(n_columns: usize) -> Self {
        Self { doubled: true, escaped: true, inner: false, quoted: vec![Some(0); n_columns] }
    }

    fn add(&mut self, column: usize, field: &str) {
        if field.starts_with('"') {
            self.doubled &= is_doubled(field);
            self.escaped &= is_escaped(field);
            self.inner |= between_quotes(field).is_some_and(|inner| inner.contains("\"\""));
            self.quoted[column] = self.quoted[column].map(|n| n + 1);
        } else if !matches!(field, "" | "NA" | "\\N") {
            self.quoted[column] = None; // of what is missing, writers quote nothing
        }
    }

    fn meaning(&self, header_is_quoted: Option<bool>) -> Quotes {
        let enough = if header_is_quoted.is_some() { 1 } else { 2 };
        let throughout = header_is_quoted != Some(false) && self.quoted.iter().flatten().any(|&n| n >= enough);
        match (self.doubled, self.escaped) {
            (true, _) if self.inner || throughout => Quotes::Doubled,
            (false, true) if throughout => Quotes::Escaped,
            _ => Quotes::Literal,
        }
    }
}

/// What a pair of quotes around the whole field encloses.
fn between_quotes(field: &str) -> Option<&str> {
    field.strip_prefix('"')?.strip_suffix('"')
}

fn is_doubled(field: &str) -> bool {
    between_quotes(field).is_some_and(|inner| !inner.replace("\"\"", "").contains('"'))
}

fn is_escaped(field: &str) -> bool {
    between_quotes(field).is_some_and(|inner| {
        let before = |index: usize| inner[..index].len() - inner[..index].trim_end_matches('\\').len();
        inner.match_indices('"').all(|(index, _)| before(index) % 2 == 1) && before(inner.len()) % 2 == 0
    })
}

/// The names that a header gives the columns.
pub(super) fn header_names(header: &FieldRecord) -> Vec<String> {
    header.fields.iter().map(|field| field.text.clone().into_owned()).collect()
}
