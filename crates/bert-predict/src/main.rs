//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::run_main::<bert_predict::Args>("predict", stage::bad_input_types![], bert_predict::run)
}
