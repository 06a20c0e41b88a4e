//! Memory of the encoder in training, told before a model is made or libtorch is loaded: the copies of the weights that its
//! products read, and what a forward pass keeps for the backward pass.

use bert_kernels::EncoderMemory;
use checkpoint::BertConfig;

use crate::backend::Backend;
use crate::device::{Compute, Precision};

/// Bytes beside the parameters, their gradients and their moments, with batches of at most `n_tokens` tokens and `n_sentences`
/// sentences; `adapted`: beside LoRA's adapters.
pub fn encoder_memory(
    config: &BertConfig,
    compute: Compute,
    adapted: bool,
    n_tokens: usize,
    n_sentences: usize,
) -> EncoderMemory {
    let bf16 = compute.precision == Precision::Bf16;
    if Backend::probably_has_kernel(config, compute.device, compute.precision, adapted) {
        return EncoderMemory::new(config, bf16, n_tokens, n_sentences);
    }
    let BertConfig { hidden_size, intermediate_size, num_hidden_layers, .. } = *config;
    // Floats that autograd keeps of a token in a layer: about 14 of the model's width, 3 of the intermediate's.
    let activations = n_tokens * num_hidden_layers * 4 * (14 * hidden_size + 3 * intermediate_size);
    let matrices = num_hidden_layers * (4 * hidden_size * hidden_size + 2 * hidden_size * intermediate_size);
    EncoderMemory { weight_copies: if bf16 { 2 * matrices } else { 0 }, activations }
}
