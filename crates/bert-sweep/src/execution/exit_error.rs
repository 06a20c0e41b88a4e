//! Exit error: that a stage failed, as an error with the exit code of the stage.

use std::process::ExitStatus;

use stage::{ExitReason, bad_input};

use super::trial_process::describe_exit;

/// Exit codes of a stage.
pub(crate) const BAD_INPUT: i32 = 2;
const UNHEALTHY: i32 = 3;
const LOCKED: u8 = 4;
/// Behind it is the signal that interrupted a stage.
const SIGNALS: i32 = 128;

/// The error of a stage that ended with `status` and said `message` last.
pub(crate) fn exit_error(status: ExitStatus, message: String) -> anyhow::Error {
    match status.code() {
        Some(BAD_INPUT) => bad_input!("{message}"),
        Some(UNHEALTHY) => ExitReason::Unhealthy(message).into(),
        Some(code) if code == i32::from(LOCKED) => ExitReason::Followed { exit_code: LOCKED, message }.into(),
        Some(code) if code > SIGNALS => ExitReason::Interrupted { signal: code - SIGNALS, message }.into(),
        Some(_) => anyhow::anyhow!("{message}"),
        None => anyhow::anyhow!("{}", describe_exit(status)),
    }
}
