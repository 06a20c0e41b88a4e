//! The declarations of `csrc/torch_ext.h`.

use std::ffi::c_char;

use torch_sys::C_tensor;

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

unsafe extern "C" {
    pub(crate) fn torch_ext_last_error() -> *const c_char;
    pub(crate) fn torch_ext_cpu_features() -> u32;
    pub(crate) fn torch_ext_libtorch() -> *const c_char;
    pub(crate) fn torch_ext_dropout(x: *const C_tensor, p: f64, key: u64, stream: u64) -> *mut C_tensor;
    pub(crate) fn torch_ext_heads_from_rows(
        rows: *const C_tensor,
        cu_seqlens: *const C_tensor,
        max_seqlen: i64,
        parts: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn torch_ext_rows_from_heads(
        rectangles: *const C_tensor,
        cu_seqlens: *const C_tensor,
        n_rows: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn torch_ext_update(runs: *const Run, n_runs: i64, rule: *const Rule);
    pub(crate) fn torch_ext_sum_of_squares(grads: *const *const f32, sizes: *const i64, n_runs: i64) -> f64;
}
