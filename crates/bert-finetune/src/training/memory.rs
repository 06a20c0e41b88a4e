//! Memory: how many bytes a run takes at its peak, told from shapes before any weight is loaded.

use bert::{Compute, WORD_EMBEDDINGS, encoder_memory};
use checkpoint::BertConfig;
use corpus::tokens::TokenSet;
use run_files::plan::Memory;

use crate::data::{BatchShape, Dataset};
use crate::settings::{Plan, Rule};
use crate::training::tensor_counts::TensorCounts;

/// What a process on libtorch takes before it has read anything, measured.
const PROGRAM: usize = 190 << 20;
/// Beside its tokens, a row's id, sentence, offset and label.
const BYTES_PER_ROW: usize = 32;

/// What the bytes depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryOf<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a BertConfig,
    pub(crate) data: &'a Dataset,
    pub(crate) compute: Compute,
    /// The largest batch.
    pub(crate) batch: BatchShape,
    /// How many processes train together, each of which takes as much.
    pub(crate) processes: usize,
}

impl MemoryOf<'_> {
    /// Bytes at the peak: training with the largest batch, and the largest of what is held for a while.
    pub(crate) fn bytes(self, counts: &TensorCounts) -> anyhow::Result<Memory> {
        let Self { plan, config, data, compute, batch, processes } = self;
        let adapted = plan.weights.lora.is_some();
        let encoder = encoder_memory(config, compute, adapted, batch.n_tokens, batch.n_sentences);
        let rows_of_batch = batch.n_tokens.min(config.vocab_size);
        let sparse_rows = if counts.gradients < counts.trained { rows_of_batch * config.hidden_size } else { 0 };
        // What comes from the others, this process's slice of the sum, and gradients that are still on their way.
        let stay_on_their_way = compute.device.is_cuda() || plan.batches.gradient_accumulation_steps > processes;
        let exchanged = match processes {
            1 => 0,
            n => counts.gradients * (1 + usize::from(stay_on_their_way)) + counts.gradients / n,
        };
        let average = if counts.has_average { 4 * counts.parameters } else { 0 };
        let merged = if adapted { 4 * counts.parameters } else { 0 };
        // An average and merged adapters are evaluated as a model of their own.
        let evaluated = match plan.evaluates() && (counts.has_average || adapted) {
            true => merged + encoder_memory(config, compute, false, 0, 0).weight_copies,
            false => 0,
        };
        // Adafactor updates a parameter through tensors of its size: the gradient, its square, the update.
        let updated = match plan.optimizer.rule {
            Rule::Adafactor(_) if !plan.weights.freezes(WORD_EMBEDDINGS) && !adapted => {
                4 * 4 * config.vocab_size * config.hidden_size
            }
            _ => 0,
        };
        let saved = 4 * counts.largest_moment;
        let tokens = |set: &TokenSet| size_of_val(set.input_ids.as_slice()) + set.len() * BYTES_PER_ROW;
        let rows = tokens(&data.train) + data.validation.as_ref().map_or(0, tokens);
        let [parameters, gradients, optimizer, average, weight_copies, activations, temporary, program] = [
            4 * counts.parameters,
            4 * (counts.gradients + exchanged + sparse_rows),
            4 * counts.moments,
            average,
            encoder.weight_copies,
            encoder.activations,
            evaluated.max(updated).max(saved),
            PROGRAM + rows,
        ]
        .map(|bytes| bytes as u64);
        let peak = parameters + gradients + optimizer + average + weight_copies + activations + temporary + program;
        Ok(Memory { parameters, gradients, optimizer, average, weight_copies, activations, temporary, program, peak })
    }
}
