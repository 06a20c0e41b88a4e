//! Autograd operators that tch lacks: counter-based dropout, linear layers of a few rows, packed attention and its padded layout,
//! casts to bfloat16.

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{KernelError, ffi};

fn owned(handle: *mut C_tensor) -> Result<Tensor, KernelError> {
    if handle.is_null() {
        return Err(KernelError::last());
    }
    // SAFETY: the C++ side hands over a new handle that nothing else owns.
    Ok(unsafe { Tensor::from_ptr(handle) })
}

/// `x` with each element zeroed with probability `p` and the others times `1 / (1 - p)`.
///
/// The mask is a function of `key`, `rng_stream` and the element's index alone (Philox 4x32-10); the backward pass draws it again.
/// `x`: any shape, float32 or bfloat16, on the CPU.
///
/// # Errors
/// Fails when libtorch does, e.g. out of memory.
pub fn dropout(x: &Tensor, p: f64, key: u64, rng_stream: u64) -> Result<Tensor, KernelError> {
    // SAFETY: the handle lives as long as the borrow; the result is a new handle.
    owned(unsafe { ffi::bert_kernels_dropout(x.as_ptr(), p, key, rng_stream) })
}

/// `x` `(n, n_in)` times `weight` `(n_out, n_in)`, plus `bias` `(n_out)`: `(n, n_out)`, for a few rows.
///
/// Every sum is added up in the order of its terms, on the calling thread, whatever the number of threads and the BLAS of libtorch.
/// All float32, on the CPU.
///
/// # Errors
/// Fails when libtorch does, and on tensors of other shapes, kinds or devices.
pub fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor, KernelError> {
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::bert_kernels_linear(x.as_ptr(), weight.as_ptr(), bias.as_ptr()) })
}

/// The float32 `tensors` in bfloat16, cast in one pass; so are their gradients on the way back.
///
/// # Errors
/// Fails when libtorch does.
pub fn as_bf16(tensors: &[&Tensor]) -> Result<Vec<Tensor>, KernelError> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let handles = ffi::handles(tensors.iter().copied());
    let mut cast = vec![std::ptr::null_mut(); tensors.len()];
    // SAFETY: the handles live as long as the borrows; `cast` has an entry for each new one.
    KernelError::of_status(unsafe {
        ffi::bert_kernels_as_bf16(handles.as_ptr(), handles.len() as i64, cast.as_mut_ptr())
    })?;
    cast.into_iter().map(owned).collect()
}

/// Packed rows `(n_rows, parts * heads * size)` as zero-padded rectangles `(parts, batch * heads, max_seqlen, size)`, on the CPU.
///
/// `cu_seqlens`: `(batch + 1)`, int64, rising from 0 to at most `n_rows` by at most `max_seqlen`.
///
/// # Errors
/// Fails when libtorch does.
pub fn heads_from_rows(
    rows: &Tensor,
    cu_seqlens: &Tensor,
    max_seqlen: i64,
    parts: i64,
    heads: i64,
) -> Result<Tensor, KernelError> {
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::bert_kernels_heads_from_rows(rows.as_ptr(), cu_seqlens.as_ptr(), max_seqlen, parts, heads) })
}

/// The way back: `(parts, batch * heads, max_seqlen, size)` as rows `(n_rows, parts * heads * size)`.
///
/// Rows past the last sentence are zero.
///
/// # Errors
/// Fails when libtorch does.
pub fn rows_from_heads(
    rectangles: &Tensor,
    cu_seqlens: &Tensor,
    n_rows: i64,
    heads: i64,
) -> Result<Tensor, KernelError> {
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::bert_kernels_rows_from_heads(rectangles.as_ptr(), cu_seqlens.as_ptr(), n_rows, heads) })
}

/// Whether [`packed_attention`] is there for `rows` and heads of this size: for bfloat16 on CUDA, multiples of 8 up to 128.
pub fn packed_attention_runs(rows: &Tensor, head_size: i64) -> bool {
    // SAFETY: the handle lives as long as the borrow.
    unsafe { ffi::bert_kernels_packed_attention_runs(rows.as_ptr(), head_size) != 0 }
}

/// The shape and the dropout of [`packed_attention`].
#[derive(Debug, Clone, Copy)]
pub struct PackedAttentionOptions {
    /// No sentence is longer.
    pub max_seqlen: i64,
    /// Attention heads.
    pub heads: i64,
    /// The probability with which attention's probabilities are dropped, by the device's default generator.
    pub dropout: f64,
}

/// Attention of every row to the rows of its sentence, without padding: `(n_rows, heads * size)`; with `first_rows`
/// `(batch)`, int64, of the sentences' first rows alone: `(batch, heads * size)`. Scores are divided by the root of `size`.
///
/// `rows`: `(n_rows, 3 * heads * size)`, queries, keys and values side by side, bfloat16; `cu_seqlens`:
/// `(batch + 1)`, int32, on the same device, rising from 0 to `n_rows` by at most `max_seqlen`.
///
/// # Errors
/// Fails when libtorch does.
pub fn packed_attention(
    rows: &Tensor,
    cu_seqlens: &Tensor,
    first_rows: Option<&Tensor>,
    options: PackedAttentionOptions,
) -> Result<Tensor, KernelError> {
    let first_rows = first_rows.map_or(std::ptr::null(), Tensor::as_ptr);
    let PackedAttentionOptions { max_seqlen, heads, dropout } = options;
    let options = ffi::AttentionOptions { max_seqlen, heads, p: dropout };
    let (rows, cu_seqlens) = (rows.as_ptr(), cu_seqlens.as_ptr());
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::bert_kernels_packed_attention(rows, cu_seqlens, first_rows, &raw const options) })
}
