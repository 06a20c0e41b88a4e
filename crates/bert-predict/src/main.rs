//! The program; see the library.

use std::process::ExitCode;

use bert::BertError;
use checkpoint::CheckpointError;
use corpus::CorpusError;
use run_files::RunFileError;
use stage::BadInputType;

fn main() -> ExitCode {
    let bad_input = [
        BadInputType::when(BertError::is_bad_input),
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<CheckpointError>(),
        BadInputType::of::<RunFileError>(),
    ];
    stage::run_main::<bert_predict::Args>("predict", &bad_input, bert_predict::run)
}
