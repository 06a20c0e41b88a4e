//! Slice sums: of the gradients of several processes each process adds up one slice of the parameters, in the order of their
//! micro-batches, and then all get all of the sums.

use bert_kernels::{DistributedError, Messages, ProcessGroup};
use tch::{Kind, Tensor, no_grad};

/// The sum of this process's slice.
#[derive(Debug)]
pub(crate) struct SliceSums<'a> {
    group: &'a ProcessGroup,
    /// What a round brings of this slice, `(processes, slice)`, but for this process's own.
    received: Tensor,
    /// The sum so far, `(slice)`.
    sum: Tensor,
    is_first: bool,
    pending: Option<Round>,
}

/// A round whose gradients are under way: a micro-batch of each of the first processes.
#[derive(Debug)]
struct Round {
    messages: Messages,
    sent: Tensor,
    n_micro_batches: usize,
}

impl<'a> SliceSums<'a> {
    /// For gradients that are sent as `like` lies, `(processes, slice)`.
    pub(crate) fn new(group: &'a ProcessGroup, like: &Tensor) -> Self {
        let sum = Tensor::zeros([like.size()[1]], (Kind::Float, like.device()));
        Self { group, received: like.zeros_like(), sum, is_first: true, pending: None }
    }

    /// Begins to add the next round of a step. Until it is added, by [`Self::complete`] or what comes next, nobody changes `sent`.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub(crate) fn add(&mut self, sent: &Tensor, n_micro_batches: usize) -> Result<(), DistributedError> {
        self.complete()?;
        if self.sum.numel() > 0 {
            let messages = self.group.all_to_all(&self.received, sent)?;
            self.pending = Some(Round { messages, sent: sent.shallow_clone(), n_micro_batches });
        }
        Ok(())
    }

    /// Adds the round that is under way, if one is.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn complete(&mut self) -> Result<(), DistributedError> {
        let Some(Round { messages, sent, n_micro_batches }) = self.pending.take() else { return Ok(()) };
        messages.wait()?;
        let own = self.group.rank() as i64;
        let gradient = |process: i64| if process == own { sent.get(process) } else { self.received.get(process) };
        let mut left = 0..n_micro_batches as i64;
        no_grad(|| {
            if std::mem::take(&mut self.is_first)
                && let Some(first) = left.next()
            {
                match left.next() {
                    Some(second) => drop(gradient(first).add_out(&self.sum, &gradient(second))),
                    None => self.sum.copy_(&gradient(first)),
                }
            }
            left.for_each(|process| drop(self.sum.g_add_(&gradient(process))));
        });
        Ok(())
    }

    /// Begins to set `sums`, `(processes, slice)`, to those of all slices; they are there when what is returned was waited for. The
    /// next round is the first of another step.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn finish(&mut self, sums: &Tensor) -> Result<Option<Messages>, DistributedError> {
        self.complete()?;
        self.is_first = true;
        (self.sum.numel() > 0).then(|| self.group.all_gather(sums, &self.sum)).transpose()
    }
}
