//! Tables in files whose name does not say the format: lines of a label and a text, or fields with a separator.
//!
//! The first lines say which; flags about separated fields say that it is these.

use std::path::Path;

use super::delimited::TSV;
use super::fast_text::FAST_TEXT;
use super::format::Format;
use super::label_first::LABEL_FIRST;
use super::labeled_lines::LineFormat;
use super::options::ReadOptions;
use super::text_file::TextFile;
use super::text_lines::first_lines;
use crate::error::Result;

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

/// Whether a text file has lines of fastText, whose labels are marked.
///
/// # Errors
/// Fails on a file that cannot be read, or is no text.
pub fn is_fast_text(path: &Path, options: &ReadOptions) -> Result<bool> {
    Ok(!says_fields(options) && is_of(&FAST_TEXT, path, options)?)
}

/// Whether a text file has lines that begin with a label, for all that its own lines say.
///
/// # Errors
/// Fails on a file that cannot be read, or is no text.
pub fn has_label_first(path: &Path, options: &ReadOptions) -> Result<bool> {
    Ok(!says_fields(options) && is_of(&LABEL_FIRST, path, options)?)
}

fn is_of(format: &LineFormat, path: &Path, options: &ReadOptions) -> Result<bool> {
    Ok((format.is_of)(&first_lines(&TextFile::open_with(path, options)?, format.n_looked_at)?))
}

/// How labels and texts stand in the lines of a file; none where it has fields.
fn line_format(path: &Path, options: &ReadOptions) -> Result<Option<&'static LineFormat>> {
    if says_fields(options) {
        return Ok(None);
    }
    if is_of(&FAST_TEXT, path, options)? {
        return Ok(Some(&FAST_TEXT));
    }
    let has_label_first = options.label_first || is_of(&LABEL_FIRST, path, options)?;
    Ok(has_label_first.then_some(&LABEL_FIRST))
}

fn says_fields(options: &ReadOptions) -> bool {
    options.no_header || options.delimiter.is_some() || options.quotes.is_some()
}
