//! The error types of the libraries without libtorch, as the programs register them: each is exit code 2.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use checkpoint::{BertConfig, CheckpointError};
use corpus::CorpusError;
use corpus::raw::{RawMetadata, RawSet};
use corpus::task::{ImpossibleView, Task};
use metrics::{ConfusionMatrix, MetricsError};
use stage::{bad_input_types, exit_code};

/// The exit code of a failed result somewhere below a context.
fn code<T, E>(result: Result<T, E>) -> u8
where
    Result<T, E>: Context<T, E>,
{
    let types = bad_input_types![CorpusError, ImpossibleView, CheckpointError, MetricsError];
    result.context("while testing").map_or_else(|error| exit_code(&error, types), |_| 0)
}

#[test]
fn each_error_of_an_input_is_2() {
    assert_eq!(code(RawSet::read(Path::new("/nowhere/train.parquet"))), 2);
    assert_eq!(code(Task::Sst5.view(&["bad".to_owned(), "good".to_owned()], true)), 2);
    assert_eq!(code(BertConfig::read(Path::new("/nowhere/config.json"))), 2);
    assert_eq!(code(ConfusionMatrix::new(&[], &[], &[])), 2);
}

/// A sink that fails as a disk does.
struct FailingSink(ErrorKind);

impl Write for FailingSink {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_cannot_be_written_is_not_bad_input() {
    let metadata = RawMetadata {
        ordered: true,
        label_names: Vec::new(),
        dataset: "test".to_owned(),
        source: "test".to_owned(),
        license: "none".to_owned(),
        kept: Vec::new(),
    };
    let set = RawSet { metadata, records: Vec::new() };
    assert_eq!(code(set.write(FailingSink(ErrorKind::PermissionDenied))), 1);
    assert_eq!(code(set.write(FailingSink(ErrorKind::StorageFull))), 3);
}
