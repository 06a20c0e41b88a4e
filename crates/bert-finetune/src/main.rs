//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::run_main::<bert_finetune::Args>("finetune", stage::bad_input_types![], bert_finetune::run)
}
