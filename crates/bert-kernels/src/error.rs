//! Errors of libtorch and of the kernels: exceptions that stayed on the C++ side, as text.

use std::ffi::CStr;

use crate::ffi;

/// An exception of libtorch, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelError(pub String);

impl KernelError {
    /// The message of the last exception on this thread.
    pub(crate) fn last() -> Self {
        // SAFETY: the pointer is to a thread-local, NUL-terminated string that lives until the thread's next error.
        let message = unsafe { CStr::from_ptr(ffi::bert_kernels_last_error()) };
        Self(message.to_string_lossy().into_owned())
    }

    /// The error of a call whose status is not 0.
    pub(crate) fn of_status(status: i32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self::last()) }
    }
}

impl std::fmt::Display for KernelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "libtorch: {}", self.0)
    }
}

impl std::error::Error for KernelError {}
