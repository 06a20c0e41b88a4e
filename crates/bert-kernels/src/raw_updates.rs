//! The C structs of optimizer updates, as `csrc/bert_kernels/optimizer.h` has them.

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
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) eps: f64,
    pub(crate) step: i64,
    pub(crate) grad_scale: f64,
    pub(crate) bias_correction1: f32,
    pub(crate) bias_correction2_sqrt: f32,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct PastStep {
    pub(crate) learning_rate: f32,
    pub(crate) bias_correction1: f32,
    pub(crate) bias_correction2_sqrt: f32,
}

#[repr(C)]
pub(crate) struct DeferredRows {
    pub(crate) rows: *const i64,
    pub(crate) n_rows: i64,
    pub(crate) done: *mut u32,
    pub(crate) past: *const PastStep,
    pub(crate) n_past: i64,
}

#[repr(C)]
pub(crate) struct Group {
    pub(crate) params: *const *const C_tensor,
    pub(crate) grads: *const *const C_tensor,
    pub(crate) firsts: *const *const C_tensor,
    pub(crate) seconds: *const *const C_tensor,
    pub(crate) n: i64,
    pub(crate) learning_rate: *const C_tensor,
    pub(crate) weight_decay: f64,
}

#[repr(C)]
pub(crate) struct GroupStep {
    pub(crate) step: *const C_tensor,
    pub(crate) divisor: *const C_tensor,
    pub(crate) is_skipped: *const C_tensor,
}

#[repr(C)]
pub(crate) struct Clipping {
    pub(crate) losses: *const C_tensor,
    pub(crate) norm: *const C_tensor,
    pub(crate) divisor: *const C_tensor,
    pub(crate) is_skipped: *const C_tensor,
}
