//! CSV and TSV: fields with a separator between them, with or without a header.
//!
//! Where tabs separate and quotes are text, spaces at the end of a text are dropped: that is how GLUE ships its files.

use std::collections::HashSet;
use std::path::Path;

use super::dialect::{Dialect, header_names};
use super::encoding::read_text;
use super::fields::{Field, FieldRecord, OpenQuote};
use super::options::{Delimiter, Quotes, ReadOptions};
use super::table::{Columns, Format, Row, RowCollector, Table, parse_score};
use crate::error::{CorpusError, Location, Result};

pub(super) const CSV: Format =
    Format { extensions: &["csv"], read: |path, columns, options| read(path, Delimiter::Comma, columns, options) };
pub(super) const TSV: Format =
    Format { extensions: &["tsv"], read: |path, columns, options| read(path, Delimiter::Tab, columns, options) };

/// How databases write null without quotes around it.
const NULL: &str = "\\N";

fn read(path: &Path, plain: Delimiter, columns: &Columns, options: &ReadOptions) -> Result<Table> {
    let source = read_text(path, options.encoding)?;
    let mut table = parse(path, &source.text, plain, columns, options)?;
    table.said.extend(source.said);
    Ok(table)
}

pub(super) fn parse(
    path: &Path,
    text: &str,
    plain: Delimiter,
    columns: &Columns,
    options: &ReadOptions,
) -> Result<Table> {
    let dialect = Dialect::find(path, text, plain, columns, options)?;
    let empty = || CorpusError::Empty { file: path.to_owned() };
    let first = dialect.records().next().ok_or_else(empty)?.map_err(|open| open_quote(path, &open))?;
    let names: Vec<String> = match options.no_header {
        true => (1..=first.fields.len()).map(|number| number.to_string()).collect(),
        false => header_names(&first),
    };
    let found =
        columns.find(path, &names).map_err(|error| super::hints::with_hint(error, &dialect, &first, options))?;
    let n_row_names = usize::from(!options.no_header && has_row_names(&dialect, &first));
    let index = |name: &String| names.iter().position(|found| found == name).map(|index| index + n_row_names);
    let text = index(&found.text).unwrap_or_default();
    let (label, score) = (found.label.as_ref().and_then(index), found.score.as_ref().and_then(index));

    let trims = dialect.grammar.delimiter == Delimiter::Tab && dialect.grammar.quotes == Quotes::Literal;
    let mut rows = RowCollector::new(path, options);
    for record in dialect.records().skip(usize::from(!options.no_header)) {
        let record = record.map_err(|open| open_quote(path, &open))?;
        let location = Location::Line(record.line);
        if record.fields.len() != names.len() + n_row_names {
            let expected = names.len() + n_row_names;
            let first = if options.no_header { "first row" } else { "header" };
            let problem = unequal(&record, &dialect, &format!("{expected} fields as in the {first}"));
            return Err(CorpusError::Value { file: path.to_owned(), location, problem });
        }
        let score = match value(&record, score) {
            None => None,
            Some(score) => {
                let problem = format!("the score `{score}` is not a finite number");
                parse_score(&score, || CorpusError::Value { file: path.to_owned(), location, problem })?
            }
        };
        let label = value(&record, label);
        match record.fields.into_iter().nth(text).filter(|field| !is_null(field)) {
            None => rows.add_without_text(location, &found.text)?,
            Some(field) => {
                let mut text = field.text.into_owned();
                if trims {
                    text.truncate(text.trim_end_matches(' ').len());
                }
                rows.add(Row { location, text, label, score, node: None, kept: Vec::new() });
            }
        }
    }
    let mut said = dialect.said;
    if n_row_names > 0 {
        said.push("the first field of a row is its name, for which the header has none".to_owned());
    }
    rows.table(said)
}

fn value(record: &FieldRecord, column: Option<usize>) -> Option<String> {
    let field = record.fields.get(column?).filter(|field| !is_null(field))?;
    Some(field.text.clone().into_owned())
}

fn is_null(field: &Field) -> bool {
    !field.quoted && field.text == NULL
}

/// Whether the rows have one field more than the header because each begins with its name, as R writes them: header and
/// names are quoted, and the names are numbers, all different.
fn has_row_names(dialect: &Dialect, header: &FieldRecord) -> bool {
    let mut records = dialect.records().skip(1).peekable();
    let is_longer = |record: &FieldRecord| record.fields.len() == header.fields.len() + 1;
    if !matches!(records.peek(), Some(Ok(record)) if is_longer(record))
        || !header.fields.iter().all(|field| field.quoted)
    {
        return false;
    }
    let mut names = HashSet::new();
    records.all(|record| {
        let Ok(record) = record else { return false };
        let is_longer = is_longer(&record);
        let name = record
            .fields
            .into_iter()
            .next()
            .filter(|field| field.quoted)
            .and_then(|field| field.text.parse::<u64>().ok());
        is_longer && name.is_some_and(|name| names.insert(name))
    })
}

fn open_quote(path: &Path, open: &OpenQuote) -> CorpusError {
    let problem = "the quote that opens a field here is not closed before the end of the file; close it, or, if it is \
                   text, double it within quotes, or read all quotes as text with --quotes literal"
        .to_owned();
    CorpusError::Value { file: path.to_owned(), location: Location::Line(open.line), problem }
}

/// What is wrong with a record that is longer or shorter than expected, and what may be the cause.
fn unequal(record: &FieldRecord, dialect: &Dialect, expected: &str) -> String {
    let has_marks = record.fields.iter().any(|field| !field.quoted && field.text.starts_with('"'));
    let cause = if record.last_line > record.line {
        format!("; by a quote that opens a field, the row goes on to line {}", record.last_line)
    } else if dialect.grammar.quotes == Quotes::Literal && has_marks {
        "; quotes are read as text here, and --quotes doubled reads them as marks around fields".to_owned()
    } else {
        "; a field with the separator in it needs quotes".to_owned()
    };
    format!("expected {expected}, found {}{}{cause}", record.fields.len(), dialect.described())
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
