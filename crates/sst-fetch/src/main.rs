//! The program `sst-fetch`; what it does is in the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use corpus::CorpusError;

fn main() -> ExitCode {
    stage::run_main::<sst_fetch::Args>("fetch", stage::bad_input_types![CorpusError, CheckpointError], sst_fetch::run)
}
