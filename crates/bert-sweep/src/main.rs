//! The `bert-sweep` program; see the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use run_files::RunFileError;
use stage::{Program, SetAside, bad_input_types};

/// A grid has as many trials as it has combinations.
const SET_ASIDE: [SetAside; 1] = [SetAside::by("method", &["trials"]).when(|method| method == "grid")];

fn main() -> ExitCode {
    bert_sweep::become_trial().unwrap_or_else(|| {
        let bad_input = bad_input_types![CheckpointError, RunFileError];
        let program = Program::new("sweep").other_sections(&bert_sweep::OTHER_SECTIONS).set_aside(&SET_ASIDE);
        program.bad_input(bad_input).run::<bert_sweep::Args>(bert_sweep::run)
    })
}
