//! Exchange of gradients: their sum over the micro-batches of a step that several processes have computed, to the bit that of
//! one process that accumulates them.
//!
//! Accumulation adds one micro-batch after the other, and float32 numbers added in another order give other bits. So no process
//! adds its own up: micro-batch j is that of process j mod N, and after every N of them each process gets all gradients of one
//! slice of the parameters, which it adds up in their order. The sums are gathered once, at the end of the step. Every process
//! sends as much as for a sum that goes around a ring, and it does not matter how many micro-batches are each process's. The
//! word table's gradients travel as rows.

use bert_kernels::{DistributedError, Gradient, ProcessGroup};
use tch::{Kind, Tensor, no_grad};

use crate::error::BertError;
use crate::gradients::Gradients;

/// What a process says of its micro-batch to all others; 0 where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MicroBatchFacts {
    /// Its loss.
    pub loss: f64,
    /// A number of the caller, such as that of a signal.
    pub signal: f64,
}

/// The sums of one step at a time.
#[derive(Debug)]
pub struct GradientExchange<'a> {
    group: &'a ProcessGroup,
    /// The gradients of this process's slice that the last round brought, `(processes, slice)`.
    received: Tensor,
    /// Their sum so far, `(slice)`.
    sum: Tensor,
    /// The sum of the word table's so far.
    rows: Option<Gradient>,
    is_first: bool,
}

impl<'a> GradientExchange<'a> {
    /// For `gradients` that the processes of `group` share.
    ///
    /// # Panics
    /// When they are not: a mistake of the caller.
    pub fn new(group: &'a ProcessGroup, gradients: &Gradients) -> Self {
        let shared = shared(gradients);
        let slice = shared.size()[1];
        let sum = Tensor::zeros([slice], (Kind::Float, shared.device()));
        Self { group, received: shared.zeros_like(), sum, rows: None, is_first: true }
    }

    /// Adds the next micro-batches of a step, one of each of the first `n_micro_batches` processes: that of this process is in
    /// `gradients`. Returns what each process says of its own.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn add(
        &mut self,
        gradients: &mut Gradients,
        n_micro_batches: usize,
        facts: MicroBatchFacts,
    ) -> Result<Vec<MicroBatchFacts>, BertError> {
        let is_active = self.group.rank() < n_micro_batches;
        let n_rows = match gradients.rows_mut() {
            Some(Gradient::Rows { rows, .. }) if is_active => rows.len(),
            _ => 0,
        };
        let header = self.gather(&Tensor::from_slice(&[facts.loss, facts.signal, n_rows as f64]))?;
        let header: Vec<f64> = Vec::try_from(header.view([-1]))?;
        let of_processes = || header.chunks(3);
        let numbers_of_rows: Vec<i64> = of_processes().take(n_micro_batches).map(|it| it[2] as i64).collect();
        if let Some(gradient) = gradients.rows_mut() {
            self.add_rows(gradient, &numbers_of_rows)?;
        }
        if self.sum.numel() > 0 {
            self.group.all_to_all(&self.received, shared(gradients))?;
            for micro_batch in 0..n_micro_batches as i64 {
                let gradient = self.received.get(micro_batch);
                no_grad(|| match std::mem::take(&mut self.is_first) {
                    true => self.sum.copy_(&gradient),
                    false => drop(self.sum.g_add_(&gradient)),
                });
            }
        }
        Ok(of_processes().map(|it| MicroBatchFacts { loss: it[0], signal: it[1] }).collect())
    }

    /// Leaves the sums in `gradients`, of every process the same. The next micro-batch is the first of another step.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn finish(&mut self, gradients: &mut Gradients) -> Result<(), BertError> {
        self.is_first = true;
        if self.sum.numel() > 0 {
            self.group.all_gather(shared(gradients), &self.sum)?;
        }
        if let (Some(gradient), Some(rows)) = (gradients.rows_mut(), self.rows.take()) {
            *gradient = rows;
        }
        Ok(())
    }

    /// Adds the rows of every micro-batch; the first `n_rows[i]` of what the process i sends are its own.
    fn add_rows(&mut self, mine: &Gradient, n_rows: &[i64]) -> Result<(), BertError> {
        let Gradient::Rows { rows, values, n_rows: n_of_table } = mine else { return Ok(()) };
        let most = n_rows.iter().copied().max().unwrap_or(0);
        if most == 0 && self.rows.is_some() {
            return Ok(());
        }
        let width = values.size()[1];
        let ids = Tensor::zeros([most], (Kind::Int64, values.device()));
        let padded = Tensor::zeros([most, width], (Kind::Float, values.device()));
        if let Some(&own) = n_rows.get(self.group.rank()) {
            ids.narrow(0, 0, own).copy_(&Tensor::from_slice(rows));
            no_grad(|| padded.narrow(0, 0, own).copy_(values));
        }
        let (ids, padded) = (self.gather(&ids)?, self.gather(&padded)?);
        for (process, &n) in n_rows.iter().enumerate() {
            let rows = Vec::try_from(ids.get(process as i64).narrow(0, 0, n))?;
            let values = padded.get(process as i64).narrow(0, 0, n);
            let gradient = Gradient::Rows { rows, values, n_rows: *n_of_table };
            self.rows = Some(match self.rows.take() {
                None => gradient,
                Some(sum) => no_grad(|| sum.plus(gradient)),
            });
        }
        Ok(())
    }

    /// What every process has as `mine`, `(processes, ..)`.
    fn gather(&self, mine: &Tensor) -> Result<Tensor, DistributedError> {
        let shape = [&[self.group.size() as i64][..], &mine.size()].concat();
        let gathered = Tensor::zeros(shape.as_slice(), (mine.kind(), mine.device()));
        if mine.numel() > 0 {
            self.group.all_gather(&gathered, mine)?;
        }
        Ok(gathered)
    }
}

fn shared(gradients: &Gradients) -> &Tensor {
    gradients.shared().unwrap_or_else(|| unreachable!("an exchange is of gradients that processes share"))
}
