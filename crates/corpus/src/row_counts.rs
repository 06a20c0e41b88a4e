//! Row counts: how many rows each split of a raw or token folder has, as the files say it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::CorpusError;
use crate::raw::RawReader;
use crate::split::Split;
use crate::tokens::TokensReader;

/// The rows of the splits that a folder of `sst-fetch dataset` has.
///
/// # Errors
/// Names the file that cannot be read.
pub fn raw_rows(folder: &Path) -> Result<BTreeMap<Split, u64>, CorpusError> {
    rows(folder, |path| Ok(RawReader::open(path)?.n_rows()))
}

/// The rows of the splits that a folder of `sst-tokenize` has.
///
/// # Errors
/// Names the file that cannot be read.
pub fn token_rows(folder: &Path) -> Result<BTreeMap<Split, u64>, CorpusError> {
    rows(folder, |path| Ok(TokensReader::open(path)?.n_rows()))
}

fn rows(
    folder: &Path,
    n_rows: impl Fn(&Path) -> Result<u64, CorpusError>,
) -> Result<BTreeMap<Split, u64>, CorpusError> {
    let files = Split::ALL.into_iter().map(|split| (split, folder.join(split.file())));
    files.filter(|(_, path)| path.exists()).map(|(split, path)| Ok((split, n_rows(&path)?))).collect()
}
