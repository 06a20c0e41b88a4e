//! The encoder of a BERT as one kernel for the CPU, forward and backward.

use std::sync::OnceLock;

use tch::{Device, Kind, Tensor};

use crate::{KernelError, ffi};

/// The function between the two layers of a feed-forward part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderActivation {
    /// x · Φ(x)
    Gelu,
    /// Its tanh approximation.
    GeluNew,
    /// max(x, 0)
    Relu,
}

/// The sizes of an encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderShape {
    /// Layers, at least one.
    pub layers: usize,
    /// Width of a token's state.
    pub hidden: usize,
    /// Heads of each attention; divides `hidden`.
    pub heads: usize,
    /// Width between the two feed-forward layers.
    pub intermediate: usize,
    /// The function there.
    pub activation: EncoderActivation,
    /// Rows of the word table.
    pub vocabulary: usize,
    /// Rows of the position table.
    pub positions: usize,
    /// Rows of the token-type table.
    pub token_types: usize,
    /// Added to the variance in every layer normalisation.
    pub layer_norm_eps: f64,
    /// Whether the operands of the products are bfloat16; else float32.
    pub bf16: bool,
}

/// Packed sentences on the CPU, int64 and contiguous.
#[derive(Debug)]
pub struct PackedSentences<'a> {
    /// `(n_rows)`, a multiple of 16.
    pub input_ids: &'a Tensor,
    /// Each token's place in its sentence: `(n_rows)`.
    pub position_ids: &'a Tensor,
    /// Where sentences begin, and where the last one ends: `(batch + 1)`.
    pub cu_seqlens: &'a Tensor,
}

/// The dropout of one pass, a function of these numbers alone.
#[derive(Debug, Clone, Copy)]
pub struct EncoderDropout {
    /// Probability for states.
    pub hidden: f64,
    /// Probability for attention's probabilities.
    pub attention: f64,
    /// The key of all masks.
    pub key: u64,
    /// The stream of the embeddings' mask; layer i has the three that begin at `stream | (1 + 3 i)`.
    pub stream: u64,
}

/// An encoder: packed weights, and the memory of its passes, which it keeps from one to the next.
#[derive(Debug)]
pub struct Encoder {
    handle: *mut ffi::Encoder,
    shape: EncoderShape,
    /// The leaves that were read last, whose biases, norms and tables are read where they are.
    leaves: Vec<Tensor>,
    /// The batch of a forward pass whose backward pass is still to come.
    pending: Option<[Tensor; 3]>,
}

// The kernels find their sizes by these.
const LEAVES_OF_EMBEDDINGS: usize = 5;
const LEAVES_OF_A_LAYER: usize = 12;
const WORDS: usize = 0;

impl Encoder {
    /// Whether this machine's processor has kernels for such an encoder.
    pub fn runs(shape: &EncoderShape) -> bool {
        static FLOAT32: OnceLock<bool> = OnceLock::new();
        static BF16: OnceLock<bool> = OnceLock::new();
        // SAFETY: no arguments that point anywhere.
        let probe = |bf16: bool| unsafe { ffi::bert_kernels_encoder_runs(i32::from(bf16)) != 0 };
        if !shape.bf16 {
            return *FLOAT32.get_or_init(|| probe(false));
        }
        // The products read bfloat16 in pairs.
        shape.hidden.is_multiple_of(2) && shape.intermediate.is_multiple_of(2) && *BF16.get_or_init(|| probe(true))
    }

    /// An encoder that has yet to read its weights.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn new(shape: EncoderShape) -> Result<Self, KernelError> {
        let raw = ffi::EncoderShape {
            layers: shape.layers as i64,
            hidden: shape.hidden as i64,
            heads: shape.heads as i64,
            intermediate: shape.intermediate as i64,
            positions: shape.positions as i64,
            token_types: shape.token_types as i64,
            activation: shape.activation as i32,
            bf16: i32::from(shape.bf16),
            layer_norm_eps: shape.layer_norm_eps as f32,
        };
        assert!(shape.layers > 0 && shape.hidden.is_multiple_of(shape.heads), "a shape that a config was checked for");
        // SAFETY: `raw` lives through the call.
        let handle = unsafe { ffi::bert_kernels_encoder_new(&raw const raw) };
        if handle.is_null() {
            return Err(KernelError::last());
        }
        Ok(Self { handle, shape, leaves: Vec::new(), pending: None })
    }

    /// How many leaves an encoder has: five of the embeddings, twelve of each layer.
    pub fn n_leaves(&self) -> usize {
        LEAVES_OF_EMBEDDINGS + LEAVES_OF_A_LAYER * self.shape.layers
    }

    /// The bytes that it takes, with a forward and a backward pass over `n_rows` tokens of `batch` sentences.
    pub fn memory(&mut self, n_rows: usize, batch: usize) -> usize {
        // SAFETY: the handle is this encoder's; no pass is under way.
        let bytes = unsafe { ffi::bert_kernels_encoder_memory(self.handle, n_rows as i64, batch as i64) };
        bytes as usize
    }

    /// Takes the weights of the next passes: float32, contiguous, on the CPU, in the order of `named_parameters()` with
    /// query, key and value of a layer as one. Later passes read tables, biases and norms where they are now.
    ///
    /// # Errors
    /// Fails where memory does.
    ///
    /// # Panics
    /// When a leaf is not what the shape asks for: a mistake of the caller, never of the input.
    pub fn read_weights(&mut self, leaves: Vec<Tensor>) -> Result<(), KernelError> {
        assert!(leaves.len() == self.n_leaves(), "an encoder has {} leaves", self.n_leaves());
        for (place, leaf) in leaves.iter().enumerate() {
            assert!(is_floats(leaf, self.size_of(place)), "leaf {place} of the encoder has the size of its shape");
        }
        let pointers: Vec<*const f32> = leaves.iter().map(|leaf| leaf.data_ptr().cast_const().cast()).collect();
        self.pending = None;
        self.leaves = leaves;
        // SAFETY: as many pointers as the shape has leaves, each to as many floats as it says; `self.leaves` keeps them.
        KernelError::of_status(unsafe { ffi::bert_kernels_encoder_read_weights(self.handle, pointers.as_ptr()) })
    }

    /// For the optimizer, which keeps the copies of the matrices up to date.
    pub(crate) fn handle_mut(&mut self) -> *mut ffi::Encoder {
        self.handle
    }

    /// For the norm of the gradients, which the last backward pass has added up in part.
    pub(crate) fn handle(&self) -> *const ffi::Encoder {
        self.handle
    }

    fn size_of(&self, leaf: usize) -> usize {
        let EncoderShape { hidden, intermediate, .. } = self.shape;
        if leaf < LEAVES_OF_EMBEDDINGS {
            let rows = [self.shape.vocabulary, self.shape.positions, self.shape.token_types, 1, 1];
            return rows[leaf] * hidden;
        }
        match (leaf - LEAVES_OF_EMBEDDINGS) % LEAVES_OF_A_LAYER {
            0 => 3 * hidden * hidden,
            1 => 3 * hidden,
            2 => hidden * hidden,
            6 | 8 => hidden * intermediate,
            7 => intermediate,
            _ => hidden,
        }
    }

    /// The states `(batch, hidden)` of the sentences' first tokens, float32. With `keep`, [`Self::backward`] may follow.
    ///
    /// # Errors
    /// Fails on a token or place that has no row in its table, and where memory does.
    ///
    /// # Panics
    /// When the batch is not as [`PackedSentences`] says, or no weights were read: mistakes of the caller.
    pub fn forward(
        &mut self,
        batch: &PackedSentences<'_>,
        dropout: Option<EncoderDropout>,
        keep: bool,
    ) -> Result<Tensor, KernelError> {
        assert!(!self.leaves.is_empty(), "weights are read before a pass");
        let tensors = [batch.input_ids, batch.position_ids, batch.cu_seqlens];
        for tensor in tensors {
            let fits = tensor.kind() == Kind::Int64 && tensor.is_contiguous() && tensor.device() == Device::Cpu;
            assert!(fits, "a packed batch is of contiguous int64 on the CPU");
        }
        let [n_rows, n_positions, n_ends] = tensors.map(Tensor::numel);
        assert!(
            n_rows == n_positions && n_rows.is_multiple_of(16) && n_ends > 1,
            "a packed batch has whole rows and a sentence"
        );
        below(batch.input_ids, self.shape.vocabulary, "token")?;
        below(batch.position_ids, self.shape.positions, "place")?;
        let ends = integers(batch.cu_seqlens);
        let rising = ends.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(rising && ends[0] == 0 && ends[n_ends - 1] <= n_rows as i64, "sentences follow one another");

        let raw = ffi::Packed {
            input_ids: batch.input_ids.data_ptr().cast_const().cast(),
            position_ids: batch.position_ids.data_ptr().cast_const().cast(),
            cu_seqlens: batch.cu_seqlens.data_ptr().cast_const().cast(),
            n_rows: n_rows as i64,
            batch: n_ends as i64 - 1,
        };
        let rates = dropout.map(|dropout| ffi::DropoutRates {
            hidden: dropout.hidden,
            attention: dropout.attention,
            key: dropout.key,
            stream: dropout.stream,
        });
        let rates = rates.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let first = Tensor::empty([raw.batch, self.shape.hidden as i64], (Kind::Float, Device::Cpu));
        // Kept until the backward pass, which reads them again.
        self.pending = keep.then(|| tensors.map(Tensor::shallow_clone));
        // SAFETY: the batch's tensors are as long as it says, its rows are rows of the tables, and `first` has room.
        let code = unsafe {
            let first: *mut f32 = first.data_ptr().cast();
            ffi::bert_kernels_encoder_forward(self.handle, &raw const raw, rates, i32::from(keep), first)
        };
        KernelError::of_status(code)?;
        Ok(first)
    }

    /// From the gradients `(batch, hidden)` of the last pass's result to those of every leaf: written into `gradients`, or
    /// added to them. `None` is a leaf that is not learned. The word table's place says only whether it is learned;
    /// `of_words` gets the gradients of the tokens' rows, `(n_rows, hidden)`, where it is.
    ///
    /// # Errors
    /// Fails when no pass was kept, and where memory does.
    ///
    /// # Panics
    /// When a tensor does not fit: a mistake of the caller.
    pub fn backward(
        &mut self,
        of_first: &Tensor,
        gradients: &[Option<&Tensor>],
        add: bool,
        of_words: impl FnOnce(&[f32]),
    ) -> Result<(), KernelError> {
        let Some([input_ids, _, cu_seqlens]) = self.pending.take() else {
            return Err(KernelError("no forward pass was kept for this backward pass".to_owned()));
        };
        assert!(is_floats(of_first, (cu_seqlens.numel() - 1) * self.shape.hidden), "one gradient for each first state");
        assert!(gradients.len() == self.n_leaves(), "one place for each leaf");
        for (place, gradient) in gradients.iter().enumerate().skip(WORDS + 1) {
            let fits = gradient.is_none_or(|gradient| is_floats(gradient, self.size_of(place)));
            assert!(fits, "the gradient of leaf {place} has its size");
        }
        let pointer =
            |gradient: &Option<&Tensor>| gradient.map_or(std::ptr::null_mut(), |t| t.data_ptr().cast::<f32>());
        let mut pointers: Vec<*mut f32> = gradients.iter().map(pointer).collect();
        if gradients[WORDS].is_some() {
            pointers[WORDS] = std::ptr::dangling_mut(); // an empty tensor's own is null
        }
        let mut rows: *const f32 = std::ptr::null();
        // SAFETY: the batch of the kept pass is still alive; every pointer is null or to as many floats as its leaf has, but
        // for the word table's, which is only compared with null.
        let code = unsafe {
            let of_first: *const f32 = of_first.data_ptr().cast_const().cast();
            let (pointers, rows) = (pointers.as_ptr(), &raw mut rows);
            ffi::bert_kernels_encoder_backward(self.handle, of_first, pointers, i32::from(add), rows)
        };
        KernelError::of_status(code)?;
        if gradients[WORDS].is_some() {
            // SAFETY: the kernel leaves (n_rows, hidden) floats there until its next pass.
            of_words(unsafe { std::slice::from_raw_parts(rows, input_ids.numel() * self.shape.hidden) });
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

fn is_floats(tensor: &Tensor, numel: usize) -> bool {
    let placed = tensor.device() == Device::Cpu && tensor.is_contiguous();
    placed && tensor.kind() == Kind::Float && tensor.numel() == numel
}

fn integers(tensor: &Tensor) -> &[i64] {
    // SAFETY: `forward` holds its tensors to contiguous int64 on the CPU; the borrow keeps them.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast_const().cast(), tensor.numel()) }
}

fn below(tensor: &Tensor, end: usize, what: &str) -> Result<(), KernelError> {
    match integers(tensor).iter().find(|&&value| value < 0 || value as usize >= end) {
        None => Ok(()),
        Some(value) => Err(KernelError(format!("{what} {value} is not below {end}, the rows of its table"))),
    }
}
