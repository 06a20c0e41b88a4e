//! Hints for a table in which a column is missing: what the file looks like, and which flags read it so.

use super::dialect::Dialect;
use super::fields::FieldRecord;
use super::options::ReadOptions;
use crate::error::CorpusError;

/// The records that are compared with the first line.
const N_LOOKED_AT: usize = 100;

/// Adds to an error of a missing column what the file looks like.
pub(super) fn with_hint(error: CorpusError, dialect: &Dialect, first: &[String], options: &ReadOptions) -> CorpusError {
    let CorpusError::MissingColumn { file, column, found, hint } = error else { return error };
    let separated = dialect.described();
    let header = match options.no_header {
        true => "; without a header, columns are numbers from 1: --text-column 2 --label-column 1".to_owned(),
        false if hint.is_empty() && looks_like_a_row(dialect, first) => {
            "; the first line looks like a row: if the file has no header, give --no-header, and columns by number, such as \
             --text-column 2 --label-column 1"
                .to_owned()
        }
        false => String::new(),
    };
    CorpusError::MissingColumn { file, column, found, hint: format!("{separated}{hint}{header}") }
}

/// Whether a header is more like the rows below it: it holds a number, a whole sentence, or a value that its column has again.
fn looks_like_a_row(dialect: &Dialect, first: &[String]) -> bool {
    let texts = || first.iter().map(|field| field.trim());
    if texts().any(|text| text.parse::<f64>().is_ok() || text.split_whitespace().count() > 5) {
        return true;
    }
    let Ok(mut records) = dialect.records() else { return false };
    records.skip();
    for _ in 0..N_LOOKED_AT {
        let has_value_again = |record: FieldRecord| {
            let below = record.fields.iter().map(|field| field.text.trim());
            texts().zip(below).any(|(above, below)| !above.is_empty() && above == below)
        };
        match records.next(has_value_again) {
            Some(Ok(true)) => return true,
            Some(_) => {}
            None => return false,
        }
    }
    false
}
