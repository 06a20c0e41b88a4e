//! Tables in files whose name does not say the format: lines of a label and a text, or fields with a separator.
//!
//! The first lines say which; flags about separated fields say that it is these.

use std::path::Path;

use super::beginning::N_ROWS;
use super::delimited::TSV;
use super::fast_text::FAST_TEXT;
use super::format::Format;
use super::label_first::LABEL_FIRST;
use super::labeled_lines::LineFormat;
use super::options::ReadOptions;
use super::text_file::TextFile;
use super::text_lines::first_lines;
use crate::error::Result;

const LINE_FORMATS: [&LineFormat; 2] = [&FAST_TEXT, &LABEL_FIRST];

pub(super) const TXT: Format = Format {
    extensions: &["txt"],
    open: |path, columns, options| match line_format(path, options)? {
        None => (TSV.open)(path, columns, options),
        Some(format) => format.open(path, columns, options),
    },
    begin: |path, options| match line_format(path, options)? {
        None => (TSV.begin)(path, options),
        Some(format) => format.begin(path, options),
    },
};

/// Whether each line of a text file holds a label and a text, without a separator that flags could say.
///
/// # Errors
/// Fails on a file that cannot be read, or is no text.
pub fn has_labeled_lines(path: &Path, options: &ReadOptions) -> Result<bool> {
    Ok(line_format(path, options)?.is_some())
}

/// How labels and texts stand in the lines of a file; none where it has fields.
fn line_format(path: &Path, options: &ReadOptions) -> Result<Option<&'static LineFormat>> {
    if options.no_header || options.delimiter.is_some() || options.quotes.is_some() {
        return Ok(None);
    }
    let lines = first_lines(&TextFile::open_with(path, options)?, N_ROWS)?;
    Ok(LINE_FORMATS.into_iter().find(|format| (format.is_of)(&lines)))
}
