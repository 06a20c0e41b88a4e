//! Exit error: that a stage failed, as an error with the exit code of the stage.

use std::path::Path;
use std::process::ExitStatus;

use stage::{ExitReason, bad_input};

use super::trial_process::describe_exit;

/// Exit codes of a stage.
pub(crate) const BAD_INPUT: i32 = 2;
const UNHEALTHY: i32 = 3;
const LOCKED: i32 = 4;
/// Behind it is the signal that interrupted a stage.
const SIGNALS: i32 = 128;

/// The error of a stage that ended with `status` and said `message` last; `folder` is what it wrote to.
pub(crate) fn exit_error(status: ExitStatus, message: String, folder: &Path) -> anyhow::Error {
    match status.code() {
        Some(BAD_INPUT) => bad_input!("{message}"),
        Some(UNHEALTHY) => ExitReason::Unhealthy(message).into(),
        Some(LOCKED) => ExitReason::Locked { folder: folder.to_owned(), holder: String::new() }.into(),
        Some(code) if code > SIGNALS => ExitReason::Interrupted { signal: code - SIGNALS, message }.into(),
        Some(_) => anyhow::anyhow!("{message}"),
        None => anyhow::anyhow!("{}", describe_exit(status)),
    }
}
