//! Exchange between the devices of several processes: the gradients of a round go out while the next micro-batch is computed, and
//! come back as sums in the order of the micro-batches, so that a step has the bytes of one process that accumulates them.
//!
//! Where the devices are connected, they exchange what they have and the host does not wait; else it goes through the host.

use bert_kernels::{DeviceQueue, ProcessGroup, pinned_zeros};
use tch::{Kind, Tensor, no_grad};

use super::numbers::StepNumbers;
use crate::error::BertError;
use crate::slice_sums::SliceSums;

/// The other processes of a device's steps.
#[derive(Debug)]
pub(super) struct DeviceExchange<'a> {
    group: &'a ProcessGroup,
    /// This process's gradients while they are on their way, `(processes, slice)`.
    sent: Tensor,
    sums: SliceSums<'a>,
}

impl<'a> DeviceExchange<'a> {
    /// For gradients that lie side by side as `flat` does.
    ///
    /// # Errors
    /// Fails when the device does.
    pub(super) fn new(group: &'a ProcessGroup, flat: &Tensor) -> Result<Self, BertError> {
        let n_processes = group.size();
        let size = [n_processes as i64, flat.numel().div_ceil(n_processes) as i64];
        let sent = match group.connected_device() == flat.device() {
            true => Tensor::zeros(size, (Kind::Float, flat.device())),
            false => pinned_zeros(size[0], size[1])?,
        };
        Ok(Self { group, sums: SliceSums::new(group, &sent), sent })
    }

    /// Adds a micro-batch of each of the first `n_micro_batches` processes: that of this process is in `flat`.
    pub(super) fn add(&mut self, flat: &Tensor, n_micro_batches: usize) -> Result<(), BertError> {
        self.sums.complete()?;
        no_grad(|| self.sent_like(flat).copy_(flat));
        Ok(self.sums.add(&self.sent, n_micro_batches)?)
    }

    /// Sets `flat` to the sums, and of `numbers` the losses to those of all processes, each of which has zeros for the others', and the
    /// signal to the highest of all.
    pub(super) fn finish(
        &mut self,
        queue: &DeviceQueue,
        flat: &Tensor,
        numbers: &StepNumbers,
        own_signal: f64,
    ) -> Result<(), BertError> {
        if let Some(messages) = self.sums.finish(&self.sent)? {
            messages.wait()?;
        }
        let (losses, signal) = (numbers.losses(), numbers.signal());
        queue.upload(&signal, &Tensor::from_slice(&[own_signal]))?;
        let mine = Tensor::cat(&[&losses, &signal], 0).to_device(self.sent.device());
        let all = self.group.gathered(&mine)?;
        no_grad(|| {
            flat.shallow_clone().copy_(&self.sent_like(flat));
            let n = losses.numel() as i64;
            let sum = all.narrow(1, 0, n).sum_dim_intlist(0_i64, false, Kind::Double);
            losses.shallow_clone().copy_(&sum);
            signal.shallow_clone().copy_(&all.narrow(1, n, 1).amax([0_i64], false));
        });
        Ok(())
    }

    /// As much of `sent` as `flat` has.
    fn sent_like(&self, flat: &Tensor) -> Tensor {
        self.sent.view([-1]).narrow(0, 0, flat.numel() as i64)
    }
}
