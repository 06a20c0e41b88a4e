//! The `bert-sweep` program; see the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use run_files::RunFileError;
use stage::bad_input_types;

fn main() -> ExitCode {
    bert_sweep::become_trial().unwrap_or_else(|| {
        stage::run_main::<bert_sweep::Args>("sweep", bad_input_types![CheckpointError, RunFileError], bert_sweep::run)
    })
}
