//! The encoder as one kernel, where the processor has it; elsewhere it is made of operators (`encoder.rs`).

use checkpoint::{Activation, BertConfig};
use tch::{Device, Tensor};
use bert_kernels::{EncoderActivation, EncoderDropout, EncoderShape, Gradient, PackedSentences};

use crate::{Batch, BertError, DropoutSites, Gradients, Mode, Parameters, Precision};

/// Embeddings and encoder on the CPU.
#[derive(Debug)]
pub(crate) struct FusedEncoder {
    kernel: bert_kernels::Encoder,
    vocabulary: i64,
    pad_token_id: i64,
}

impl FusedEncoder {
    /// `None` where there is no kernel for it: on other devices, on processors without the products, and beside adapters.
    pub(crate) fn new(
        parameters: &Parameters,
        config: &BertConfig,
        precision: Precision,
    ) -> Result<Option<Self>, BertError> {
        let shape = shape(config, precision);
        let on_cpu = parameters.flat.device() == Device::Cpu;
        if !on_cpu || !parameters.adapters.is_empty() || !bert_kernels::Encoder::runs(&shape) {
            return Ok(None);
        }
        let kernel = bert_kernels::Encoder::new(shape)?;
        let (vocabulary, pad_token_id) = (config.vocab_size as i64, config.pad_token_id as i64);
        let mut encoder = Self { kernel, vocabulary, pad_token_id };
        encoder.read_weights(parameters)?;
        Ok(Some(encoder))
    }

    /// Packs the matrices as they are now.
    pub(crate) fn read_weights(&mut self, parameters: &Parameters) -> Result<(), BertError> {
        let leaves = parameters.leaves[..self.kernel.n_leaves()].iter().map(|leaf| leaf.tensor.detach()).collect();
        Ok(self.kernel.read_weights(leaves)?)
    }

    /// How many leaves it has: the first of the parameters.
    pub(crate) fn n_leaves(&self) -> usize {
        self.kernel.n_leaves()
    }

    /// For the optimizer.
    pub(crate) fn kernel(&mut self) -> &mut bert_kernels::Encoder {
        &mut self.kernel
    }

    /// The states of the first tokens `(batch, hidden)`. In training a backward pass may follow.
    pub(crate) fn forward(&mut self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let packed = PackedSentences {
            input_ids: &batch.input_ids,
            position_ids: &batch.position_ids,
            cu_seqlens: &batch.cu_seqlens,
        };
        let (dropout, keep) = match mode {
            Mode::Evaluate => (None, false),
            Mode::Train(sites) => (Some(dropout(sites)), true),
        };
        Ok(self.kernel.forward(&packed, dropout, keep)?)
    }

    /// Takes the gradients of every leaf that is learned into `gradients`, from those of the first tokens' states.
    pub(crate) fn backward(
        &mut self,
        batch: &Batch,
        of_first: &Tensor,
        gradients: &mut Gradients,
    ) -> Result<(), BertError> {
        let places = gradients.places_before(self.kernel.n_leaves());
        let places: Vec<Option<&Tensor>> = places.iter().map(Option::as_ref).collect();
        let mut words = None;
        self.kernel.backward(of_first, &places, gradients.is_filled(), |rows| {
            words = Some(word_gradient(batch, rows, self.vocabulary, self.pad_token_id));
        })?;
        if let Some(words) = words {
            gradients.take_in(0, words);
        }
        Ok(())
    }
}

/// The word table's gradient from those of the tokens, `(n_rows, hidden)`; padding's row gets none.
fn word_gradient(batch: &Batch, rows: &[f32], vocabulary: i64, pad_token_id: i64) -> Gradient {
    let width = rows.len() / batch.input_ids.numel();
    let mut ids = vec![0_i64; batch.input_ids.numel()];
    batch.input_ids.copy_data(&mut ids, batch.input_ids.numel());
    ids.truncate(batch.n_tokens);
    let is_word = |&(id, _): &(&i64, _)| *id != pad_token_id;
    if ids.contains(&pad_token_id) {
        let (kept, values): (Vec<i64>, Vec<&[f32]>) = ids.iter().zip(rows.chunks(width)).filter(is_word).unzip();
        return Gradient::of_rows(&kept, &values.concat(), vocabulary);
    }
    Gradient::of_rows(&ids, &rows[..batch.n_tokens * width], vocabulary)
}

fn shape(config: &BertConfig, precision: Precision) -> EncoderShape {
    EncoderShape {
        layers: config.num_hidden_layers,
        hidden: config.hidden_size,
        heads: config.num_attention_heads,
        intermediate: config.intermediate_size,
        activation: match config.hidden_act {
            Activation::Gelu => EncoderActivation::Gelu,
            Activation::GeluNew => EncoderActivation::GeluNew,
            Activation::Relu => EncoderActivation::Relu,
        },
        vocabulary: config.vocab_size,
        positions: config.max_position_embeddings,
        token_types: config.type_vocab_size,
        layer_norm_eps: config.layer_norm_eps,
        bf16: precision == Precision::Bf16,
    }
}

fn dropout(sites: &DropoutSites) -> EncoderDropout {
    let (key, stream) = sites.counters();
    EncoderDropout { hidden: sites.rates.hidden, attention: sites.rates.attention, key, stream }
}
