//! Why a stage stopped, and the exit code that tells an orchestrator which kind of reason it was.

use std::io::ErrorKind;
use std::path::PathBuf;

/// A reason to stop that has an exit code of its own. Every other error exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum ExitReason {
    /// Wrong usage or bad input: exit code 2.
    #[error("{0:#}")]
    BadInput(anyhow::Error),
    /// A health check stopped the run (not finite, out of disk): exit code 3.
    #[error("{0}")]
    Unhealthy(String),
    /// Another process writes this folder: exit code 4.
    #[error("{} is locked by another run{}; wait for it, or choose another --out", folder.display(), holder)]
    Locked {
        /// The output folder.
        folder: PathBuf,
        /// ` (process 123)`, or nothing where it is not known.
        holder: String,
    },
    /// SIGINT or SIGTERM: exit code 128 + the signal. What was saved can be resumed.
    #[error("{message}")]
    Interrupted {
        /// The signal's number.
        signal: i32,
        /// What was saved and how to go on.
        message: String,
    },
}

/// Marks an error as the input's fault, which makes the exit code 2.
///
/// ```
/// let parsed: anyhow::Result<u32> = "seven".parse().map_err(stage::bad_input);
/// assert_eq!(parsed.unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub fn bad_input(error: impl Into<anyhow::Error>) -> anyhow::Error {
    ExitReason::BadInput(error.into()).into()
}

/// The exit code of an error: that of the first [`ExitReason`] in its chain, 3 for a full disk, else 1.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(stop) = cause.downcast_ref::<ExitReason>() {
            return match stop {
                ExitReason::BadInput(inner) => exit_code(inner).max(2),
                ExitReason::Unhealthy(_) => 3,
                ExitReason::Locked { .. } => 4,
                ExitReason::Interrupted { signal, .. } => u8::try_from(128 + signal).unwrap_or(1),
            };
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
        {
            return 3;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_exit_code_is_that_of_the_first_reason_in_the_chain() {
        let locked = ExitReason::Locked { folder: "out".into(), holder: String::new() };
        assert_eq!(exit_code(&anyhow::Error::from(locked).context("while tokenizing")), 4);
        assert_eq!(exit_code(&bad_input(anyhow::anyhow!("row 3 has no label"))), 2);
        let full: anyhow::Result<()> =
            Err(std::io::Error::from(ErrorKind::StorageFull)).context("cannot write model.safetensors");
        assert_eq!(exit_code(&full.unwrap_err()), 3);
        assert_eq!(exit_code(&ExitReason::Interrupted { signal: 15, message: String::new() }.into()), 143);
        assert_eq!(exit_code(&anyhow::anyhow!("anything else")), 1);
    }
}
