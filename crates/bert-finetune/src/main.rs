//! The program; see the library.

use std::process::ExitCode;

use bert::BertError;
use checkpoint::CheckpointError;
use corpus::CorpusError;
use stage::{BadInputType, Program};

fn main() -> ExitCode {
    let bad_input = [
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<CheckpointError>(),
        BadInputType::when(BertError::is_bad_input),
    ];
    let program = Program::new("finetune").bad_input(&bad_input).set_aside(bert_finetune::SET_ASIDE);
    program.run::<bert_finetune::Args>(bert_finetune::run)
}
