//! The program; see the library.

use std::process::ExitCode;

use bert::BertError;
use bert_eval::{Analysis, AnalysisArgs, Args};
use corpus::CorpusError;
use run_files::RunFileError;
use stage::BadInputType;

fn main() -> ExitCode {
    let bad_input = [
        BadInputType::when(BertError::is_bad_input),
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<RunFileError>(),
    ];
    let first = std::env::args().nth(1);
    if first.is_some_and(|word| Analysis::is_named(&word)) {
        return stage::run_main::<AnalysisArgs>("eval", &bad_input, bert_eval::analyze);
    }
    stage::Program::new("eval").bad_input(&bad_input).subcommands_of::<AnalysisArgs>().run::<Args>(bert_eval::run)
}
