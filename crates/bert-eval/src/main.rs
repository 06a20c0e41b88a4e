//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::run_main::<bert_eval::Args>("eval", stage::bad_input_types![], bert_eval::run)
}
