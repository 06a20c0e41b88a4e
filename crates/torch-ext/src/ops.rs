//! Differentiable operators.

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{TorchExtError, ffi};

fn owned(handle: *mut C_tensor) -> Result<Tensor, TorchExtError> {
    if handle.is_null() {
        return Err(TorchExtError::last());
    }
    // SAFETY: the C++ side hands over a new handle that nothing else owns.
    Ok(unsafe { Tensor::from_ptr(handle) })
}

/// `x` with each element zeroed with probability `p` and the others times `1 / (1 - p)`.
///
/// On the CPU the mask is a function of `key`, `stream` and the element's index alone (Philox 4x32-10), and the
/// backward pass draws it again instead of keeping it. `x`: any shape, float32 or bfloat16.
///
/// # Errors
/// Fails when libtorch does, e.g. out of memory.
pub fn dropout(x: &Tensor, p: f64, key: u64, stream: u64) -> Result<Tensor, TorchExtError> {
    // SAFETY: the handle lives as long as the borrow; the result is a new handle.
    owned(unsafe { ffi::torch_ext_dropout(x.as_ptr(), p, key, stream) })
}

/// Packed rows `(n_rows, parts * heads * size)` as zero-padded rectangles `(parts, batch * heads, max_seqlen, size)`.
///
/// `cu_seqlens`: `(batch + 1)`, int64, on the CPU, rising from 0 to at most `n_rows` by at most `max_seqlen`.
///
/// # Errors
/// Fails when libtorch does.
pub fn heads_from_rows(
    rows: &Tensor,
    cu_seqlens: &Tensor,
    max_seqlen: i64,
    parts: i64,
    heads: i64,
) -> Result<Tensor, TorchExtError> {
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::torch_ext_heads_from_rows(rows.as_ptr(), cu_seqlens.as_ptr(), max_seqlen, parts, heads) })
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
) -> Result<Tensor, TorchExtError> {
    // SAFETY: the handles live as long as the borrows; the result is a new handle.
    owned(unsafe { ffi::torch_ext_rows_from_heads(rectangles.as_ptr(), cu_seqlens.as_ptr(), n_rows, heads) })
}
