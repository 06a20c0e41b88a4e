//! Errors of reading a model folder. Every message names the file, and the tensor where there is one.

use std::io;
use std::path::PathBuf;

/// A model folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A path that is no folder.
    #[error("{} {problem}", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
        /// What is there instead, and what to do.
        problem: String,
    },
    /// A folder without a file that it needs.
    #[error("{} has no {file}{hint}", folder.display())]
    MissingFile {
        /// The model folder.
        folder: PathBuf,
        /// The name of the file.
        file: &'static str,
        /// What to do, or nothing.
        hint: String,
    },
    /// A config that is not JSON, or not that of a BERT this project can run.
    #[error("{}: {problem}", path.display())]
    Config {
        /// The `config.json`.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A safetensors file that is damaged or not one at all.
    #[error("{} is not a complete safetensors file: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// A tensor that is missing, unexpected, or of a wrong shape or type.
    #[error("{}: tensor {tensor}: {problem}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
}
