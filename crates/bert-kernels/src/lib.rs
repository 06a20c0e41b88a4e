//! Fused BERT kernels in C++ behind a safe face: the encoder on the CPU, forward and backward; one-pass AdamW, Adam and SGD;
//! and differentiable operators that tch lacks: counter-based dropout, packed attention, casts of many tensors at once.
//!
//! The functions of `csrc/cpu/` are compiled for several instruction sets, and the loader picks one. The encoder is for the
//! CPU alone, packed attention for CUDA; every other operator works on every device, by ATen's operators where there is no
//! kernel. All unsafe code and all C++ of the project is in this crate.

#![allow(unsafe_code, reason = "this crate is the project's border to C++")]

mod cpu_features;
mod encoder;
mod encoder_parameters;
mod error;
mod ffi;
mod gradient;
mod late_rows;
mod operators;
mod optimizer;
mod packed_sentences;

pub use cpu_features::{CpuFeatures, cpu_features, libtorch};
pub use encoder::{Accumulate, Encoder, EncoderDropout, Keep};
pub use encoder_parameters::{EncoderParameters, LayerNormParameters, LayerParameters, LinearParameters};
pub use error::KernelError;
pub use gradient::{Gradient, global_norm, norm_of_operators};
pub use late_rows::{DeferredRows, Table};
pub use operators::{
    AttentionDropout, as_bf16, dropout, heads_from_rows, packed_attention, packed_attention_runs, rows_from_heads,
};
pub use optimizer::{ParameterRun, UpdateRule, UpdateStep, update, update_of_operators};
pub use packed_sentences::PackedSentences;

// torch-sys's native libraries are linked for this crate's own C++, too.
use torch_sys as _;
