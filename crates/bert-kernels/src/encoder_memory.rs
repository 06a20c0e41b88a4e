//! Memory of the encoder's kernel, counted without it: what `csrc/cpu/bert/activations.cpp` and `packed_weights.cpp` allocate,
//! in their order and by their names, for plans that are made before libtorch is loaded.

use checkpoint::BertConfig;

/// Rows of first tokens are padded to so many.
const CLS_ROWS_MULTIPLE: usize = 16;
/// Rows that one sum of a gradient is of.
const CHUNK: usize = 32;
/// The depth of a block of products.
const DEPTH: usize = 512;

/// Bytes of float32.
const FLOAT: usize = 4;

/// Bytes that a kernel for such an encoder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderMemory {
    /// The copies of the matrices that its products read.
    pub weight_copies: usize,
    /// What a forward and a backward pass over one batch keep.
    pub activations: usize,
}

impl EncoderMemory {
    /// With batches of `n_rows` tokens of `batch` sentences; `bf16`: whether the operands of the products are bfloat16.
    pub fn new(config: &BertConfig, bf16: bool, n_rows: usize, batch: usize) -> Self {
        let counted = Counted {
            element: if bf16 { 2 } else { FLOAT },
            layers: config.num_hidden_layers,
            hidden: config.hidden_size,
            heads: config.num_attention_heads,
            intermediate: config.intermediate_size,
            rows: n_rows,
            cls_rows: batch.next_multiple_of(CLS_ROWS_MULTIPLE),
        };
        Self { weight_copies: counted.weights(), activations: counted.activations() + counted.gradients() }
    }
}

struct Counted {
    /// Bytes of an operand's number.
    element: usize,
    layers: usize,
    hidden: usize,
    heads: usize,
    intermediate: usize,
    rows: usize,
    cls_rows: usize,
}

/// An allocation of so many bytes, which begins on a cache line.
fn allocated(bytes: usize) -> usize {
    bytes.next_multiple_of(64)
}

impl Counted {
    fn operands(&self, n: usize) -> usize {
        allocated(self.element * n)
    }

    fn floats(n: usize) -> usize {
        allocated(FLOAT * n)
    }

    fn weights(&self) -> usize {
        let Self { hidden, intermediate, .. } = *self;
        // For the forward and the backward pass.
        let packed = |n_out: usize, n_in: usize| 2 * self.operands(n_out * n_in);
        let others = packed(hidden, hidden) + packed(intermediate, hidden) + packed(hidden, intermediate);
        let last = packed(hidden, hidden) + packed(2 * hidden, hidden) + others;
        (self.layers - 1) * (packed(3 * hidden, hidden) + others) + last
    }

    fn layer_norm(rows: usize, width: usize) -> usize {
        Self::floats(rows * width) + Self::floats(rows)
    }

    fn layer(&self, is_last: bool) -> usize {
        let Self { hidden, rows, .. } = *self;
        let n = if is_last { self.cls_rows } else { rows };
        let query_key_value = match is_last {
            true => 2 * self.operands(n * hidden) + self.operands(rows * 2 * hidden), // cls_input, query; key_value
            false => self.operands(rows * 3 * hidden),
        };
        let input = self.operands(rows * hidden);
        let context_and_attention_output = 2 * self.operands(n * hidden);
        let softmax_stats = Self::floats(n * 2 * self.heads);
        let layer_norms = 2 * Self::layer_norm(n, hidden);
        let intermediate = self.operands(n * self.intermediate);
        input + query_key_value + softmax_stats + context_and_attention_output + layer_norms + intermediate
    }

    fn activations(&self) -> usize {
        let Self { hidden, rows, .. } = *self;
        let kept = (self.layers - 1) * self.layer(false) + self.layer(true);
        let shared = 3 * Self::floats(rows * hidden)
            + self.operands(rows * self.intermediate)
            + self.operands(self.cls_rows * hidden);
        Self::layer_norm(rows, hidden) + kept + shared
    }

    fn gradients(&self) -> usize {
        let Self { hidden, intermediate, cls_rows, .. } = *self;
        let n = self.rows.max(cls_rows);
        let (widest, n_chunks) = ((3 * hidden).max(intermediate), n.div_ceil(CHUNK));
        let stride = n.next_multiple_of(DEPTH) + 32;
        let floats = [n * hidden, cls_rows * hidden, n_chunks * hidden, n_chunks * hidden, n_chunks * widest];
        let operands = [
            n * hidden, // dprojection, dcontext, input_panels
            n * hidden,
            n * hidden,
            cls_rows * hidden, // dquery
            n * intermediate,  // dintermediate, activated_panels
            n * intermediate,
            n * 3 * hidden, // dquery_key_value
            hidden * stride,
            widest * stride,
        ];
        floats.into_iter().map(Self::floats).sum::<usize>()
            + operands.into_iter().map(|n| self.operands(n)).sum::<usize>()
    }
}
