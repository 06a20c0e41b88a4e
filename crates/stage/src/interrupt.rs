//! Signals: SIGINT, SIGTERM and SIGHUP as a flag that a long loop polls at each step.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Remembers the first SIGINT, SIGTERM or SIGHUP; a second one leaves at once with 128 + its number. What whoever started the
/// program had ignored (`nohup`, `trap '' INT`) stays so.
#[derive(Debug, Clone)]
pub struct Interrupt {
    received: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Installs the handlers for the whole process.
    ///
    /// # Errors
    /// Fails when the system refuses a handler.
    pub fn install() -> io::Result<Self> {
        let received = Arc::new(AtomicUsize::new(0));
        let second_leaves = Arc::new(AtomicBool::new(false));
        let ignored = ignored_signals();
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
            // The order matters: the shutdown is asked first, while the flag still tells of earlier signals.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second_leaves))?;
            flag::register(signal, Arc::clone(&second_leaves))?;
            flag::register_usize(signal, Arc::clone(&received), signal as usize)?;
        }
        Ok(Self { received })
    }

    /// The signal that asked the run to end, if one did.
    pub fn received(&self) -> Option<i32> {
        match self.received.load(Ordering::Relaxed) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }
}

/// The signals that this process ignores, by the system's word: bit N - 1 is signal N. None where it does not say.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
