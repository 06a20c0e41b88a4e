//! What tch does not expose, behind safe faces: the encoder as one kernel, counter-based dropout, attention over packed
//! rows and its two layouts, casts of many tensors at once, one-pass optimizers.
//!
//! Kernels of `csrc/` are compiled for several instruction sets and chosen when the program is loaded. The encoder is for
//! the CPU alone, packed attention for CUDA; every other operator works on every device, elsewhere made of ATen operators. All unsafe code and all C++
//! of the project is in this crate.

#![allow(unsafe_code, reason = "this crate is the project's border to C++")]

mod deferred_rows;
mod distinct_rows;
mod encoder;
mod error;
mod ffi;
mod gradient;
mod machine;
mod ops;
mod optimizer;
mod update_rule;

pub use deferred_rows::{DeferredRows, DeferredTable};
pub use distinct_rows::DistinctRows;
pub use encoder::{Encoder, EncoderActivation, EncoderDropout, EncoderShape, PackedSentences};
pub use error::KernelError;
pub use gradient::{Gradient, aten_norm, global_norm};
pub use machine::{CpuFeatures, cpu_features, libtorch};
pub use ops::{
    AttentionDropout, as_bf16, dropout, heads_from_rows, packed_attention, packed_attention_runs, rows_from_heads,
};
pub use optimizer::{ParameterRun, aten_update, update};
pub use update_rule::{AdamConstants, UpdateRule, UpdateStep};

// torch-sys's native libraries are linked for this crate's own C++, too.
use torch_sys as _;
