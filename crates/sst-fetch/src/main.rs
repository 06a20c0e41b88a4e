//! The program `sst-fetch`; what it does is in the library.

use std::process::ExitCode;

use checkpoint::CheckpointError;
use corpus::CorpusError;
use stage::{Program, SetAside, bad_input_types};

/// Another source replaces the whole of the one that a profile names.
const SET_ASIDE: [SetAside; 5] = [
    SetAside::by("source", &["train", "validation", "test"]),
    SetAside::by("source", &["config", "stanford_url"]).when_changed(),
    SetAside::by("train", &["source", "config", "stanford_url"]),
    SetAside::by("validation", &["source", "config", "stanford_url"]),
    SetAside::by("test", &["source", "config", "stanford_url"]),
];

fn main() -> ExitCode {
    let bad_input = bad_input_types![CorpusError, CheckpointError];
    Program::new("fetch").bad_input(bad_input).set_aside(&SET_ASIDE).run::<sst_fetch::Args>(sst_fetch::run)
}
