//! A data file, and those that were chosen.

use std::path::Path;

use corpus::Split;
use corpus::records::{self, FileName};

/// The data files of a configuration.
#[derive(Debug)]
pub(crate) struct DataFiles {
    /// By the card, its name.
    pub(in super::super) config: Option<String>,
    pub(in super::super) splits: Vec<(Split, Vec<String>)>,
    /// What has to be said of them.
    pub(in super::super) said: Vec<String>,
}

/// The extension of a file that can be read, that of what is in an archive.
pub(super) fn extension(path: &str) -> Option<&'static str> {
    let FileName { extension, compression, .. } = FileName::of(Path::new(path.rsplit('/').next().unwrap_or(path)));
    let known = records::extensions().find(|known| *known == extension)?;
    (known != "parquet" || compression.is_none()).then_some(known)
}
