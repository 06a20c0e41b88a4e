//! Signals: SIGINT and SIGTERM as a flag that a long loop polls at each step.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Remembers the first SIGINT or SIGTERM; a second one leaves at once with 128 + its number.
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
        for signal in [SIGINT, SIGTERM] {
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
