//! Errors of reading the files of a run. Each names the file; all of them are bad input.

use std::io;
use std::path::{Path, PathBuf};

/// A file of a run that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// The file is missing or cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// A line of a file of JSON lines is not what it should be.
    #[error("{}, line {line}: {problem}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong; a missing field is named.
        problem: String,
    },
    /// A calibration is of other weights than those that are to be calibrated.
    #[error(
        "{} is of other weights than those of {}: SHA-256 {found:.12}… there, {expected:.12}… here; give the calibration.json that \
         bert-eval made of this model on the validation split",
        file.display(),
        model.display()
    )]
    OtherWeights {
        /// The calibration.
        file: PathBuf,
        /// SHA-256 of its weights.
        found: String,
        /// The folder of the weights.
        model: PathBuf,
        /// Their SHA-256.
        expected: String,
    },
    /// The file as a whole is not what it should be.
    #[error("{}: {problem}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong; a missing field is named.
        problem: String,
    },
}

impl RunFileError {
    pub(crate) fn damaged(file: &Path, problem: impl ToString) -> Self {
        Self::Damaged { file: file.to_owned(), problem: problem.to_string() }
    }
}

/// The bytes of a file.
pub(crate) fn read_bytes(file: &Path) -> Result<Vec<u8>, RunFileError> {
    std::fs::read(file).map_err(|source| RunFileError::Read { file: file.to_owned(), source })
}
