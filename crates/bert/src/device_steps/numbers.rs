//! The numbers of a step on the device: the losses of its micro-batches, the signal, the norm of its gradients.

use tch::{Device, Kind, Tensor};

/// All of them, float64.
#[derive(Debug)]
pub(super) struct StepNumbers {
    all: Tensor,
    n_micro_batches: i64,
}

impl StepNumbers {
    pub(super) fn new(n_micro_batches: usize, device: Device) -> Self {
        let n_micro_batches = n_micro_batches as i64;
        Self { all: Tensor::zeros([n_micro_batches + 2], (Kind::Double, device)), n_micro_batches }
    }

    /// All of them, as they go to the host.
    pub(super) fn all(&self) -> &Tensor {
        &self.all
    }

    pub(super) fn losses(&self) -> Tensor {
        self.all.narrow(0, 0, self.n_micro_batches)
    }

    /// `(1)`.
    pub(super) fn signal(&self) -> Tensor {
        self.all.narrow(0, self.n_micro_batches, 1)
    }

    pub(super) fn norm(&self) -> Tensor {
        self.all.get(self.n_micro_batches + 1)
    }
}
