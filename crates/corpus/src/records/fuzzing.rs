//! What the fuzz targets reach into: the fields of a text, and the size of the blocks in which files are read.

use super::fields::{FieldRecords, Grammar};
use super::options::{Delimiter, Quotes};
use super::text_blocks::TEST_BLOCK_SIZE;

/// The fields of all records; none where a quote is not closed.
pub fn fields(text: &str, delimiter: Delimiter, quotes: Quotes) -> Option<Vec<Vec<String>>> {
    let records = FieldRecords::new(text, Grammar { delimiter, quotes }, 1);
    records.map(|record| Some(record.ok()?.fields.into_iter().map(|field| field.text.into_owned()).collect())).collect()
}

/// Reads files in blocks of `n` bytes from now on, and says in what blocks they were read.
pub fn set_block_size(n: usize) -> usize {
    TEST_BLOCK_SIZE.replace(n)
}
