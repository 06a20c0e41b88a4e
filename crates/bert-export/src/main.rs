//! The program; see the library.

use std::process::ExitCode;

use bert::BertError;
use checkpoint::{CheckpointError, ConversionError};
use corpus::CorpusError;
use run_files::RunFileError;
use stage::BadInputType;

fn main() -> ExitCode {
    let bad_input = [
        BadInputType::when(BertError::is_bad_input),
        BadInputType::when(|error: &ConversionError| matches!(error, ConversionError::Tensor(_))),
        BadInputType::of::<CheckpointError>(),
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<RunFileError>(),
    ];
    stage::run_main::<bert_export::Args>("export", &bad_input, bert_export::run)
}
