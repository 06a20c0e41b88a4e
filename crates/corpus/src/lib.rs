//! Text datasets for sentiment analysis, from files of many formats to token ids.
//!
//! ```text
//! PTB trees, CSV, TSV, JSON lines, Parquet ──records──► rows ──raw──► raw Parquet ──task, tokenizer──► tokens Parquet
//! ```
//!
//! Each file format is a module with its type, reader, writer, doc and test. Readers are strict: whatever is wrong
//! with a file is a [`CorpusError`] that names the file and the row or line, and says what was expected; nothing panics
//! on bad input. Labels, views and the tree parser do no I/O.

mod shortened;
mod split;
pub mod class_balance;
pub mod label;
pub mod task;
pub mod tree;
pub mod parent_pointers;
pub mod similarity;
pub mod sample;

pub mod raw;
pub mod records;
pub mod zip_archive;

pub mod tokenizer;
pub mod tokens;
mod row_counts;
pub mod vocabulary;

mod catch_panic;
mod error;
mod parquet_file;
mod unpacking;
mod utf8;

pub use catch_panic::catch_panic;
pub use error::{CorpusError, Location, Result, WriteError};
pub use row_counts::{raw_rows, token_rows};
pub use shortened::{shortened_list, shortened_name};
pub use split::Split;
pub use utf8::utf8;
