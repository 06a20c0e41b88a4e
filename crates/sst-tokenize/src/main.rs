//! The program `sst-tokenize`; what it does is in the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use corpus::CorpusError;
use corpus::task::ImpossibleView;

fn main() -> ExitCode {
    stage::run_main::<sst_tokenize::Args>(
        "tokenize",
        stage::bad_input_types![CorpusError, ImpossibleView, CheckpointError],
        sst_tokenize::run,
    )
}
