//! Encoder kernel of the CPU with products of bytes as a backend.

use bert_kernels::{EncoderParameters, Int8Encoder};
use checkpoint::BertConfig;
use tch::{Device, Tensor};

use crate::batch::Batch;
use crate::error::BertError;
use crate::mode::Mode;
use crate::parameters::Parameters;

/// Embeddings and encoder on the CPU, quantized.
#[derive(Debug)]
pub(crate) struct EncoderInt8Kernel {
    kernel: Int8Encoder,
}

impl EncoderInt8Kernel {
    /// Quantizes the matrices as they are now.
    ///
    /// # Errors
    /// Fails where the processor has no such products, on other devices, and beside adapters.
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig) -> Result<Self, BertError> {
        let on_cpu = parameters.flat.device() == Device::Cpu && parameters.adapters.is_empty();
        if !on_cpu || !Int8Encoder::runs() {
            return Err(BertError::Unavailable(
                "there are no products of bytes for --precision int8 here; use float32 or bf16".to_owned(),
            ));
        }
        let indices = EncoderParameters::from_names(config.num_hidden_layers, |name| parameters.index(name));
        let tensors = indices.map(|&index| parameters.list[index].tensor.detach());
        Ok(Self { kernel: Int8Encoder::new(config, tensors)? })
    }

    /// The hidden states of the first tokens, `(batch, hidden)`.
    ///
    /// # Errors
    /// Fails in training: what was rounded to bytes has no gradients.
    pub(crate) fn forward(&mut self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        match mode {
            Mode::Evaluate => Ok(self.kernel.forward(&batch.packed_sentences())?),
            Mode::Train(_) => Err(BertError::Unavailable(
                "--precision int8 is for evaluation and prediction, not for training".to_owned(),
            )),
        }
    }
}
