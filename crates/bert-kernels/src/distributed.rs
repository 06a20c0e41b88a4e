//! Several processes of one run: a store of small facts, and a process group that moves tensors (libtorch's c10d: `TCPStore`
//! and gloo). Nothing here adds numbers up: whoever gets them does, in an order of its own.

use std::ffi::{CString, c_int};
use std::net::IpAddr;
use std::ptr::null;
use std::time::Duration;

use tch::{Device, Tensor};

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
    handle: *mut ffi::Store,
}

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

/// The processes of a run, with a connection between every two. All of them call the same functions in the same order, with
/// tensors of the same sizes, contiguous, on the CPU.
#[derive(Debug)]
pub struct ProcessGroup {
    handle: *mut ffi::ProcessGroup,
    rank: usize,
    size: usize,
}

impl ProcessGroup {
    /// Connects to the others, which reach this process at the `address` of its machine, where one is given; every later call
    /// waits for them for `timeout` at most.
    ///
    /// # Errors
    /// Fails where one of them does not come.
    pub fn connect(
        store: &Store,
        rank: usize,
        size: usize,
        address: Option<IpAddr>,
        timeout: Duration,
    ) -> Result<Self, DistributedError> {
        let address = address.map(|address| c_string(&address.to_string())).transpose()?;
        let pointer = address.as_ref().map_or(null(), |address| address.as_ptr());
        let timeout_ms = milliseconds(timeout);
        // SAFETY: the store's handle is valid, and the address lives through the call; the C++ side keeps what it needs of both.
        let handle =
            unsafe { ffi::bert_kernels_process_group_new(store.handle, rank as i32, size as i32, pointer, timeout_ms) };
        if handle.is_null() { Err(DistributedError::last()) } else { Ok(Self { handle, rank, size }) }
    }

    /// The number of this process.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of processes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Sets `gathered` `(size, ..)` to what each process has as `mine` `(..)`.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    ///
    /// # Panics
    /// When the tensors do not fit: a mistake of the caller.
    pub fn all_gather(&self, gathered: &Tensor, mine: &Tensor) -> Result<(), DistributedError> {
        self.assert_fits(gathered);
        assert!(is_plain(mine) && mine.numel() * self.size == gathered.numel(), "a row for each process");
        assert!(mine.kind() == gathered.kind(), "one type");
        // SAFETY: contiguous tensors on the CPU that live through the call.
        DistributedError::of_status(unsafe {
            ffi::bert_kernels_all_gather(self.handle, gathered.as_ptr(), mine.as_ptr())
        })
    }

    /// Begins to set row r of `received` `(size, ..)` to the row of the process r's `sent` `(size, ..)` that has this process's
    /// number, for all r but this process's own. Until it was waited for, `received` is not read and `sent` not changed.
    ///
    /// # Errors
    /// As [`Self::all_gather`].
    ///
    /// # Panics
    /// As [`Self::all_gather`].
    pub fn all_to_all(&self, received: &Tensor, sent: &Tensor) -> Result<Messages, DistributedError> {
        self.assert_fits(received);
        self.assert_fits(sent);
        assert!(sent.size() == received.size() && sent.kind() == received.kind(), "as much goes as comes");
        // SAFETY: contiguous tensors on the CPU; the C++ side keeps references to them until the messages are freed.
        let handle = unsafe { ffi::bert_kernels_all_to_all(self.handle, received.as_ptr(), sent.as_ptr()) };
        if handle.is_null() { Err(DistributedError::last()) } else { Ok(Messages { handle }) }
    }

    /// Sets `tensor` to that of the process `from`.
    ///
    /// # Errors
    /// As [`Self::all_gather`].
    ///
    /// # Panics
    /// As [`Self::all_gather`].
    pub fn broadcast(&self, tensor: &Tensor, from: usize) -> Result<(), DistributedError> {
        assert!(is_plain(tensor) && from < self.size, "a contiguous tensor on the CPU, of a process of the group");
        // SAFETY: as asserted; it lives through the call.
        DistributedError::of_status(unsafe { ffi::bert_kernels_broadcast(self.handle, tensor.as_ptr(), from as i32) })
    }

    fn assert_fits(&self, rows: &Tensor) {
        assert!(is_plain(rows) && rows.size().first() == Some(&(self.size as i64)), "a row for each process");
    }
}

/// Messages that are under way.
#[derive(Debug)]
pub struct Messages {
    handle: *mut ffi::Messages,
}

impl Messages {
    /// Returns when all have been sent and have come.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn wait(self) -> Result<(), DistributedError> {
        // SAFETY: made by `all_to_all`, freed when dropped.
        DistributedError::of_status(unsafe { ffi::bert_kernels_messages_wait(self.handle) })
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        // SAFETY: made by `all_to_all`, freed once.
        unsafe { ffi::bert_kernels_messages_free(self.handle) }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // SAFETY: made by `connect`, freed once.
        unsafe { ffi::bert_kernels_process_group_free(self.handle) }
    }
}

fn is_plain(tensor: &Tensor) -> bool {
    tensor.device() == Device::Cpu && tensor.is_contiguous()
}

fn c_string(text: &str) -> Result<CString, DistributedError> {
    CString::new(text).map_err(|_| DistributedError { rank: None, message: format!("{text:?} has a zero byte") })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
