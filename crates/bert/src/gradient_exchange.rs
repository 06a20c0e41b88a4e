//! Exchange of gradients: their sum over the micro-batches of a step that several processes have computed, to the bit that of
//! one process that accumulates them.
//!
//! Accumulation adds one micro-batch after the other, and float32 numbers added in another order give other bits. So no process
//! adds its own up: micro-batch j is that of process j mod N, and of every N of them, a round, each process gets all gradients of
//! one slice of the parameters, which it adds up in their order. The gradients go out layer by layer, while the backward pass computes
//! those of the layers below, and may still be on their way when the next micro-batch is computed, into other memory. The sums are
//! gathered once, at the end of the step, and with them what the processes say of their micro-batches and the word table's gradients,
//! which travel as rows. It does not matter how many micro-batches are each process's.

use bert_kernels::{Gradient, Messages, ProcessGroup};
use tch::{Kind, Tensor, no_grad};

use crate::error::BertError;
use crate::gradients::Gradients;
use crate::slice_sums::SliceSums;

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
    /// Of each piece of the gradients.
    pieces: Vec<SliceSums<'a>>,
    /// Of this round the pieces below this one are still to be sent.
    n_unsent: usize,
    /// Of each round of the step, what this process says and its rows of the word table.
    facts: Vec<MicroBatchFacts>,
    rows: Vec<(Vec<i64>, Tensor)>,
}

impl<'a> GradientExchange<'a> {
    /// For `gradients` that the processes of `group` share.
    ///
    /// # Panics
    /// When they are not: a mistake of the caller.
    pub fn new(group: &'a ProcessGroup, gradients: &Gradients) -> Self {
        let pieces: Vec<_> = gradients.shared().iter().map(|piece| SliceSums::new(group, piece)).collect();
        assert!(!pieces.is_empty(), "the gradients are shared");
        Self { group, n_unsent: pieces.len(), pieces, facts: Vec::new(), rows: Vec::new() }
    }

    /// Begins to add the next round of a step, a micro-batch of each of the first `n_micro_batches` processes, with the gradients of
    /// `layer` and what is above it, which are written, and which nobody changes until the next round.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn begin(&mut self, gradients: &Gradients, layer: usize, n_micro_batches: usize) -> Result<(), BertError> {
        self.send_from(layer + 1, gradients, n_micro_batches)
    }

    /// Sends the pieces from `first` on.
    fn send_from(&mut self, first: usize, gradients: &Gradients, n_micro_batches: usize) -> Result<(), BertError> {
        for piece in (first..self.n_unsent).rev() {
            self.pieces[piece].add(&gradients.shared()[piece], n_micro_batches)?;
        }
        self.n_unsent = self.n_unsent.min(first);
        Ok(())
    }

    /// Adds the next round of a step, as far as it was not begun: this process's micro-batch is in `gradients`.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn add(
        &mut self,
        gradients: &mut Gradients,
        n_micro_batches: usize,
        facts: MicroBatchFacts,
    ) -> Result<(), BertError> {
        self.facts.push(facts);
        if let Some(Gradient::Rows { rows, values, .. }) = gradients.rows_mut() {
            let is_active = self.group.rank() < n_micro_batches;
            let n = if is_active { rows.len() } else { 0 };
            self.rows.push((rows[..n].to_vec(), values.narrow(0, 0, n as i64)));
        }
        self.send_from(0, gradients, n_micro_batches)?;
        self.n_unsent = self.pieces.len();
        Ok(())
    }

    /// Leaves the sums in `gradients`, those of the last round, of every process the same. Returns what the processes have said, of
    /// each round in their order. The next micro-batch is the first of another step.
    ///
    /// # Errors
    /// Fails where a process is gone or does not answer.
    pub fn finish(&mut self, gradients: &mut Gradients) -> Result<Vec<Vec<MicroBatchFacts>>, BertError> {
        let pieces = self.pieces.iter_mut().zip(gradients.shared()).rev();
        let gathering: Vec<_> = pieces.map(|(piece, sums)| piece.finish(sums)).collect::<Result<_, _>>()?;
        gathering.into_iter().flatten().try_for_each(Messages::wait)?;
        let (facts, rows) = (std::mem::take(&mut self.facts), std::mem::take(&mut self.rows));
        let n_rows = |round: usize| rows.get(round).map_or(0, |(rows, _)| rows.len());
        let header = facts.iter().enumerate().flat_map(|(round, it)| [it.loss, it.signal, n_rows(round) as f64]);
        let header = self.group.gathered(&Tensor::from_slice(&header.collect::<Vec<f64>>()))?;
        let header: Vec<f64> = Vec::try_from(header.view([-1]))?;
        let of = |process: usize, round: usize| &header[3 * (process * facts.len() + round)..][..3];
        let processes = || 0..self.group.size();
        if let Some(gradient) = gradients.rows_mut() {
            let n_rows = |round: usize| processes().map(|process| of(process, round)[2] as i64).collect::<Vec<_>>();
            *gradient = self.sum_of_rows(gradient, &rows, n_rows)?;
        }
        let facts_of = |round: usize| {
            let facts = |process: usize| MicroBatchFacts { loss: of(process, round)[0], signal: of(process, round)[1] };
            processes().map(facts).collect()
        };
        Ok((0..facts.len()).map(facts_of).collect())
    }

    /// The sum of the rows of every micro-batch, in their order. `n_rows`: of a round, how many each process has.
    fn sum_of_rows(
        &self,
        like: &Gradient,
        mine: &[(Vec<i64>, Tensor)],
        n_rows: impl Fn(usize) -> Vec<i64>,
    ) -> Result<Gradient, BertError> {
        let Gradient::Rows { values, n_rows: n_of_table, .. } = like else { unreachable!("the word table's are rows") };
        let width = values.size()[1];
        let mut sum: Option<Gradient> = None;
        for (round, (own_rows, own_values)) in mine.iter().enumerate() {
            let n_rows = n_rows(round);
            let most = n_rows.iter().copied().max().unwrap_or(0);
            let (ids, padded) = (
                Tensor::zeros([most], (Kind::Int64, values.device())),
                Tensor::zeros([most, width], (Kind::Float, values.device())),
            );
            ids.narrow(0, 0, own_rows.len() as i64).copy_(&Tensor::from_slice(own_rows));
            no_grad(|| padded.narrow(0, 0, own_rows.len() as i64).copy_(own_values));
            let (ids, padded) = (self.group.gathered(&ids)?, self.group.gathered(&padded)?);
            for (process, &n) in n_rows.iter().enumerate().filter(|(_, n)| **n > 0) {
                let rows: Vec<i64> = Vec::try_from(ids.get(process as i64).narrow(0, 0, n))?;
                let values = padded.get(process as i64).narrow(0, 0, n);
                let gradient = Gradient::Rows { rows, values, n_rows: *n_of_table };
                sum = Some(match sum {
                    None => gradient,
                    Some(sum) => no_grad(|| sum.plus(gradient)),
                });
            }
        }
        let none = || Gradient::Rows { rows: Vec::new(), values: values.narrow(0, 0, 0), n_rows: *n_of_table };
        Ok(sum.unwrap_or_else(none))
    }
}
