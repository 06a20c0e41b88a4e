//! Hints for a table in which a column is missing: what the file looks like, and which flags read it so.

use super::beginning::Beginning;
use super::dialect::Dialect;
use super::fields::FieldRecord;
use super::file_name::FileName;
use super::options::ReadOptions;
use super::usual_names::is_usual_name;
use crate::error::CorpusError;

/// The records that may come before a header.
const N_TITLES: usize = 10;
/// The records that are compared with the first line.
const N_LOOKED_AT: usize = 100;

/// Adds to an error of a missing column what the file looks like.
pub(super) fn with_hint(error: CorpusError, dialect: &Dialect, first: &[String], options: &ReadOptions) -> CorpusError {
    let CorpusError::MissingColumn { file, column, found, hint } = error else { return error };
    if first.len() == 1 && FileName::of(&file).is_plain_text() {
        let hint = "; it has no separator that is told: a file of text is read as trees in brackets, as lines of fastText \
                    (__label__NAME and a text), as lines of a digit as label, a blank and a text, or as a table, of which --delimiter says the separator; of texts alone, give the folder that \
                    holds a folder for each class (CLASS/*.txt) or a file for each (pos.txt, neg.txt)";
        return CorpusError::MissingColumn { file, column, found, hint: hint.to_owned() };
    }
    let separated = dialect.described();
    let header = match options.no_header {
        true => "; without a header, columns are numbers from 1: --text-column 2 --label-column 1".to_owned(),
        false if hint.is_empty() && looks_like_a_row(dialect, first) => {
            "; the first line looks like a row: if the file has no header, give --no-header; columns are then numbers, found by \
             their content, or said, as in --text-column 2 --label-column 1"
                .to_owned()
        }
        false => header_below(dialect).map_or(String::new(), |line| {
            format!("; line {line} looks like the header: remove the lines before it")
        }),
    };
    CorpusError::MissingColumn { file, column, found, hint: format!("{separated}{hint}{header}") }
}

/// The line of one of the first records that has several usual names of columns, and nothing else but names.
fn header_below(dialect: &Dialect) -> Option<u64> {
    let mut records = dialect.records().ok()?;
    records.skip();
    let line = |record: FieldRecord| {
        let is_header = record.fields.iter().filter(|field| is_usual_name(&field.text)).count() > 1;
        is_header.then_some(record.line)
    };
    (0..N_TITLES).find_map(|_| records.next(line)?.ok()?)
}

/// Whether a header is more like the rows below it.
fn looks_like_a_row(dialect: &Dialect, first: &[String]) -> bool {
    let Ok(mut records) = dialect.records() else { return false };
    records.skip();
    let values =
        |record: FieldRecord| record.fields.iter().map(|field| Some(field.text.clone().into_owned())).collect();
    let rows = (0..N_LOOKED_AT).map_while(|_| records.next(values)).filter_map(Result::ok).collect();
    Beginning { names: first.to_vec(), has_header: true, rows }.header_looks_like_a_row()
}
