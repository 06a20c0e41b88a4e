//! Several processes of one run: a store of small facts, and a process group that moves tensors (libtorch's c10d: `TCPStore`
//! and gloo; between GPUs NCCL).

mod process_group;
mod store;

use std::ffi::{CString, c_int};
use std::time::Duration;

pub use self::process_group::{DeviceIdentity, Messages, ProcessGroup};
pub use self::store::{Store, StoreAddress};
use crate::error::KernelError;
use crate::ffi;

/// What went wrong between the processes of a run: one is gone, does not answer, or cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DistributedError {
    /// With which process, where that is known.
    pub rank: Option<usize>,
    /// What libtorch says.
    pub message: String,
}

impl DistributedError {
    fn last() -> Self {
        let KernelError(text) = KernelError::last();
        let named = text.strip_prefix("rank ").and_then(|rest| rest.split_once(": "));
        let named = named.and_then(|(rank, rest)| Some((rank.parse().ok()?, rest)));
        let (rank, message) = named.map_or((None, text.as_str()), |(rank, rest)| (Some(rank), rest));
        // The place in gloo's sources, and what it adds for its own users, say nothing here.
        let message =
            message.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(message, |(_, rest)| rest);
        Self { rank, message: message.split(". This is typically").next().unwrap_or(message).to_owned() }
    }

    fn of_status(status: i32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self::last()) }
    }
}

/// Whether these programs were built with a libtorch that has c10d.
pub fn has_c10d() -> bool {
    // SAFETY: no arguments.
    unsafe { ffi::bert_kernels_has_c10d() != 0 }
}

/// Ends this process with an exit code, whatever its other threads wait for within libtorch: no destructor of a library runs, which could wait
/// for them, too.
pub fn exit_at_once(code: i32) -> ! {
    unsafe extern "C" {
        /// Of the C library.
        fn _exit(status: c_int) -> !;
    }
    // SAFETY: it does not return, and touches no memory of this process.
    unsafe { _exit(code) }
}

fn c_string(text: &str) -> Result<CString, DistributedError> {
    CString::new(text).map_err(|_| DistributedError { rank: None, message: format!("{text:?} has a zero byte") })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
