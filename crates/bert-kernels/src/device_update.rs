//! Gradients and optimizer steps by ATen's operators, on any device, without a number that the host would have to wait for: what
//! changes from step to step is read from the device, so that a graph can do all of it again.

use tch::{Kind, Tensor};

use crate::error::KernelError;
use crate::ffi;
use crate::update_rule::UpdateRule;

/// Parameters of one learning rate and weight decay, with their gradients and optimizer state: each list in the order of the
/// parameters, all float32, contiguous, on one device.
#[derive(Debug)]
pub struct DeviceGroup {
    /// The weights, updated in place.
    pub params: Vec<Tensor>,
    /// Their gradients, which are scaled in place.
    pub gradients: Vec<Tensor>,
    /// As many lists as the rule keeps moments, or more; updated in place.
    pub moments: Vec<Vec<Tensor>>,
    /// The learning rate of this step, a scalar.
    pub learning_rate: Tensor,
    /// Weight decay: decoupled for AdamW, else part of the gradient.
    pub weight_decay: f64,
}

/// What of a step all groups read from the device: float32 scalars.
#[derive(Debug)]
pub struct DeviceStep {
    /// The number of the step, from 1.
    pub step: Tensor,
    /// By what every gradient is divided.
    pub divisor: Tensor,
    /// 1: nothing is updated; else 0.
    pub is_skipped: Tensor,
}

impl DeviceStep {
    /// Scalars on the device of `like`: step 0, a divisor of 1, nothing skipped.
    pub fn new(like: &Tensor) -> Self {
        let scalar = |value: f64| Tensor::full([0_i64; 0], value, (Kind::Float, like.device()));
        Self { step: scalar(0.0), divisor: scalar(1.0), is_skipped: scalar(0.0) }
    }
}

/// One step over a group by ATen's fused operators. Gradients are scaled in place.
///
/// # Errors
/// Fails when the device does.
pub fn update_group(group: &DeviceGroup, rule: UpdateRule, step: &DeviceStep) -> Result<(), KernelError> {
    let DeviceGroup { params, gradients, moments, learning_rate, weight_decay } = group;
    let n = params.len();
    assert!(gradients.len() == n, "every parameter has a gradient");
    assert!(moments.len() >= rule.n_moments() && moments.iter().all(|it| it.len() == n), "{rule:?} has its moments");
    let (params, grads) = (ffi::handles(params), ffi::handles(gradients));
    let [firsts, seconds] = [0, 1].map(|index| ffi::handles(moments.get(index).into_iter().flatten()));
    let group = ffi::Group {
        params: params.as_ptr(),
        grads: grads.as_ptr(),
        firsts: firsts.as_ptr(),
        seconds: seconds.as_ptr(),
        n: n as i64,
        learning_rate: learning_rate.as_ptr(),
        weight_decay: *weight_decay,
    };
    let DeviceStep { step, divisor, is_skipped } = step;
    let step = ffi::GroupStep { step: step.as_ptr(), divisor: divisor.as_ptr(), is_skipped: is_skipped.as_ptr() };
    let rule = rule.raw();
    // SAFETY: the lists are as long as `n` says where the rule reads them; all tensors live through the call.
    KernelError::of_status(unsafe {
        ffi::bert_kernels_update_group(&raw const group, &raw const rule, &raw const step)
    })
}

/// Clipping by the global norm of `gradients`, as PyTorch's `clip_grad_norm_`, left to the next [`update_group`]: sets the
/// divisor of `step`, and skips the step where the norm or one of `losses` is not finite. `norm`: a float64 scalar that is set. A
/// `max_norm` of 0 never clips.
///
/// # Errors
/// Fails when the device does.
pub fn clip(
    gradients: &[Tensor],
    max_norm: f64,
    losses: &Tensor,
    norm: &Tensor,
    step: &DeviceStep,
) -> Result<(), KernelError> {
    let handles = ffi::handles(gradients);
    let clipping = ffi::Clipping {
        losses: losses.as_ptr(),
        norm: norm.as_ptr(),
        divisor: step.divisor.as_ptr(),
        is_skipped: step.is_skipped.as_ptr(),
    };
    // SAFETY: the handles live as long as the borrows.
    KernelError::of_status(unsafe {
        ffi::bert_kernels_clip(handles.as_ptr(), handles.len() as i64, max_norm, &raw const clipping)
    })
}

/// Sets the `sums` to the `values`, or adds these to them: tensors of the same shapes, one by one.
///
/// # Errors
/// Fails when the device does.
pub fn accumulate(sums: &[Tensor], values: &[Tensor], add: bool) -> Result<(), KernelError> {
    assert_eq!(sums.len(), values.len(), "every sum has a value");
    let (n, sums, values) = (sums.len() as i64, ffi::handles(sums), ffi::handles(values));
    // SAFETY: the handles live as long as the borrows.
    KernelError::of_status(unsafe { ffi::bert_kernels_accumulate(sums.as_ptr(), values.as_ptr(), n, i32::from(add)) })
}
