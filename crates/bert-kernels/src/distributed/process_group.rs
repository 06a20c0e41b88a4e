//! Process group: tensors that move between the processes of a run. Nothing here adds numbers up: whoever gets them does, in an
//! order of its own.

use std::cell::Cell;
use std::ffi::CStr;
use std::net::IpAddr;
use std::ptr::null;
use std::time::Duration;

use tch::{Device, Tensor};

use super::store::Store;
use super::{DistributedError, c_string, milliseconds};
use crate::ffi;

/// Which GPU a process has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceIdentity {
    /// What it is: "NVIDIA H200".
    pub name: String,
    /// What tells it from all others.
    pub uuid: String,
}

impl DeviceIdentity {
    /// That of the device of `like`.
    ///
    /// # Errors
    /// Fails on the CPU, when the device does, and where the programs were built without CUDA's headers.
    pub fn of(like: &Tensor) -> Result<Self, DistributedError> {
        let mut text = [0_u8; 512];
        // SAFETY: at most as many bytes are written as there are; the handle lives as long as the borrow.
        DistributedError::of_status(unsafe {
            ffi::bert_kernels_device_identity(like.as_ptr(), text.as_mut_ptr().cast(), text.len() as i64)
        })?;
        let text = CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy();
        let (name, uuid) = text.split_once('\t').unwrap_or((&text, ""));
        Ok(Self { name: name.to_owned(), uuid: uuid.to_owned() })
    }
}

/// The processes of a run, with a connection between every two. All of them call the same functions in the same order, with
/// tensors of the same sizes, contiguous, on the CPU, or on their devices once those are connected: there the host does not
/// wait.
#[derive(Debug)]
pub struct ProcessGroup {
    handle: *mut ffi::ProcessGroup,
    rank: usize,
    size: usize,
    connected: Cell<Device>,
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
        if handle.is_null() {
            return Err(DistributedError::last());
        }
        Ok(Self { handle, rank, size, connected: Cell::new(Device::Cpu) })
    }

    /// The number of this process.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of processes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Connects the devices of the processes, each that of its `like`, a CUDA device that no other process has.
    ///
    /// # Errors
    /// Fails where NCCL does, or one of the processes does not come.
    pub fn connect_devices(&self, like: &Tensor) -> Result<(), DistributedError> {
        // SAFETY: the handles live as long as the borrows.
        DistributedError::of_status(unsafe {
            ffi::bert_kernels_process_group_connect_devices(self.handle, like.as_ptr())
        })?;
        self.connected.set(like.device());
        Ok(())
    }

    /// The devices are not used any more.
    pub fn disconnect_devices(&self) {
        self.connected.set(Device::Cpu);
    }

    /// The device that is connected to those of the others; else the CPU.
    pub fn connected_device(&self) -> Device {
        self.connected.get()
    }

    /// Begins to set `gathered` `(size, ..)` to what each process has as `mine` `(..)`. Until it was waited for, the former is not read and
    /// the latter not changed.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    ///
    /// # Panics
    /// When the tensors do not fit: a mistake of the caller.
    pub fn all_gather(&self, gathered: &Tensor, mine: &Tensor) -> Result<Messages, DistributedError> {
        self.assert_fits(gathered);
        assert!(self.has(mine) && mine.numel() * self.size == gathered.numel(), "a row for each process");
        assert!(mine.kind() == gathered.kind(), "one type");
        // SAFETY: contiguous tensors; the C++ side keeps references to them until the messages are freed.
        Messages::begun(unsafe { ffi::bert_kernels_all_gather(self.handle, gathered.as_ptr(), mine.as_ptr()) })
    }

    /// What every process has as `mine` `(..)`: `(size, ..)`.
    ///
    /// # Errors
    /// As [`Self::all_gather`].
    ///
    /// # Panics
    /// As [`Self::all_gather`].
    pub fn gathered(&self, mine: &Tensor) -> Result<Tensor, DistributedError> {
        let shape = [&[self.size as i64][..], &mine.size()].concat();
        let gathered = Tensor::zeros(shape.as_slice(), (mine.kind(), mine.device()));
        if mine.numel() > 0 {
            self.all_gather(&gathered, mine)?.wait()?;
        }
        Ok(gathered)
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
        // SAFETY: contiguous tensors; the C++ side keeps references to them until the messages are freed.
        Messages::begun(unsafe { ffi::bert_kernels_all_to_all(self.handle, received.as_ptr(), sent.as_ptr()) })
    }

    /// Sets `tensor` to that of the process `from`.
    ///
    /// # Errors
    /// As [`Self::all_gather`].
    ///
    /// # Panics
    /// As [`Self::all_gather`].
    pub fn broadcast(&self, tensor: &Tensor, from: usize) -> Result<(), DistributedError> {
        assert!(self.has(tensor) && from < self.size, "a contiguous tensor of a process of the group");
        // SAFETY: as asserted; it lives through the call.
        DistributedError::of_status(unsafe { ffi::bert_kernels_broadcast(self.handle, tensor.as_ptr(), from as i32) })
    }

    /// Whether `tensor` can be sent and received.
    fn has(&self, tensor: &Tensor) -> bool {
        tensor.is_contiguous() && [Device::Cpu, self.connected.get()].contains(&tensor.device())
    }

    fn assert_fits(&self, rows: &Tensor) {
        assert!(self.has(rows) && rows.size().first() == Some(&(self.size as i64)), "a row for each process");
    }
}

/// Messages that are under way.
#[derive(Debug)]
pub struct Messages {
    handle: *mut ffi::Messages,
}

impl Messages {
    fn begun(handle: *mut ffi::Messages) -> Result<Self, DistributedError> {
        if handle.is_null() { Err(DistributedError::last()) } else { Ok(Self { handle }) }
    }

    /// Returns when all have been sent and have come.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn wait(self) -> Result<(), DistributedError> {
        // SAFETY: of messages that have begun, freed when dropped.
        DistributedError::of_status(unsafe { ffi::bert_kernels_messages_wait(self.handle) })
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        // SAFETY: of messages that have begun, freed once.
        unsafe { ffi::bert_kernels_messages_free(self.handle) }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // SAFETY: made by `connect`, freed once.
        unsafe { ffi::bert_kernels_process_group_free(self.handle) }
    }
}
