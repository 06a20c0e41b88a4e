//! Encoder kernel of the CPU as a backend: chooses it, feeds it packed batches, and takes the gradients that it writes.

use bert_kernels::{EncoderDropout, EncoderParameters, Gradient, Keep};
use checkpoint::BertConfig;
use tch::{Device, Tensor};

use crate::batch::Batch;
use crate::device::Precision;
use crate::dropout::DropoutSites;
use crate::error::BertError;
use crate::gradients::Gradients;
use crate::mode::Mode;
use crate::parameters::Parameters;

/// Embeddings and encoder on the CPU.
#[derive(Debug)]
pub(crate) struct EncoderKernel {
    kernel: bert_kernels::Encoder,
    /// The index of each of its parameters among all of the model's.
    indices: EncoderParameters<usize>,
    vocab_size: i64,
    padding_idx: i64,
}

impl EncoderKernel {
    /// `None` where there is no kernel for it: on other devices, beside adapters, and in bfloat16 on processors without its products.
    pub(crate) fn new(
        parameters: &Parameters,
        config: &BertConfig,
        precision: Precision,
    ) -> Result<Option<Self>, BertError> {
        if !Self::runs(config, parameters.flat.device(), precision, !parameters.adapters.is_empty()) {
            return Ok(None);
        }
        let mut encoder = Self {
            kernel: bert_kernels::Encoder::new(config, precision == Precision::Bf16)?,
            indices: EncoderParameters::from_names(config.num_hidden_layers, |name| parameters.index(name)),
            vocab_size: config.vocab_size as i64,
            padding_idx: config.padding_idx(),
        };
        encoder.read_weights(parameters)?;
        Ok(Some(encoder))
    }

    /// Whether there is one; `adapted`: beside adapters.
    pub(crate) fn runs(config: &BertConfig, device: Device, precision: Precision, adapted: bool) -> bool {
        device == Device::Cpu && !adapted && bert_kernels::Encoder::runs(config, precision == Precision::Bf16)
    }

    /// What [`Self::runs`] most likely says, without libtorch.
    pub(crate) fn probably_runs(config: &BertConfig, device: Device, precision: Precision, adapted: bool) -> bool {
        device == Device::Cpu && !adapted && bert_kernels::Encoder::probably_runs(config, precision == Precision::Bf16)
    }

    /// Packs the matrices as they are now.
    pub(crate) fn read_weights(&mut self, parameters: &Parameters) -> Result<(), BertError> {
        let tensors = self.indices.map(|&index| parameters.list[index].tensor.detach());
        Ok(self.kernel.read_weights(tensors)?)
    }

    /// For the optimizer, which keeps the packed matrices up to date, and for the norm of the gradients.
    pub(crate) fn kernel(&mut self) -> &mut bert_kernels::Encoder {
        &mut self.kernel
    }

    /// The hidden states of the first tokens, `(batch, hidden)`. In training a backward pass may follow.
    pub(crate) fn forward(&mut self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let (dropout, keep) = match mode {
            Mode::Evaluate => (None, Keep::Nothing),
            Mode::Train(sites) => (Some(dropout(sites)), Keep::ForBackward),
        };
        Ok(self.kernel.forward(&batch.packed_sentences(), dropout, keep)?)
    }

    /// Adds the gradients of every trained parameter of the encoder to `gradients`; `dfirst` is that of the last forward
    /// pass's result. `after_layer`: see [`bert_kernels::Encoder::backward`].
    pub(crate) fn backward(
        &mut self,
        batch: &Batch,
        dfirst: &Tensor,
        gradients: &mut Gradients,
        after_layer: &mut dyn FnMut(&Gradients, usize),
    ) -> Result<(), BertError> {
        let written = self.indices.map(|&index| gradients.values(index));
        let mut dwords = None;
        let with_dwords = |rows: &[f32]| {
            let width = rows.len() / batch.input_ids.numel();
            let (words, padding_idx) = (batch.words(), self.padding_idx);
            dwords = Some(Gradient::embedding_backward(words, rows, width, self.vocab_size, padding_idx));
        };
        let (accumulate, mut tell) = (gradients.accumulate(), |layer: usize| after_layer(gradients, layer));
        self.kernel.backward(dfirst, &written, accumulate, &mut tell, with_dwords)?;
        if let Some(dwords) = dwords {
            gradients.add(self.indices.word_embeddings, dwords);
        }
        Ok(())
    }
}

fn dropout(sites: &DropoutSites) -> EncoderDropout {
    let (key, rng_stream) = sites.key_and_stream();
    EncoderDropout { hidden: sites.rates.hidden, attention: sites.rates.attention, key, rng_stream }
}
