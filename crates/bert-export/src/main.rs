//! The program; see the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use run_files::RunFileError;

fn main() -> ExitCode {
    let bad_input = stage::bad_input_types![CheckpointError, RunFileError];
    stage::run_main::<bert_export::Args>("export", bad_input, bert_export::run)
}
