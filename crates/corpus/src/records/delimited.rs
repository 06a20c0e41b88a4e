//! CSV and TSV: fields with a separator between them, with or without a header.
//!
//! Where tabs separate and quotes are text, spaces at the end of a text are dropped: that is how GLUE ships its files.

use std::path::Path;

use super::beginning::{Beginning, N_ROWS};
use super::below_header::{has_row_names, is_ruled_off};
use super::dialect::{Dialect, header_names};
use super::fields::{Field, FieldRecord, QuoteError};
use super::format::{Format, NullText, Opened, RowSink, Rows};
use super::options::{Delimiter, Quotes, ReadOptions};
use super::record_stream::RecordError;
use super::table::{BrokenRow, Columns, Row, parse_score};
use super::text_file::TextFile;
use super::usual_names::is_usual_name;
use crate::error::{CorpusError, Location, Result};

pub(super) const CSV: Format = Format {
    extensions: &["csv"],
    open: |path, columns, options| open(path, Delimiter::COMMA, columns, options),
    begin: |path, options| begin(path, Delimiter::COMMA, options),
};
pub(super) const TSV: Format = Format {
    extensions: &["tsv"],
    open: |path, columns, options| open(path, Delimiter::TAB, columns, options),
    begin: |path, options| begin(path, Delimiter::TAB, options),
};

/// How databases write null without quotes around it.
const NULL: &str = "\\N";

/// A table of separated fields, opened: where its columns are.
#[derive(Debug)]
struct DelimitedTable {
    dialect: Dialect,
    no_header: bool,
    /// Whether a line of dashes rules off the header.
    has_rule: bool,
    /// The fields of the header, if there is one.
    header: Vec<String>,
    /// The fields of every record.
    n_fields: usize,
    text_column: String,
    text: usize,
    label: Option<usize>,
    score: Option<usize>,
    kept: Vec<usize>,
}

fn open(path: &Path, plain: Delimiter, columns: &Columns, options: &ReadOptions) -> Result<Opened> {
    open_text(TextFile::open_with(path, options)?, plain, columns, options)
}

/// The separator is that with which the first records have as many fields.
fn begin(path: &Path, plain: Delimiter, options: &ReadOptions) -> Result<Beginning> {
    let file = TextFile::open_with(path, options)?;
    let dialect = Dialect::find_without_columns(file, plain, options)?;
    let mut beginning = Beginning { has_header: !options.no_header, ..Beginning::default() };
    let mut records = dialect.records()?;
    let values = |record: FieldRecord| -> Vec<Option<String>> {
        record.fields.iter().map(|field| (!is_null(field)).then(|| field.text.clone().into_owned())).collect()
    };
    while beginning.rows.len() < N_ROWS
        && let Some(row) = records.next(values)
    {
        beginning.rows.push(row.map_err(|error| unreadable(path, error))?);
    }
    let first = beginning.rows.first().map_or(&[][..], |row| row);
    beginning.names = match options.no_header {
        true => (1..=first.len()).map(|number| number.to_string()).collect(),
        false => first.iter().map(|name| name.clone().unwrap_or_default()).collect(),
    };
    let n_before_rows = if beginning.has_header { 1 + usize::from(is_ruled_off(&dialect)?) } else { 0 };
    beginning.rows.drain(..n_before_rows.min(beginning.rows.len()));
    Ok(beginning)
}

/// Opens a table whose text is found.
pub(super) fn open_text(file: TextFile, plain: Delimiter, columns: &Columns, options: &ReadOptions) -> Result<Opened> {
    let (path, encoding) = (file.path().to_owned(), file.said.clone());
    let dialect = Dialect::find(file, plain, columns, options)?;
    let first =
        dialect.records()?.next(|record| (header_names(&record), record.fields.iter().all(|field| field.quoted)));
    let empty = || CorpusError::Empty { file: path.clone() };
    let (first, is_quoted) = first.ok_or_else(empty)?.map_err(|error| unreadable(&path, error))?;
    let names: Vec<String> = match options.no_header {
        true => (1..=first.len()).map(|number| number.to_string()).collect(),
        false => first.clone(),
    };
    let found =
        columns.find(&path, &names).map_err(|error| super::hints::with_hint(error, &dialect, &first, options))?;
    let has_row_names = !options.no_header && is_quoted && has_row_names(&dialect, first.len())?;
    let n_row_names = usize::from(has_row_names);
    let index = |name: &String| names.iter().position(|found| found == name).map(|index| index + n_row_names);
    let mut said = dialect.said.clone();
    if has_row_names {
        said.push("the first field of a row is its name, for which the header has none".to_owned());
    }
    let has_rule = !options.no_header && is_ruled_off(&dialect)?;
    if has_rule {
        said.push("without the line of dashes below the header".to_owned());
    }
    let is_usual =
        |name: &Option<String>| name.as_ref().and_then(index).is_some_and(|column| is_usual_name(&first[column]));
    if options.no_header && is_usual(&Some(found.text.clone())) && (is_usual(&found.label) || is_usual(&found.score)) {
        said.push("though the first line looks like a header, it is a row, as told".to_owned());
    }
    said.extend(encoding);
    let kept = found.kept.clone();
    let rows = DelimitedTable {
        no_header: options.no_header,
        has_rule,
        header: first,
        n_fields: names.len() + n_row_names,
        text: index(&found.text).unwrap_or_default(),
        label: found.label.as_ref().and_then(index),
        score: found.score.as_ref().and_then(index),
        kept: found.kept.iter().filter_map(index).collect(),
        text_column: found.text,
        dialect,
    };
    Ok(Opened { rows: Box::new(rows), kept, label_names: None, said })
}

impl Rows for DelimitedTable {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let path = sink.path();
        let mut records = self.dialect.records()?;
        if !self.no_header {
            records.skip();
        }
        if self.has_rule {
            records.skip();
        }
        while let Some(row) = records.next(|record| self.row(path, &record)) {
            let flow = match row.map_err(|error| unreadable(path, error))? {
                Ok(Ok(row)) => sink.add(row),
                Ok(Err(row)) => sink.add_without_text(row, &self.text_column)?,
                Err(error) => sink.add_broken(BrokenRow { error, kept: Vec::new() })?,
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl DelimitedTable {
    /// Whether a record is the header once more, in any case and among blanks; of a single column, it may be a text.
    fn repeats_header(&self, record: &FieldRecord) -> bool {
        let is_same = |(field, name): (&Field, &String)| field.text.trim().eq_ignore_ascii_case(name.trim());
        !self.no_header
            && self.header.len() > 1
            && self.header.len() == record.fields.len()
            && record.fields.iter().zip(&self.header).all(is_same)
    }

    /// The row of a record, or what is left of it if its text is null.
    fn row(&self, path: &Path, record: &FieldRecord) -> Result<Result<Row, NullText>> {
        let location = Location::Line(record.line);
        if record.fields.len() != self.n_fields {
            let first = if self.no_header { "first row" } else { "header" };
            let problem = unequal(record, &self.dialect, self.n_fields, first);
            return Err(CorpusError::Value { file: path.to_owned(), location, problem });
        }
        if self.repeats_header(record) {
            let problem =
                "it repeats the header: the file is several tables, one behind the other; remove the line".to_owned();
            return Err(CorpusError::Value { file: path.to_owned(), location, problem });
        }
        let score = match value(record, self.score) {
            None => None,
            Some(score) => {
                let problem = format!("the score `{score}` is not a finite number");
                parse_score(score, || CorpusError::Value { file: path.to_owned(), location, problem })?
            }
        };
        let owned = |column: usize| value(record, Some(column)).map(str::to_owned);
        let kept = self.kept.iter().map(|&column| owned(column)).collect();
        let Some(mut text) = value(record, Some(self.text)) else { return Ok(Err(NullText { location, kept })) };
        let grammar = self.dialect.grammar;
        if grammar.delimiter == Delimiter::TAB && grammar.quotes == Quotes::Literal {
            text = text.trim_end_matches(' ');
        }
        Ok(Ok(Row {
            location,
            text: text.to_owned(),
            label: self.label.and_then(owned),
            score,
            node: None,
            kept,
            source: None,
        }))
    }
}

fn value<'a>(record: &'a FieldRecord, column: Option<usize>) -> Option<&'a str> {
    record.fields.get(column?).filter(|field| !is_null(field)).map(|field| field.text.as_ref())
}

fn is_null(field: &Field) -> bool {
    !field.quoted && field.text == NULL
}

fn unreadable(path: &Path, error: RecordError) -> CorpusError {
    match error {
        RecordError::Quote(error) => wrong_quote(path, &error),
        RecordError::File(error) => error,
    }
}

fn wrong_quote(path: &Path, error: &QuoteError) -> CorpusError {
    let (line, problem) = match error {
        QuoteError::Open { line } => (
            line,
            "the quote that opens a field here is not closed before the end of the file; close it, or, if it is text, double it \
             within quotes, or read all quotes as text with --quotes literal",
        ),
        QuoteError::TextBehind { line } => (
            line,
            "text follows the quote that closes a field; if these quotes, or one that opened the field in a line before, are \
             text, double them within quotes, or read all quotes as text with --quotes literal; if they have backslashes \
             before them, with --quotes escaped",
        ),
    };
    CorpusError::Value { file: path.to_owned(), location: Location::Line(*line), problem: problem.to_owned() }
}

/// What is wrong with a record that is longer or shorter than expected, and what may be the cause.
fn unequal(record: &FieldRecord, dialect: &Dialect, n_expected: usize, first: &str) -> String {
    let has_marks = record.fields.iter().any(|field| !field.quoted && field.text.starts_with('"'));
    let ends_empty = record.fields.last().is_some_and(|field| field.text.is_empty());
    let cause = if ends_empty && record.fields.len() > n_expected {
        "; the last one is empty: the row ends with a separator too many".to_owned()
    } else if record.last_line > record.line {
        format!("; by a quote that opens a field, the row goes on to line {}", record.last_line)
    } else if dialect.grammar.quotes == Quotes::Literal && has_marks {
        "; quotes are read as text here, and --quotes doubled reads them as marks around fields".to_owned()
    } else {
        "; a field with the separator in it needs quotes".to_owned()
    };
    format!(
        "expected {n_expected} fields as in the {first}, found {}{}{cause}",
        record.fields.len(),
        dialect.described()
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary;
    use super::*;

    #[test]
    fn csv_has_quotes_and_tsv_has_none() {
        let columns = Columns::default();
        let csv = b"id,text,label\n1,\"a \"\"b\"\", c \",1\n2,d,\n3,\"two\nlines\",positive\n";
        assert_eq!(summary("a.csv", csv, &columns).unwrap(), ["a \"b\", c |1|-", "d||-", "two\nlines|positive|-"]);
        let glue = b"sentence\tlabel\nit 's \"fine \t1\n\"half a quote\t-1\n";
        assert_eq!(summary("a.tsv", glue, &columns).unwrap(), ["it 's \"fine|1|-", "\"half a quote|-1|-"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let columns = Columns::default();
        let error = |content: &[u8], columns: &Columns| summary("a.csv", content, columns).unwrap_err();
        assert_eq!(error(b"text,label\n", &columns), "a.csv is empty; expected at least one row");
        assert_eq!(error(b"text,stars\nfine,1\n", &columns), "a.csv has no column label, only text, stars");
        assert_eq!(
            error(b"text,label\n\"two\nlines\",1\nfine, but ragged,1\n", &columns),
            "a.csv, line 4: expected 2 fields as in the header, found 3; a field with the separator in it needs quotes"
        );
        let scored = Columns { score: Some("score".to_owned()), ..Columns::default() };
        assert_eq!(
            error(b"text,score\na,0.5\nb,inf\n", &scored),
            "a.csv, line 3: the score `inf` is not a finite number"
        );
    }

    #[test]
    fn scores_may_stand_for_labels() {
        let scored = Columns { score: Some("score".to_owned()), ..Columns::default() };
        assert_eq!(summary("a.csv", b"text,score\na,0.5\nb,\n", &scored).unwrap(), ["a|-|0.5", "b|-|-"]);
    }

    #[test]
    fn damaged_tables_never_panic() {
        use super::super::{ReadOptions, tests::for_each_damaged_text};
        let csv = "\"sep=;\"\r\ntext;label\r\n\"a \"\"b\"\"; é \";1\r\nd;\\N\r\n\"two\nlines\";\"-1\"\r\n";
        let tsv = "\"text\"\t\"label\"\n\"1\"\t\"a \\\"b\\\" é\"\t\"pos\"\n\"2\"\tNA\t\"neg\"\n";
        for (name, text, no_header) in [("a.csv", csv, false), ("a.csv", csv, true), ("a.tsv", tsv, false)] {
            let text_column = no_header.then(|| "1".to_owned());
            let columns = Columns { text: text_column, targets_required: false, ..Columns::default() };
            let options = ReadOptions { no_header, ..ReadOptions::default() };
            for_each_damaged_text(name, text.as_bytes(), &columns, &options);
        }
    }
}
