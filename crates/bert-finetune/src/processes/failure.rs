//! Failure: the word of a process that stopped by itself, for the others.

use std::fmt;

use bert_kernels::DistributedError;
use serde::{Deserialize, Serialize};
use stage::ExitReason;

/// Why process 0 stopped by itself. Others, which may find the same at the same moment, do not write over it.
const FIRST: &str = "failed/0";
/// Why another one did.
const OTHER: &str = "failed";

/// Why a process stopped by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) rank: usize,
    pub(super) exit_code: u8,
    pub(super) reason: String,
}

impl Failure {
    /// What was left in a store, by `get`.
    pub(super) fn find<E>(get: impl Fn(&str) -> Result<Option<Vec<u8>>, E>) -> Result<Option<Self>, E> {
        let text = get(FIRST)?.map_or_else(|| get(OTHER), |text| Ok(Some(text)))?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Leaves it in a store, by `set`, as far as that can be done.
    pub(super) fn leave(&self, set: impl FnOnce(&str, &[u8]) -> Result<(), DistributedError>) {
        if let Ok(text) = serde_json::to_vec(self) {
            let _ = set(if self.rank == 0 { FIRST } else { OTHER }, &text);
        }
    }

    /// This process ends as that one. What process 0 says need not be said again.
    pub(super) fn followed(self) -> ExitReason {
        let message = if self.rank == 0 { String::new() } else { self.to_string() };
        ExitReason::Followed { exit_code: self.exit_code, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} stopped: {}", self.rank, self.reason)
    }
}
