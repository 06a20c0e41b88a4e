//! Errors of reading and writing datasets: what is wrong, in which file and where in it.

use std::fmt;
use std::path::PathBuf;

use crate::shortened::shortened_list;
use crate::tree::TreeError;

/// A result whose error names a file.
pub type Result<T, E = CorpusError> = std::result::Result<T, E>;

/// Where in a file; lines and rows are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// A line of a text file, its header counted.
    Line(u64),
    /// A row of a table.
    Row(u64),
    /// A row of a file that a stage wrote, by its id in the raw file: the row's number would mean nothing to a user.
    Id(i64),
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Line(n) => write!(formatter, "line {n}"),
            Self::Row(n) => write!(formatter, "row {n}"),
            Self::Id(id) => write!(formatter, "the row with id {id} of the raw file"),
        }
    }
}

/// A file, or a row of it, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The file is missing or cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds no rows.
    #[error("{} is empty; expected at least one row", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The file's extension names no known format.
    #[error("{} has no known format; expected one of {expected}", file.display())]
    UnknownFormat {
        /// The file.
        file: PathBuf,
        /// The extensions that are known.
        expected: String,
    },
    /// The bytes are not text in the encoding that the file is read in.
    #[error("{}, line {line}: {problem}", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// The line of the first wrong byte.
        line: u64,
        /// What was expected, what the bytes look like, and what to do.
        problem: String,
    },
    /// The file as a whole is not what its name says: truncated, damaged, or something else.
    #[error("{} cannot be read as {format}: {problem}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The format that was expected.
        format: &'static str,
        /// What the decoder says.
        problem: String,
    },
    /// A column that is needed is not there.
    #[error("{} has no column {column}, only {}{hint}", file.display(), shortened_list(found))]
    MissingColumn {
        /// The file.
        file: PathBuf,
        /// The column, or the columns one of which is needed.
        column: String,
        /// The columns that are there.
        found: Vec<String>,
        /// What the file looks like, and what to do; begins with a semicolon, or is empty.
        hint: String,
    },
    /// A column holds values of another type.
    #[error("{}, column {column}: expected {expected}, found {found}", file.display())]
    ColumnType {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
        /// The type that is needed.
        expected: &'static str,
        /// The type that is there.
        found: String,
    },
    /// One value, or one row as a whole, is wrong.
    #[error("{}, {location}: {problem}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// Where in the file.
        location: Location,
        /// What was found and expected; names the column where there is one.
        problem: String,
    },
    /// The label column as a whole does not allow what is asked of it.
    #[error("{problem}")]
    Labels {
        /// What was found, what was expected, and what to do.
        problem: String,
    },
    /// A line is not a tree.
    #[error("{}, line {line}", file.display())]
    Tree {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it, and at which column.
        source: TreeError,
    },
    /// The Parquet file lacks a fact about itself, or it is not what it should be.
    #[error("{}: its metadata {key} {problem}", file.display())]
    Metadata {
        /// The file.
        file: PathBuf,
        /// The key of the metadata.
        key: &'static str,
        /// What is wrong with the value.
        problem: String,
    },
    /// The tokenizer's files cannot be used.
    #[error("the tokenizer {}: {problem}", file.display())]
    Tokenizer {
        /// The tokenizer's file or folder.
        file: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// Windows that would share all of their tokens.
    #[error(
        "--window-stride {stride}: windows of {max_length} tokens, with [CLS] and [SEP], can share at most {most}; give a \
         smaller one"
    )]
    WindowStride {
        /// The tokens that neighboring windows were to share.
        stride: usize,
        /// The most tokens of a row, special ones counted.
        max_length: usize,
        /// The most that neighboring windows can share.
        most: usize,
    },
    /// Tokens and a model that have different tokenizers: the ids of one mean other words to the other.
    #[error(
        "the tokens {} were made with the tokenizer of {made_with} ({theirs:.12}), but the model {} has another one \
         ({ours:.12}); make tokens for it with `sst-tokenize --model {}`, or give the model that they were made for",
        tokens.display(), model.display(), model.display()
    )]
    OtherTokenizer {
        /// The folder of the tokens.
        tokens: PathBuf,
        /// The model folder that they were made with.
        made_with: String,
        /// The hash of its tokenizer's behavior.
        theirs: String,
        /// The model folder that is to read them.
        model: PathBuf,
        /// The hash of its tokenizer's behavior.
        ours: String,
    },
}

/// A Parquet file that could not be written: not the input's fault, and nearly always the sink's.
#[derive(Debug, thiserror::Error)]
#[error("cannot write Parquet")]
pub struct WriteError(#[from] parquet::errors::ParquetError);
