//! Exit codes: why a stage stopped, as an orchestrator tells it by the number.
//!
//! 0 done or fresh, 2 bad input, 3 stopped by a health check, 4 a folder or an input is in use, 5 a required figure was missed, 128 + the signal
//! interrupted, 1 anything else.
//! A full disk is always 3, whatever it was that could not be written or read for want of it.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::input_error::{BadInputType, is_bad_input};

const FAILURE: u8 = 1;
pub(crate) const BAD_INPUT: u8 = 2;
const UNHEALTHY: u8 = 3;
const LOCKED: u8 = 4;
const MISSED: u8 = 5;

/// A reason to stop that has an exit code of its own and is not the input's fault.
#[derive(Debug, thiserror::Error)]
pub enum ExitReason {
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
    /// Another process writes this folder, an input: exit code 4.
    #[error("{} is being written by another run{}; wait for its end", folder.display(), holder)]
    BeingWritten {
        /// The input folder.
        folder: PathBuf,
        /// ` (process 123)`, or nothing where it is not known.
        holder: String,
    },
    /// Another process wrote this input meanwhile: exit code 4.
    #[error("{} changed while it was read; run this again when nothing writes it", .0.display())]
    InputChanged(PathBuf),
    /// Another process writes this file: exit code 4.
    #[error("another run is writing {}; wait for it, or choose another file", .0.display())]
    FileLocked(PathBuf),
    /// A figure is not what the user requires: exit code 5. An evaluation is written all the same, an export is not.
    #[error("{0}")]
    RequirementMissed(String),
    /// Another process of the same run stopped it, and this one ends with its exit code. Nothing is printed where the message is
    /// empty: the other one has said it.
    #[error("{message}")]
    Followed {
        /// That of the other process.
        exit_code: u8,
        /// Which process it was, and why.
        message: String,
    },
    /// SIGINT, SIGTERM or SIGHUP: exit code 128 + the signal. What was saved can be resumed.
    #[error("{message}")]
    Interrupted {
        /// The signal's number.
        signal: i32,
        /// What was saved and how to go on.
        message: String,
    },
}

impl ExitReason {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Unhealthy(_) => UNHEALTHY,
            Self::Locked { .. } | Self::BeingWritten { .. } | Self::InputChanged(_) | Self::FileLocked(_) => LOCKED,
            Self::RequirementMissed(_) => MISSED,
            Self::Followed { exit_code, .. } => *exit_code,
            Self::Interrupted { signal, .. } => u8::try_from(128 + signal).unwrap_or(FAILURE),
        }
    }
}

/// The exit code of an error: its own, else 2 where it is bad input or of one of the `bad_input` types, else 1.
pub fn exit_code(error: &anyhow::Error, bad_input: &[BadInputType]) -> u8 {
    own_exit_code(error).unwrap_or(if is_bad_input(error, bad_input) { BAD_INPUT } else { FAILURE })
}

/// Whether another process has said the error.
pub fn is_said(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ExitReason::Followed { message, .. }) if message.is_empty())
}

/// The exit code of the first [`ExitReason`] or full disk in the chain.
pub(crate) fn own_exit_code(error: &anyhow::Error) -> Option<u8> {
    error.chain().find_map(|cause| match cause.downcast_ref::<ExitReason>() {
        Some(reason) => Some(reason.exit_code()),
        None => cause.downcast_ref::<io::Error>().is_some_and(is_disk_full).then_some(UNHEALTHY),
    })
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input_error::{BadInput, bad_input, bail_input, ensure_input};
    use anyhow::{Context, anyhow};

    #[derive(Debug, thiserror::Error)]
    enum LibraryError {
        #[error("cannot read the table")]
        Read(#[source] io::Error),
        #[error("out of memory")]
        Memory,
    }

    #[derive(Debug, thiserror::Error)]
    enum ModelError {
        #[error(transparent)]
        Library(#[from] LibraryError),
        #[error("the device failed")]
        Device,
    }

    fn full_disk() -> io::Error {
        io::Error::from(ErrorKind::StorageFull)
    }

    #[test]
    fn the_first_reason_in_the_chain_decides() {
        let locked = ExitReason::Locked { folder: "out".into(), holder: String::new() };
        assert_eq!(exit_code(&anyhow::Error::from(locked).context("while tokenizing"), &[]), 4);
        assert_eq!(exit_code(&ExitReason::Interrupted { signal: 15, message: String::new() }.into(), &[]), 143);
        assert_eq!(exit_code(&ExitReason::Unhealthy("loss is NaN".to_owned()).into(), &[]), 3);
        assert_eq!(exit_code(&ExitReason::RequirementMissed("accuracy".to_owned()).into(), &[]), 5);
        assert_eq!(exit_code(&anyhow!("anything else"), &[]), 1);
        let followed =
            |message: &str| anyhow::Error::from(ExitReason::Followed { exit_code: 3, message: message.to_owned() });
        assert_eq!((exit_code(&followed("rank 1 stopped"), &[]), is_said(&followed("rank 1 stopped"))), (3, false));
        assert!(is_said(&followed("")));
        let full: anyhow::Result<()> = Err(full_disk()).context("cannot write model.safetensors");
        assert_eq!(exit_code(&full.unwrap_err(), &[]), 3);
    }

    #[test]
    fn bad_input_is_2_as_an_error_as_a_context_and_below_a_context() {
        fn checked(row: u32) -> anyhow::Result<()> {
            ensure_input!(row != 3, "row {row} has no label");
            if row == 4 {
                bail_input!("row {row} has no text");
            }
            Ok(())
        }
        assert!(checked(2).is_ok());
        assert_eq!(checked(4).unwrap_err().to_string(), "row 4 has no text");
        assert_eq!(exit_code(&checked(3).unwrap_err(), &[]), 2);
        assert_eq!(exit_code(&checked(3).context("in train").context("outside").unwrap_err(), &[]), 2);
        let around = Err::<(), _>(anyhow!("not a number")).context(BadInput::new("--seed")).context("outside");
        let around = around.unwrap_err();
        assert_eq!((exit_code(&around, &[]), format!("{around:#}").as_str()), (2, "outside: --seed: not a number"));
        assert_eq!(exit_code(&bad_input!("{}", 1), &[]), 2);
    }

    #[test]
    fn a_registered_type_is_bad_input_wherever_it_stands_in_the_chain() {
        let types = crate::bad_input_types![LibraryError];
        let missing = || LibraryError::Read(ErrorKind::NotFound.into());
        assert_eq!(exit_code(&missing().into(), types), 2);
        assert_eq!(exit_code(&anyhow::Error::from(missing()).context("train").context("raw"), types), 2);
        assert_eq!(exit_code(&missing().into(), &[]), 1);
        assert_eq!(exit_code(&ModelError::Device.into(), types), 1);
    }

    #[test]
    fn a_type_that_hides_its_cause_decides_for_it() {
        let types = [BadInputType::when(|error: &ModelError| matches!(error, ModelError::Library(_)))];
        assert_eq!(exit_code(&ModelError::from(LibraryError::Memory).into(), &types), 2);
        assert_eq!(exit_code(&ModelError::Device.into(), &types), 1);
    }

    #[test]
    fn a_full_disk_and_a_lock_are_never_bad_input() {
        let types = crate::bad_input_types![LibraryError];
        assert_eq!(exit_code(&LibraryError::Read(full_disk()).into(), types), 3);
        let full: anyhow::Result<()> = Err(full_disk()).context(BadInput::new("the table"));
        assert_eq!(exit_code(&full.unwrap_err(), types), 3);
        let locked = || ExitReason::Locked { folder: "out".into(), holder: String::new() };
        assert_eq!(exit_code(&anyhow::Error::from(locked()).context(BadInput::new("the folder")), types), 4);
    }
}
