//! The program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    bert_sweep::become_trial().unwrap_or_else(|| stage::run_main::<bert_sweep::Args>("sweep", stage::bad_input_types![], bert_sweep::run))
}
