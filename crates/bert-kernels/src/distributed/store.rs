//! Store: small facts that the processes of a run leave for each other (`TCPStore`).

use std::time::Duration;

use super::{DistributedError, c_string, milliseconds};
use crate::ffi;

/// Where a store is.
#[derive(Debug, Clone)]
pub struct StoreAddress {
    /// The machine that holds it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether this process holds it; else it connects.
    pub is_server: bool,
    /// Stands before every key, so that several runs can share a store.
    pub prefix: String,
}

/// Bytes by key, for all processes of a run.
#[derive(Debug)]
pub struct Store {
    pub(super) handle: *mut ffi::Store,
}

// SAFETY: a store belongs to no thread, and libtorch's own lock lets one call in at a time.
unsafe impl Send for Store {}

impl Store {
    /// Opens or joins the store, which has to be there within `timeout`.
    ///
    /// # Errors
    /// Fails where it cannot be reached, or its port is taken.
    pub fn open(address: &StoreAddress, timeout: Duration) -> Result<Self, DistributedError> {
        let (host, prefix) = (c_string(&address.host)?, c_string(&address.prefix)?);
        let options = ffi::StoreOptions {
            host: host.as_ptr(),
            port: i32::from(address.port),
            is_server: i32::from(address.is_server),
            prefix: prefix.as_ptr(),
            timeout_ms: milliseconds(timeout),
        };
        // SAFETY: the options and their strings live through the call.
        let handle = unsafe { ffi::bert_kernels_store_new(&raw const options) };
        if handle.is_null() { Err(DistributedError::last()) } else { Ok(Self { handle }) }
    }

    /// Leaves `value` for the others.
    ///
    /// # Errors
    /// Fails where the store is gone.
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), DistributedError> {
        let key = c_string(key)?;
        // SAFETY: key and value live through the call.
        DistributedError::of_status(unsafe {
            ffi::bert_kernels_store_set(self.handle, key.as_ptr(), value.as_ptr(), value.len() as i64)
        })
    }

    /// What somebody left, if it is there by now.
    ///
    /// # Errors
    /// Fails where the store is gone.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, DistributedError> {
        let key = c_string(key)?;
        let mut has = 0;
        // SAFETY: the key lives through the call.
        DistributedError::of_status(unsafe { ffi::bert_kernels_store_has(self.handle, key.as_ptr(), &raw mut has) })?;
        if has == 0 {
            return Ok(None);
        }
        let mut value = vec![0; 1 << 12];
        loop {
            let mut n = 0;
            let capacity = value.len();
            // SAFETY: at most `capacity` bytes are written.
            DistributedError::of_status(unsafe {
                let (value, n) = (value.as_mut_ptr(), &raw mut n);
                ffi::bert_kernels_store_get(self.handle, key.as_ptr(), value, capacity as i64, n)
            })?;
            value.resize(n as usize, 0);
            if n as usize <= capacity {
                return Ok(Some(value));
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: made by `open`, freed once.
        unsafe { ffi::bert_kernels_store_free(self.handle) }
    }
}
