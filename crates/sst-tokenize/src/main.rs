//! `sst-tokenize`: raw texts to token ids.

fn main() -> std::process::ExitCode {
    stage::run_main::<sst_tokenize::Args>("tokenize", stage::bad_input_types![], sst_tokenize::run)
}
