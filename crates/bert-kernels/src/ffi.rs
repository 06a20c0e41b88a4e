//! The declarations of `csrc/bert_kernels.h`, and how tensors are handed to them.

use std::ffi::c_char;

use tch::Tensor;
use torch_sys::C_tensor;

/// As the C++ side takes many tensors; they have to outlive the call.
pub(crate) fn handles<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*const C_tensor> {
    tensors.into_iter().map(Tensor::as_ptr).collect()
}

/// The numbers of a float32 tensor.
pub(crate) fn floats(tensor: &Tensor) -> *mut f32 {
    tensor.data_ptr().cast()
}

#[repr(C)]
pub(crate) struct Run {
    pub(crate) param: *mut f32,
    pub(crate) grad: *const f32,
    pub(crate) first: *mut f32,
    pub(crate) second: *mut f32,
    pub(crate) n: i64,
    pub(crate) learning_rate: f32,
    pub(crate) weight_decay: f32,
}

#[repr(C)]
pub(crate) struct Rule {
    pub(crate) kind: i32,
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_minus_beta1: f32,
    pub(crate) one_minus_beta2: f32,
    pub(crate) eps: f32,
    pub(crate) bias_correction1: f32,
    pub(crate) bias_correction2_sqrt: f32,
    pub(crate) grad_scale: f32,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct PastStep {
    pub(crate) learning_rate: f32,
    pub(crate) bias_correction1: f32,
    pub(crate) bias_correction2_sqrt: f32,
}

#[repr(C)]
pub(crate) struct Group {
    pub(crate) params: *const *const C_tensor,
    pub(crate) grads: *const *const C_tensor,
    pub(crate) firsts: *const *const C_tensor,
    pub(crate) seconds: *const *const C_tensor,
    pub(crate) n: i64,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
}

#[repr(C)]
pub(crate) struct GroupRule {
    pub(crate) kind: i32,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) eps: f64,
    pub(crate) step: i64,
    pub(crate) grad_scale: f64,
}

/// An opaque object of the C++ side.
#[repr(C)]
pub(crate) struct Encoder {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct EncoderShape {
    pub(crate) layers: i64,
    pub(crate) hidden: i64,
    pub(crate) heads: i64,
    pub(crate) intermediate: i64,
    pub(crate) positions: i64,
    pub(crate) token_types: i64,
    pub(crate) activation: i32,
    pub(crate) bf16: i32,
    pub(crate) layer_norm_eps: f32,
}

#[repr(C)]
pub(crate) struct Packed {
    pub(crate) input_ids: *const i64,
    pub(crate) position_ids: *const i64,
    pub(crate) cu_seqlens: *const i64,
    pub(crate) n_rows: i64,
    pub(crate) batch: i64,
}

#[repr(C)]
pub(crate) struct DropoutRates {
    pub(crate) hidden: f64,
    pub(crate) attention: f64,
    pub(crate) key: u64,
    pub(crate) stream: u64,
}

unsafe extern "C" {
    pub(crate) fn bert_kernels_last_error() -> *const c_char;
    pub(crate) fn bert_kernels_cpu_features() -> u32;
    pub(crate) fn bert_kernels_libtorch() -> *const c_char;
    pub(crate) fn bert_kernels_dropout(x: *const C_tensor, p: f64, key: u64, stream: u64) -> *mut C_tensor;
    pub(crate) fn bert_kernels_as_bf16(tensors: *const *const C_tensor, n: i64, cast: *mut *mut C_tensor) -> i32;
    pub(crate) fn bert_kernels_heads_from_rows(
        rows: *const C_tensor,
        cu_seqlens: *const C_tensor,
        max_seqlen: i64,
        parts: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_rows_from_heads(
        rectangles: *const C_tensor,
        cu_seqlens: *const C_tensor,
        n_rows: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_packed_attention_runs(rows: *const C_tensor, size: i64) -> i32;
    pub(crate) fn bert_kernels_packed_attention(
        rows: *const C_tensor,
        cu_seqlens: *const C_tensor,
        first_rows: *const C_tensor,
        max_seqlen: i64,
        heads: i64,
        p: f64,
        key: u64,
        stream: u64,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_update_group(group: *const Group, rule: *const GroupRule) -> i32;
    pub(crate) fn bert_kernels_norm(tensors: *const *const C_tensor, n: i64, norm: *mut f64) -> i32;
    pub(crate) fn bert_kernels_update(runs: *const Run, n_runs: i64, rule: *const Rule, encoder: *mut Encoder);
    pub(crate) fn bert_kernels_catch_up(
        table: *const Run,
        width: i64,
        rows: *const i64,
        n_rows: i64,
        done: *mut u32,
        past: *const PastStep,
        n_past: i64,
        rule: *const Rule,
    );
    pub(crate) fn bert_kernels_sum_of_squares(
        grads: *const *const f32,
        sizes: *const i64,
        n_runs: i64,
        encoder: *const Encoder,
    ) -> f64;
    pub(crate) fn bert_kernels_encoder_runs(bf16: i32) -> i32;
    pub(crate) fn bert_kernels_encoder_new(shape: *const EncoderShape) -> *mut Encoder;
    pub(crate) fn bert_kernels_encoder_free(encoder: *mut Encoder);
    pub(crate) fn bert_kernels_encoder_memory(encoder: *mut Encoder, n_rows: i64, batch: i64) -> i64;
    pub(crate) fn bert_kernels_encoder_read_weights(encoder: *mut Encoder, leaves: *const *const f32) -> i32;
    pub(crate) fn bert_kernels_encoder_forward(
        encoder: *mut Encoder,
        batch: *const Packed,
        dropout: *const DropoutRates,
        keep: i32,
        first: *mut f32,
    ) -> i32;
    pub(crate) fn bert_kernels_encoder_backward(
        encoder: *mut Encoder,
        of_first: *const f32,
        gradients: *const *mut f32,
        add: i32,
        of_words: *mut *const f32,
    ) -> i32;
}
