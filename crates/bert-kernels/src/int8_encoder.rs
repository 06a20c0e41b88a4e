//! The BERT encoder with products of bytes, for inference: weights in 8 bits by outputs, activations by tokens.
//!
//! Everything between the products is float32. The products' sums are whole numbers, so that the hidden states of a sentence are
//! the same to the bit whatever batch it is in.

use std::sync::OnceLock;

use checkpoint::BertConfig;
use tch::{Device, Kind, Tensor};

use crate::cpu_features::cpu_features;
use crate::encoder::{fit, raw_config, sizes};
use crate::packed_sentences::PackedSentences;
use crate::{EncoderParameters, KernelError, ffi};

/// An encoder with quantized weights, and the memory of its passes, which it keeps from one to the next.
#[derive(Debug)]
pub struct Int8Encoder {
    handle: *mut ffi::Int8Encoder,
    hidden: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    /// Biases, norms and tables are read where they are.
    _parameters: EncoderParameters<Tensor>,
}

impl Int8Encoder {
    /// Whether this machine's processor has products of bytes: oneDNN generates them for AVX512_VNNI and AMX.
    pub fn runs() -> bool {
        static RUNS: OnceLock<bool> = OnceLock::new();
        // SAFETY: there are no arguments.
        *RUNS.get_or_init(|| unsafe { ffi::bert_kernels_int8_encoder_runs() != 0 })
    }

    /// What [`Self::runs`] most likely says, without libtorch.
    pub fn probably_runs() -> bool {
        cpu_features().avx512_vnni
    }

    /// An encoder with these weights: float32, contiguous, on the CPU. Matrices are quantized; passes read tables, biases and
    /// norms where they are now.
    ///
    /// # Errors
    /// Fails where memory does.
    ///
    /// # Panics
    /// When a parameter is not what the config asks for, or that was not checked: mistakes of the caller, never of the input.
    pub fn new(config: &BertConfig, parameters: EncoderParameters<Tensor>) -> Result<Self, KernelError> {
        let raw_config = raw_config(config, false);
        assert!(fit(&parameters, &sizes(config)), "parameters of the encoder have the sizes of its config");
        let raw = ffi::RawParameters::new(&parameters.map(ffi::floats));
        // SAFETY: both structs live through the call; every pointer is to as many floats as the config says, which
        // `_parameters` keeps.
        let handle = unsafe { ffi::bert_kernels_int8_encoder_new(&raw const raw_config, &raw const raw.encoder) };
        if handle.is_null() {
            return Err(KernelError::last());
        }
        Ok(Self {
            handle,
            hidden: config.hidden_size,
            vocab_size: config.vocab_size,
            max_position_embeddings: config.max_position_embeddings,
            _parameters: parameters,
        })
    }

    /// The hidden states `(batch, hidden)` of the sentences' first tokens, float32.
    ///
    /// # Errors
    /// Fails on a token or position that has no row in its table, and where memory does.
    ///
    /// # Panics
    /// When the batch is not as [`PackedSentences`] says: a mistake of the caller.
    pub fn forward(&mut self, batch: &PackedSentences<'_>) -> Result<Tensor, KernelError> {
        let raw = batch.raw();
        batch.rows_lie_in_tables(self.vocab_size, self.max_position_embeddings)?;
        let first = Tensor::empty([raw.batch, self.hidden as i64], (Kind::Float, Device::Cpu));
        // SAFETY: the batch's tensors are as long as it says, its rows are rows of the tables, and `first` holds its rows.
        let status =
            unsafe { ffi::bert_kernels_int8_encoder_forward(self.handle, &raw const raw, ffi::floats(&first)) };
        KernelError::of_status(status)?;
        Ok(first)
    }
}

impl Drop for Int8Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { ffi::bert_kernels_int8_encoder_free(self.handle) }
    }
}
