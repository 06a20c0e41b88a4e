//! One thread for libtorch's operators, for as long as a guard lives.

/// While it lives, libtorch's operators run on one thread, which the head and the loss need beside the encoder's kernel: the kernel
/// adds up in the same order for every number of threads, their sums would not; and libtorch's own threads would spin on a core of
/// the kernel's.
#[derive(Debug)]
pub(crate) struct OneThread {
    threads: i32,
}

impl OneThread {
    pub(crate) fn begin() -> Self {
        let threads = tch::get_num_threads();
        tch::set_num_threads(1);
        Self { threads }
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        tch::set_num_threads(self.threads);
    }
}
