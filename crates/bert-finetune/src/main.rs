//! The program; see the library.

use std::process::ExitCode;

use stage::Program;

fn main() -> ExitCode {
    let bad_input = bert_finetune::bad_input_types();
    let program = Program::new("finetune").bad_input(&bad_input).set_aside(bert_finetune::SET_ASIDE);
    let program = program.elsewhere(bert_finetune::ELSEWHERE);
    program.run::<bert_finetune::Args>(bert_finetune::run)
}
