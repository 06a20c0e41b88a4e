//! Work on a device that runs behind the host: uploads that nobody waits for, numbers that are read late, and graphs of what
//! is done again and again. On CUDA it has a stream of its own; the CPU works at once.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tch::{Kind, Tensor};

use crate::error::KernelError;
use crate::ffi;

/// Seeds the default generator of the device of `like`, which draws dropout there, as a function of `key` and `rng_stream`.
///
/// # Errors
/// Fails when the device does.
pub fn seed_generator(like: &Tensor, key: u64, rng_stream: u64) -> Result<(), KernelError> {
    // SAFETY: the handle lives as long as the borrow.
    KernelError::of_status(unsafe { ffi::bert_kernels_seed_generator(like.as_ptr(), key, rng_stream) })
}

/// Float32 zeros `(rows, cols)` on the host, in memory that a device reads and writes at its own pace.
///
/// # Errors
/// Fails when the device does, and without one.
pub fn pinned_zeros(rows: i64, cols: i64) -> Result<Tensor, KernelError> {
    // SAFETY: what comes is a tensor of its own, or null.
    unsafe {
        let made = ffi::bert_kernels_pinned_zeros(rows, cols);
        if made.is_null() { Err(KernelError::last()) } else { Ok(Tensor::from_ptr(made)) }
    }
}

/// The queue of one device.
#[derive(Debug)]
pub struct DeviceQueue {
    handle: *mut ffi::DeviceQueue,
    /// Graphs of no use. The end of one takes from cuBLAS the workspaces that others of its stream go on writing to
    /// (pytorch/pytorch#193402), so they live as long as the queue.
    rejected: RefCell<Vec<Graph>>,
}

impl DeviceQueue {
    /// The queue of the device of `like`.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn new(like: &Tensor) -> Result<Self, KernelError> {
        // SAFETY: the handle lives as long as the borrow.
        let handle = unsafe { ffi::bert_kernels_device_queue_new(like.as_ptr()) };
        if handle.is_null() { Err(KernelError::last()) } else { Ok(Self { handle, rejected: RefCell::default() }) }
    }

    /// Does `work` on the queue's stream: after all that this thread gave to the device before, and before what it gives to it
    /// afterwards. Within another `run` of the queue it only does it.
    ///
    /// # Errors
    /// Fails when `work` or the device does.
    pub fn run<R, E: From<KernelError>>(&self, work: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        // SAFETY: the handle is this queue's, here and below.
        KernelError::of_status(unsafe { ffi::bert_kernels_device_queue_enter(self.handle) })?;
        let done = work();
        let left = KernelError::of_status(unsafe { ffi::bert_kernels_device_queue_leave(self.handle) });
        let done = done?;
        left?;
        Ok(done)
    }

    /// Copies `numbers`, on the host, to `target`, of the same kind and shape, without waiting.
    ///
    /// # Errors
    /// Fails when the device does.
    ///
    /// # Panics
    /// Where the two differ in kind or size: a mistake of the caller.
    pub fn upload(&self, target: &Tensor, numbers: &Tensor) -> Result<(), KernelError> {
        assert!(target.kind() == numbers.kind() && target.size() == numbers.size(), "an upload fits its target");
        let numbers = numbers.contiguous();
        // SAFETY: the handles live as long as the borrows; the numbers are contiguous, and copied before the call returns.
        KernelError::of_status(unsafe {
            ffi::bert_kernels_device_queue_upload(self.handle, target.as_ptr(), numbers.as_ptr())
        })
    }

    /// Sends `numbers`, float64 on the device, to the host as they are when the device comes to this place.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn send(&self, numbers: &Tensor) -> Result<(), KernelError> {
        assert_eq!(numbers.kind(), Kind::Double, "numbers are sent as float64");
        // SAFETY: the handle lives as long as the borrow.
        KernelError::of_status(unsafe { ffi::bert_kernels_device_queue_send(self.handle, numbers.as_ptr()) })
    }

    /// The `n` numbers that were sent first of those that are still on their way; waits for them.
    ///
    /// # Errors
    /// Fails when the device did in the meantime, and where no such numbers are on their way.
    pub fn receive(&self, n: usize) -> Result<Vec<f64>, KernelError> {
        let mut numbers = vec![0.0; n];
        // SAFETY: `numbers` has room for n.
        KernelError::of_status(unsafe {
            ffi::bert_kernels_device_queue_receive(self.handle, numbers.as_mut_ptr(), n as i64)
        })?;
        Ok(numbers)
    }

    /// Records the operators of `work`, within [`Self::run`]. Whether they are done meanwhile depends on the device: CUDA
    /// only writes them down. `work` reads no number of the device on the host, and its tensors are those of later replays.
    ///
    /// # Errors
    /// Fails when `work` does or panics, where something in it cannot be recorded, and where the programs were built without
    /// graphs.
    pub fn record<E: From<KernelError>>(&self, work: impl FnOnce() -> Result<(), E>) -> Result<Graph, E> {
        // SAFETY: the handle is this queue's.
        let handle = unsafe { ffi::bert_kernels_graph_begin(self.handle) };
        if handle.is_null() {
            return Err(KernelError::last().into());
        }
        let graph = Graph { handle };
        // tch panics where an operator fails that it calls by its short name; a device must not go on recording then.
        let recorded = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: the handle is this graph's, which has begun.
        let ended = KernelError::of_status(unsafe { ffi::bert_kernels_graph_end(graph.handle) });
        let recorded =
            recorded.unwrap_or_else(|_| Err(KernelError("an operator cannot be recorded".to_owned()).into()));
        match recorded.and_then(|()| ended.map_err(E::from)) {
            Ok(()) => Ok(graph),
            Err(error) => {
                self.reject(graph);
                Err(error)
            }
        }
    }

    /// Puts away a graph that is not to be replayed, while others of the queue may be.
    pub fn reject(&self, graph: Graph) {
        self.rejected.borrow_mut().push(graph);
    }
}

impl Drop for DeviceQueue {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle.
        unsafe { ffi::bert_kernels_device_queue_free(self.handle) }
    }
}

/// Operators that were recorded once: a CUDA graph, which a device starts as one, or on the CPU a list, which is no faster than
/// the operators are.
#[derive(Debug)]
pub struct Graph {
    handle: *mut ffi::Graph,
}

impl Graph {
    /// Does all of it again, on the same memory, within [`DeviceQueue::run`].
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn replay(&self) -> Result<(), KernelError> {
        // SAFETY: the handle is this graph's, which has ended.
        KernelError::of_status(unsafe { ffi::bert_kernels_graph_replay(self.handle) })
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle.
        unsafe { ffi::bert_kernels_graph_free(self.handle) }
    }
}
