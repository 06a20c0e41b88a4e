//! The BERT encoder as one fused CPU kernel, forward and backward, over packed sentences.
//!
//! In go token ids, out come the hidden states of each sentence's first token; back go their gradients, out come those of
//! every parameter. The last layer computes only what the first tokens need.

use std::sync::OnceLock;

use checkpoint::{Activation, BertConfig};
use tch::{Device, Kind, Tensor};

use crate::cpu_features::cpu_features;
use crate::layer_listener::LayerListener;
use crate::packed_sentences::PackedSentences;
use crate::{EncoderParameters, KernelError, LayerNormParameters, LayerParameters, LinearParameters, ffi};

/// The dropout of one pass, a function of these numbers alone.
#[derive(Debug, Clone, Copy)]
pub struct EncoderDropout {
    /// Probability for hidden states.
    pub hidden: f64,
    /// Probability for attention's probabilities.
    pub attention: f64,
    /// The key of all masks.
    pub key: u64,
    /// The random stream of the embeddings' mask; layer i has the three that begin at `rng_stream | (1 + 3 i)`.
    pub rng_stream: u64,
}

/// What a forward pass leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: no backward pass follows.
    Nothing,
    /// The activations that [`Encoder::backward`] reads.
    ForBackward,
}

/// What a backward pass does to the gradients that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accumulate {
    /// Writes over what is there.
    Overwrite,
    /// Adds to what is there.
    Add,
}

/// An encoder: packed weights, and the memory of its passes, which it keeps from one to the next.
#[derive(Debug)]
pub struct Encoder {
    handle: *mut ffi::Encoder,
    hidden: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    /// How many numbers each parameter has.
    sizes: EncoderParameters<usize>,
    /// The parameters that were read last, whose biases, norms and tables are read where they are.
    parameters: Option<EncoderParameters<Tensor>>,
    /// The batch of a forward pass whose backward pass is still to come.
    pending: Option<[Tensor; 3]>,
}

impl Encoder {
    /// Whether this machine's processor has kernels for such an encoder, with products of bfloat16 or of float32.
    pub fn runs(config: &BertConfig, bf16: bool) -> bool {
        static FLOAT32: OnceLock<bool> = OnceLock::new();
        static BF16: OnceLock<bool> = OnceLock::new();
        // SAFETY: no arguments that point anywhere.
        let probe = |bf16: bool| unsafe { ffi::bert_kernels_encoder_runs(i32::from(bf16)) != 0 };
        if !bf16 {
            return *FLOAT32.get_or_init(|| probe(false));
        }
        // The products read bfloat16 in pairs.
        let even = config.hidden_size.is_multiple_of(2) && config.intermediate_size.is_multiple_of(2);
        even && *BF16.get_or_init(|| probe(true))
    }

    /// What [`Self::runs`] most likely says, without libtorch: every processor has products of float32, and oneDNN generates those
    /// of bfloat16 from AVX-512 on.
    pub fn probably_runs(config: &BertConfig, bf16: bool) -> bool {
        let even = config.hidden_size.is_multiple_of(2) && config.intermediate_size.is_multiple_of(2);
        !bf16 || (even && cpu_features().avx512)
    }

    /// An encoder that has yet to read its weights. bf16: whether the operands of the products are bfloat16; else float32.
    ///
    /// # Errors
    /// Fails where memory does.
    ///
    /// # Panics
    /// When the config was not checked: it has no layer, or its heads do not divide its width.
    pub fn new(config: &BertConfig, bf16: bool) -> Result<Self, KernelError> {
        let raw = raw_config(config, bf16);
        // SAFETY: `raw` lives through the call.
        let handle = unsafe { ffi::bert_kernels_encoder_new(&raw const raw) };
        if handle.is_null() {
            return Err(KernelError::last());
        }
        Ok(Self {
            handle,
            hidden: config.hidden_size,
            vocab_size: config.vocab_size,
            max_position_embeddings: config.max_position_embeddings,
            sizes: sizes(config),
            parameters: None,
            pending: None,
        })
    }

    /// The bytes that it takes, with a forward and a backward pass over `n_rows` tokens of `batch` sentences.
    pub fn memory(&mut self, n_rows: usize, batch: usize) -> usize {
        // SAFETY: the handle is this encoder's; no pass is under way.
        let bytes = unsafe { ffi::bert_kernels_encoder_memory(self.handle, n_rows as i64, batch as i64) };
        bytes as usize
    }

    /// Takes the weights of the next passes: float32, contiguous, on the CPU. Matrices are copied; later passes read
    /// tables, biases and norms where they are now.
    ///
    /// # Errors
    /// Fails where memory does.
    ///
    /// # Panics
    /// When a parameter is not what the config asks for: a mistake of the caller, never of the input.
    pub fn read_weights(&mut self, parameters: EncoderParameters<Tensor>) -> Result<(), KernelError> {
        assert!(fit(&parameters, &self.sizes), "parameters of the encoder have the sizes of its config");
        let raw = ffi::RawParameters::new(&parameters.map(ffi::floats));
        self.pending = None;
        self.parameters = Some(parameters);
        // SAFETY: every pointer is to as many floats as the config says; `self.parameters` keeps them.
        KernelError::of_status(unsafe { ffi::bert_kernels_encoder_read_weights(self.handle, &raw const raw.encoder) })
    }

    /// For the optimizer, which keeps the copies of the matrices up to date.
    pub(crate) fn handle_mut(&mut self) -> *mut ffi::Encoder {
        self.handle
    }

    /// For the norm of the gradients, which the last backward pass has added up in part.
    pub(crate) fn handle(&self) -> *const ffi::Encoder {
        self.handle
    }

    /// The hidden states `(batch, hidden)` of the sentences' first tokens, float32. Dropout: none to evaluate.
    ///
    /// # Errors
    /// Fails on a token or position that has no row in its table, and where memory does.
    ///
    /// # Panics
    /// When the batch is not as [`PackedSentences`] says, or no weights were read: mistakes of the caller.
    pub fn forward(
        &mut self,
        batch: &PackedSentences<'_>,
        dropout: Option<EncoderDropout>,
        keep: Keep,
    ) -> Result<Tensor, KernelError> {
        assert!(self.parameters.is_some(), "weights are read before a pass");
        let raw = batch.raw();
        batch.rows_lie_in_tables(self.vocab_size, self.max_position_embeddings)?;
        let rates = dropout.map(|dropout| ffi::EncoderDropout {
            hidden: dropout.hidden,
            attention: dropout.attention,
            key: dropout.key,
            rng_stream: dropout.rng_stream,
        });
        let rates = rates.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let first = Tensor::empty([raw.batch, self.hidden as i64], (Kind::Float, Device::Cpu));
        // The backward pass reads the batch again.
        let tensors = [batch.input_ids, batch.position_ids, batch.cu_seqlens];
        self.pending = (keep == Keep::ForBackward).then(|| tensors.map(Tensor::shallow_clone));
        let keep = i32::from(keep == Keep::ForBackward);
        // SAFETY: the batch's tensors are as long as it says, its rows are rows of the tables, and `first` holds its rows.
        let status =
            unsafe { ffi::bert_kernels_encoder_forward(self.handle, &raw const raw, rates, keep, ffi::floats(&first)) };
        KernelError::of_status(status)?;
        Ok(first)
    }

    /// After somebody has changed the gradients that the last backward pass wrote, as sums over processes do: takes them as
    /// they are now for [`crate::global_norm`].
    pub fn gradients_changed(&mut self) {
        // SAFETY: the handle is this encoder's. Whoever calls it holds the gradients, which the backward pass was given.
        unsafe { ffi::bert_kernels_encoder_gradients_changed(self.handle) }
    }

    /// From the gradients `dfirst` `(batch, hidden)` of the last pass's result to those of every parameter. `None` is a
    /// parameter that is not learned. `after_layer` is called between two layers with the one whose gradients are all written.
    /// Of the word embeddings it only counts whether they are learned: their gradient is not written, and `with_dwords` gets
    /// that of the tokens' rows, `(n_rows, hidden)`.
    ///
    /// # Errors
    /// Fails when no pass was kept, and where memory does.
    ///
    /// # Panics
    /// When a tensor does not fit: a mistake of the caller.
    pub fn backward(
        &mut self,
        dfirst: &Tensor,
        gradients: &EncoderParameters<Option<Tensor>>,
        accumulate: Accumulate,
        after_layer: &mut dyn FnMut(usize),
        with_dwords: impl FnOnce(&[f32]),
    ) -> Result<(), KernelError> {
        let Some([input_ids, _, cu_seqlens]) = self.pending.take() else {
            return Err(KernelError("no forward pass was kept for this backward pass".to_owned()));
        };
        assert!(is_floats(dfirst, (cu_seqlens.numel() - 1) * self.hidden), "one gradient for each first token");
        assert!(gradients.layers.len() == self.sizes.layers.len(), "gradients of {} layers", self.sizes.layers.len());
        let mut written = gradients.iter().zip(self.sizes.iter()).skip(1); // all but the word embeddings
        let fits = written.all(|(gradient, &size)| gradient.as_ref().is_none_or(|tensor| is_floats(tensor, size)));
        assert!(fits, "gradients have the sizes of their parameters");

        let learns_words = gradients.word_embeddings.is_some();
        let mut pointers = gradients.map(|gradient| gradient.as_ref().map_or(std::ptr::null_mut(), ffi::floats));
        if learns_words {
            pointers.word_embeddings = std::ptr::dangling_mut(); // an empty tensor's own is null
        }
        let raw = ffi::RawParameters::new(&pointers);
        let mut dwords: *const f32 = std::ptr::null();
        let mut listener = LayerListener::new(after_layer);
        let options = listener.options(accumulate == Accumulate::Add);
        // SAFETY: the batch of the kept pass is still alive; every pointer is null or to as many floats as its parameter
        // has, but for the word embeddings', which is only compared with null.
        let status = unsafe {
            let (dfirst, raw) = (ffi::floats(dfirst).cast_const(), &raw const raw.encoder);
            ffi::bert_kernels_encoder_backward(self.handle, dfirst, &raw const options, raw, &raw mut dwords)
        };
        listener.end();
        KernelError::of_status(status)?;
        if learns_words {
            // SAFETY: the kernel leaves (n_rows, hidden) floats there until its next pass.
            with_dwords(unsafe { std::slice::from_raw_parts(dwords, input_ids.numel() * self.hidden) });
        }
        Ok(())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { ffi::bert_kernels_encoder_free(self.handle) }
    }
}

/// As the C++ side takes it.
///
/// # Panics
/// When the config was not checked.
pub(crate) fn raw_config(config: &BertConfig, bf16: bool) -> ffi::EncoderConfig {
    let is_checked = config.num_hidden_layers > 0 && config.hidden_size.is_multiple_of(config.num_attention_heads);
    assert!(is_checked, "an encoder is made of a config that was checked");
    ffi::EncoderConfig {
        layers: config.num_hidden_layers as i64,
        hidden: config.hidden_size as i64,
        heads: config.num_attention_heads as i64,
        intermediate: config.intermediate_size as i64,
        positions: config.max_position_embeddings as i64,
        token_types: config.type_vocab_size as i64,
        activation: match config.hidden_act {
            Activation::Gelu => 0,
            Activation::GeluNew => 1,
            Activation::Relu => 2,
        },
        bf16: i32::from(bf16),
        layer_norm_eps: config.layer_norm_eps as f32,
    }
}

/// Whether the parameters are as many numbers as the config asks for, where the kernels can read them.
pub(crate) fn fit(parameters: &EncoderParameters<Tensor>, sizes: &EncoderParameters<usize>) -> bool {
    let of_layers = parameters.layers.len() == sizes.layers.len();
    of_layers && parameters.iter().zip(sizes.iter()).all(|(tensor, &size)| is_floats(tensor, size))
}

pub(crate) fn sizes(config: &BertConfig) -> EncoderParameters<usize> {
    let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
    let linear = |n_out: usize, n_in: usize| LinearParameters { weight: n_out * n_in, bias: n_out };
    let layer_norm = LayerNormParameters { weight: hidden, bias: hidden };
    let layer = LayerParameters {
        query_key_value: linear(3 * hidden, hidden),
        attention_output: linear(hidden, hidden),
        attention_layer_norm: layer_norm,
        intermediate: linear(intermediate, hidden),
        output: linear(hidden, intermediate),
        output_layer_norm: layer_norm,
    };
    EncoderParameters {
        word_embeddings: config.vocab_size * hidden,
        position_embeddings: config.max_position_embeddings * hidden,
        token_type_embeddings: config.type_vocab_size * hidden,
        embeddings_layer_norm: layer_norm,
        layers: vec![layer; config.num_hidden_layers],
    }
}

fn is_floats(tensor: &Tensor, numel: usize) -> bool {
    let is_readable = tensor.device() == Device::Cpu && tensor.is_contiguous();
    is_readable && tensor.kind() == Kind::Float && tensor.numel() == numel
}
