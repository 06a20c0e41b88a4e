//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::run_main::<bert_export::Args>("export", stage::bad_input_types![], bert_export::run)
}
