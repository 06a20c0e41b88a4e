//! The sample dataset, which is part of the program, so that it is there wherever the program is installed.

use std::path::Path;

use anyhow::Result;
use corpus::Split;
use corpus::records::{Columns, TableFile};

/// Split, name and content of each file.
const FILES: [(Split, &str, &str); 3] = [
    (Split::Train, "data/sample/train.csv", include_str!("../../../../data/sample/train.csv")),
    (Split::Validation, "data/sample/validation.csv", include_str!("../../../../data/sample/validation.csv")),
    (Split::Test, "data/sample/test.csv", include_str!("../../../../data/sample/test.csv")),
];

/// The content of all files, whose hash says which sample it is.
pub(crate) fn text() -> String {
    FILES.map(|(.., text)| text).concat()
}

/// The table of each split.
pub(crate) fn tables() -> Result<Vec<(Split, TableFile)>> {
    let table = |(split, name, text)| Ok((split, TableFile::of_csv(Path::new(name), text, &Columns::default())?));
    FILES.into_iter().map(table).collect()
}
