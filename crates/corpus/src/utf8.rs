//! Bytes to text, where the format says that they are UTF-8.

use std::path::Path;

use crate::error::{CorpusError, Result};

/// The bytes as text, without a mark at its beginning.
///
/// # Errors
/// Fails on bytes that are not UTF-8; the error names them as the file `path`, with the line.
pub fn utf8(bytes: Vec<u8>, path: &Path) -> Result<String> {
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(without_mark) => Ok(without_mark.to_owned()),
            None => Ok(text),
        },
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
            let problem = "the text is not UTF-8, as files of this kind are".to_owned();
            Err(CorpusError::NotText { file: path.to_owned(), line, problem })
        }
    }
}
