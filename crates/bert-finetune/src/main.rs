//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::run_main::<bert_finetune::Args>("finetune", bert_finetune::run)
}
