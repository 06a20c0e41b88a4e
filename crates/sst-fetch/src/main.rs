//! `sst-fetch`: datasets and models, from files or from the hub.

fn main() -> std::process::ExitCode {
    stage::run_main::<sst_fetch::Args>("fetch", stage::bad_input_types![], sst_fetch::run)
}
