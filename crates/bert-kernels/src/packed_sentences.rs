//! Packed sentences as the encoder kernel takes them: flat token ids and `cu_seqlens`, checked before C++ sees a pointer.

use tch::{Device, Kind, Tensor};

use crate::{KernelError, ffi};

/// Packed sentences on the CPU, int64 and contiguous.
#[derive(Debug)]
pub struct PackedSentences<'a> {
    /// `(n_rows)`, a multiple of 16.
    pub input_ids: &'a Tensor,
    /// Each token's position in its sentence: `(n_rows)`.
    pub position_ids: &'a Tensor,
    /// The offsets of the sentences, and the end of the last one: `(batch + 1)`.
    pub cu_seqlens: &'a Tensor,
}

impl PackedSentences<'_> {
    /// Pointers to a batch that is what the fields' documents say; else it panics.
    pub(crate) fn raw(&self) -> ffi::PackedBatch {
        for tensor in [self.input_ids, self.position_ids, self.cu_seqlens] {
            let fits = tensor.kind() == Kind::Int64 && tensor.is_contiguous() && tensor.device() == Device::Cpu;
            assert!(fits, "a packed batch is of contiguous int64 on the CPU");
        }
        let (n_rows, n_offsets) = (self.input_ids.numel(), self.cu_seqlens.numel());
        let fits = n_rows == self.position_ids.numel() && n_rows.is_multiple_of(16) && n_offsets > 1;
        assert!(fits, "a packed batch has whole rows and a sentence");
        let offsets = integers(self.cu_seqlens);
        let rising = offsets.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(rising && offsets[0] == 0 && offsets[n_offsets - 1] <= n_rows as i64, "sentences follow one another");
        ffi::PackedBatch {
            input_ids: self.input_ids.data_ptr().cast_const().cast(),
            position_ids: self.position_ids.data_ptr().cast_const().cast(),
            cu_seqlens: self.cu_seqlens.data_ptr().cast_const().cast(),
            n_rows: n_rows as i64,
            batch: n_offsets as i64 - 1,
        }
    }

    /// Whether every token and position has a row in its table.
    pub(crate) fn rows_lie_in_tables(&self, vocab_size: usize, n_positions: usize) -> Result<(), KernelError> {
        below(self.input_ids, vocab_size, "token")?;
        below(self.position_ids, n_positions, "position")
    }
}

fn integers(tensor: &Tensor) -> &[i64] {
    // SAFETY: `raw` holds a batch's tensors to contiguous int64 on the CPU; the borrow keeps them.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast_const().cast(), tensor.numel()) }
}

fn below(tensor: &Tensor, end: usize, what: &str) -> Result<(), KernelError> {
    match integers(tensor).iter().find(|&&value| value < 0 || value as usize >= end) {
        None => Ok(()),
        Some(value) => Err(KernelError(format!("{what} {value} is not below {end}, the rows of its table"))),
    }
}
