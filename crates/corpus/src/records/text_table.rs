//! Tables in `.txt`: lines of fastText, or fields with a separator.
//!
//! The name says nothing, so the first lines do; flags about separated fields say that it is these.

use std::path::Path;

use super::delimited::TSV;
use super::fast_text::{self, is_fast_text};
use super::format::Format;
use super::options::ReadOptions;
use crate::error::Result;

pub(super) const TXT: Format = Format {
    extensions: &["txt"],
    open: |path, columns, options| match has_fields(path, options)? {
        true => (TSV.open)(path, columns, options),
        false => fast_text::open(path, columns, options),
    },
    begin: |path, options| match has_fields(path, options)? {
        true => (TSV.begin)(path, options),
        false => fast_text::begin(path, options),
    },
};

fn has_fields(path: &Path, options: &ReadOptions) -> Result<bool> {
    let is_told = options.no_header || options.delimiter.is_some() || options.quotes.is_some();
    Ok(is_told || !is_fast_text(path, options)?)
}
