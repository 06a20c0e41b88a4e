//! The program; see the library.

use std::process::ExitCode;

use bert::BertError;
use checkpoint::CheckpointError;
use corpus::CorpusError;
use stage::BadInputType;

fn main() -> ExitCode {
    let bad_input = [
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<CheckpointError>(),
        BadInputType::when(BertError::is_bad_input),
    ];
    stage::run_main::<bert_finetune::Args>("finetune", &bad_input, bert_finetune::run)
}
