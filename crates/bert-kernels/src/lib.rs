//! Fused BERT kernels in C++ behind a safe face: the encoder on the CPU, forward and backward; one-pass AdamW, Adam and SGD;
//! and differentiable operators that tch lacks: counter-based dropout, packed attention, casts of many tensors at once.
//!
//! All of `csrc/cpu/` is compiled for several instruction sets, and the first call picks one. The encoder is for the
//! CPU alone, as are counter-based dropout and padded heads; packed attention is for CUDA; all else works on every device, by
//! ATen's operators where there is no kernel. [`DeviceQueue`] has graphs of what a device does again and again.
//!
//! All unsafe code and all C++ of the project is in this crate.

#![allow(unsafe_code, reason = "this crate is the project's border to C++")]

mod encoder;
mod encoder_memory;
mod encoder_parameters;
mod int8_encoder;
mod layer_listener;
mod packed_sentences;
mod raw_parameters;

mod deferred_rows;
mod distinct_rows;
mod gradient;
mod optimizer;
mod raw_updates;
mod update_rule;

mod operators;

mod device_queue;
mod device_update;

mod distributed;

mod cpu_features;
pub mod libtorch;
mod error;
mod ffi;
mod struct_sizes;

pub use cpu_features::{CpuFeatures, cpu_features};
pub use deferred_rows::{DeferredRows, DeferredTable};
pub use device_queue::{DeviceQueue, Graph, pinned_zeros, seed_generator};
pub use device_update::{DeviceGroup, DeviceStep, accumulate, clip, update_group};
pub use distinct_rows::DistinctRows;
pub use distributed::{
    DeviceIdentity, DistributedError, Messages, ProcessGroup, Store, StoreAddress, exit_at_once, has_c10d,
};
pub use encoder::{Accumulate, Encoder, EncoderDropout, Keep};
pub use encoder_memory::EncoderMemory;
pub use encoder_parameters::{EncoderParameters, LayerNormParameters, LayerParameters, LinearParameters};
pub use error::KernelError;
pub use gradient::{Gradient, aten_norm, global_norm};
pub use int8_encoder::Int8Encoder;
pub use operators::{
    PackedAttentionOptions, as_bf16, dropout, heads_from_rows, linear, packed_attention, packed_attention_runs,
    rows_from_heads,
};
pub use optimizer::{ParameterRun, aten_update, update};
pub use packed_sentences::PackedSentences;
pub use update_rule::{AdamConstants, UpdateRule, UpdateStep};
