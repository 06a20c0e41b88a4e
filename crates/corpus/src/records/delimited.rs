//! CSV and TSV files with a header.
//!
//! In TSV quotes are literal and spaces at the end of a text are dropped: that is how GLUE ships its files.

use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::table::{Columns, Format, Row, Table, parse_score, read_text};
use crate::error::{CorpusError, Location, Result};

pub(super) const CSV: Format =
    Format { extensions: &["csv"], read: |path, columns| parse_csv(path, &read_text(path)?, columns) };
pub(super) const TSV: Format =
    Format { extensions: &["tsv"], read: |path, columns| parse(path, &read_text(path)?, columns, TABS) };

/// How fields are separated.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    delimiter: u8,
    quoting: bool,
}

const COMMAS: Dialect = Dialect { delimiter: b',', quoting: true };
const TABS: Dialect = Dialect { delimiter: b'\t', quoting: false };

pub(super) fn parse_csv(path: &Path, text: &str, columns: &Columns) -> Result<Table> {
    parse(path, text, columns, COMMAS)
}

fn parse(path: &Path, text: &str, columns: &Columns, dialect: Dialect) -> Result<Table> {
    if text.is_empty() {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    let mut reader =
        ReaderBuilder::new().delimiter(dialect.delimiter).quoting(dialect.quoting).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| csv_error(path, &error))?.clone();
    let names: Vec<String> = header.iter().map(str::to_owned).collect();
    let found = columns.find(path, &names)?;
    let index = |name: &String| names.iter().position(|found| found == name);
    let (text, label, score) =
        (index(&found.text), found.label.as_ref().and_then(index), found.score.as_ref().and_then(index));
    let field =
        |record: &StringRecord, index: Option<usize>| index.and_then(|index| record.get(index)).map(str::to_owned);

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(path, &error))?;
        let location = Location::Line(record.position().map_or(0, csv::Position::line));
        let mut text = field(&record, text).unwrap_or_default();
        if !dialect.quoting {
            text.truncate(text.trim_end_matches(' ').len());
        }
        let score = match field(&record, score) {
            None => None,
            Some(score) => {
                let problem = format!("the score `{score}` is not a finite number");
                parse_score(&score, || CorpusError::Value { file: path.to_owned(), location, problem })?
            }
        };
        rows.push(Row { location, text, label: field(&record, label), score });
    }
    Ok(Table { rows, label_names: None })
}

fn csv_error(path: &Path, error: &csv::Error) -> CorpusError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "expected {expected_len} fields as in the header, found {len}; a field with the separator in it needs quotes"
            )
        }
        _ => error.to_string(),
    };
    CorpusError::Value { file: path.to_owned(), location: Location::Line(line), problem }
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
}
