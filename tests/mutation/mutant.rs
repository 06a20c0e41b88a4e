//! A mutant: the bytes of a file, and the name that says how it is read.

use std::path::{Path, PathBuf};

/// A file that was made to be wrong, or nearly.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// Its name: the extension, and before it what its format's reader is told.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Mutant {
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// Writes it into a folder.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(&self.name);
        std::fs::write(&path, &self.bytes).unwrap();
        path
    }
}

/// How a reader ended that neither panicked nor died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Read,
    Refused,
}

/// A refusal as a user sees it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// Whether it says where in the file, if there is such a place.
    pub(crate) has_place: bool,
}

impl Refusal {
    /// One without a place, or whose message has one of these words before its place.
    pub(crate) fn of(message: impl ToString, place_words: &[&str]) -> Self {
        let message = message.to_string();
        let has_place = place_words.is_empty() || place_words.iter().any(|word| message.contains(word));
        Self { message, has_place }
    }
}
