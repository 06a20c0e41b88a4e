//! One step of an optimizer over all parameters: on the CPU in one pass over memory.

use tch::{Device, Kind, Tensor, no_grad};

use crate::{Encoder, Gradient, LateRows, ffi};

/// A leaf with its optimizer state and gradient: float32, contiguous, of one shape.
#[derive(Debug)]
pub struct ParameterRun<'a> {
    /// The weights, updated in place.
    pub param: Tensor,
    /// Their gradient.
    pub gradient: &'a Gradient,
    /// The first moment, or the momentum, updated in place; none where the rule has none.
    pub first: Option<Tensor>,
    /// The second moment, updated in place; none where the rule has none.
    pub second: Option<Tensor>,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Weight decay: decoupled for AdamW, else part of the gradient.
    pub weight_decay: f64,
    /// Where the gradient is of rows: puts off the step of all others. On the CPU only.
    pub late: Option<&'a mut LateRows>,
}

/// The formula of an update; the constants are PyTorch's by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum UpdateRule {
    /// Adam with decoupled weight decay; needs both moments.
    Adamw {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root of the second moment.
        eps: f64,
    },
    /// Adam; needs both moments.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root of the second moment.
        eps: f64,
    },
    /// Gradient descent; with a momentum that is not 0 it needs the first moment.
    Sgd {
        /// Decay of the sum of past gradients.
        momentum: f64,
    },
}

/// What all parameters share in a step.
#[derive(Debug, Clone, Copy)]
pub struct UpdateStep {
    /// The formula.
    pub rule: UpdateRule,
    /// The number of this step, from 1.
    pub step: u64,
    /// Every gradient is multiplied by this: the clipping factor.
    pub grad_scale: f64,
}

impl UpdateRule {
    /// How many moments it keeps.
    pub fn n_moments(self) -> usize {
        match self {
            Self::Adamw { .. } | Self::Adam { .. } => 2,
            Self::Sgd { momentum: 0.0 } => 0,
            Self::Sgd { .. } => 1,
        }
    }
}

/// `1 - beta1^t` and the root of `1 - beta2^t`.
fn bias_corrections(beta1: f64, beta2: f64, step: u64) -> (f64, f64) {
    (1.0 - beta1.powf(step as f64), (1.0 - beta2.powf(step as f64)).sqrt())
}

/// One step over all runs (AdamW: Loshchilov and Hutter 2019; all three as PyTorch computes them).
///
/// Rows without a gradient are updated as with a gradient of zeros, so a sparse gradient gives the dense one's weights; with
/// `late` they will be. The copies that `encoder` has of the matrices follow.
///
/// # Panics
/// When a run's tensors are not float32, contiguous and of one length, or a moment is missing: a mistake of the caller,
/// never of the input.
pub fn update(runs: &mut [ParameterRun<'_>], step: UpdateStep, encoder: Option<&mut Encoder>) {
    for run in &*runs {
        let moments = run.first.iter().chain(&run.second);
        assert!(moments.clone().count() >= step.rule.n_moments(), "{:?} has its moments", step.rule);
        for state in moments.chain([&run.param]) {
            let fits = state.kind() == Kind::Float && state.is_contiguous() && state.numel() == run.param.numel();
            assert!(fits, "parameters and their state are contiguous float32 of one length");
        }
        let values = run.gradient.values();
        assert!(values.kind() == Kind::Float && values.is_contiguous(), "gradients are contiguous float32");
    }
    if runs.iter().all(|run| run.param.device() == Device::Cpu) {
        update_cpu(runs, step, encoder);
    } else {
        no_grad(|| runs.iter().for_each(|run| update_aten(run, step)));
    }
}

fn update_cpu(runs: &mut [ParameterRun<'_>], step: UpdateStep, encoder: Option<&mut Encoder>) {
    let raw: Vec<ffi::Run> = runs.iter().flat_map(raw_runs).collect();
    let rule = raw_rule(step);
    let encoder = encoder.map_or(std::ptr::null_mut(), |encoder| encoder.handle());
    // SAFETY: `update` held every tensor of a run to contiguous float32 of one length, and the moments of the rule to be
    // there; `raw_runs` stays inside of them, and all live through the call. The encoder is borrowed alone.
    unsafe { ffi::torch_ext_update(raw.as_ptr(), raw.len() as i64, &raw const rule, encoder) }
    for run in runs {
        if let (Some(late), Gradient::Rows { rows, .. }) = (&mut run.late, run.gradient) {
            late.note(step, run.learning_rate, rows);
        }
    }
}

/// The rule as the kernels know it.
pub(crate) fn raw_rule(step: UpdateStep) -> ffi::Rule {
    let (kind, [beta1, beta2, eps]) = match step.rule {
        UpdateRule::Adamw { beta1, beta2, eps } => (0, [beta1, beta2, eps]),
        UpdateRule::Adam { beta1, beta2, eps } => (1, [beta1, beta2, eps]),
        UpdateRule::Sgd { momentum: 0.0 } => (2, [0.0; 3]),
        UpdateRule::Sgd { momentum } => (3, [momentum, 0.0, 0.0]),
    };
    let ffi::PastStep { bias_correction1, bias_correction2_sqrt, .. } = raw_step(step, 0.0);
    ffi::Rule {
        kind,
        beta1: beta1 as f32,
        beta2: beta2 as f32,
        one_minus_beta1: (1.0 - beta1) as f32,
        one_minus_beta2: (1.0 - beta2) as f32,
        eps: eps as f32,
        bias_correction1,
        bias_correction2_sqrt,
        grad_scale: step.grad_scale as f32,
    }
}

/// What of a rule changes from step to step.
pub(crate) fn raw_step(step: UpdateStep, learning_rate: f64) -> ffi::PastStep {
    let (bias_correction1, bias_correction2_sqrt) = match step.rule {
        UpdateRule::Adamw { beta1, beta2, .. } | UpdateRule::Adam { beta1, beta2, .. } => {
            bias_corrections(beta1, beta2, step.step)
        }
        UpdateRule::Sgd { .. } => (1.0, 1.0),
    };
    ffi::PastStep {
        learning_rate: learning_rate as f32,
        bias_correction1: bias_correction1 as f32,
        bias_correction2_sqrt: bias_correction2_sqrt as f32,
    }
}

pub(crate) fn raw_pointer(tensor: &Tensor) -> *mut f32 {
    tensor.data_ptr().cast()
}

/// The whole leaf, or, where only some rows have a gradient, each of these, and each stretch between unless it may be late.
fn raw_runs(run: &ParameterRun<'_>) -> Vec<ffi::Run> {
    let n = run.param.numel();
    let stretch = |begin: usize, end: usize, grad: *const f32| {
        assert!(begin <= end && end <= n, "rows of a gradient lie inside its leaf");
        let at = |tensor: &Tensor| raw_pointer(tensor).wrapping_add(begin);
        let of_moment = |moment: &Option<Tensor>| moment.as_ref().map_or(std::ptr::null_mut(), at);
        ffi::Run {
            param: at(&run.param),
            grad,
            first: of_moment(&run.first),
            second: of_moment(&run.second),
            n: (end - begin) as i64,
            learning_rate: run.learning_rate as f32,
            weight_decay: run.weight_decay as f32,
        }
    };
    match run.gradient {
        Gradient::Dense(values) => {
            assert!(values.numel() == n, "a gradient has its leaf's shape");
            vec![stretch(0, n, raw_pointer(values))]
        }
        Gradient::Rows { rows, values, .. } => {
            let width = values.numel() / rows.len().max(1);
            let values: *const f32 = raw_pointer(values);
            let mut stretches = Vec::with_capacity(2 * rows.len() + 1);
            let mut end_of_last = 0;
            for (place, &row) in rows.iter().enumerate() {
                let begin = row as usize * width;
                if run.late.is_none() {
                    stretches.push(stretch(end_of_last, begin, std::ptr::null()));
                }
                stretches.push(stretch(begin, begin + width, values.wrapping_add(place * width)));
                end_of_last = begin + width;
            }
            if run.late.is_none() {
                stretches.push(stretch(end_of_last, n, std::ptr::null()));
            }
            stretches
        }
    }
}

/// The same formulas, operator by operator, for other devices.
fn update_aten(run: &ParameterRun<'_>, step: UpdateStep) {
    let mut param = run.param.shallow_clone();
    let mut grad = run.gradient.to_dense().view_as(&param) * step.grad_scale;
    if !matches!(step.rule, UpdateRule::Adamw { .. }) && run.weight_decay > 0.0 {
        grad += &param * run.weight_decay;
    }
    let difference = match step.rule {
        UpdateRule::Adamw { beta1, beta2, eps } => {
            let _ = param.g_mul_scalar_(1.0 - run.learning_rate * run.weight_decay);
            adam_direction(run, &grad, (beta1, beta2, eps), step.step)
        }
        UpdateRule::Adam { beta1, beta2, eps } => adam_direction(run, &grad, (beta1, beta2, eps), step.step),
        UpdateRule::Sgd { momentum } => match &run.first {
            None => Some(grad),
            Some(first) => {
                let mut sum = first.shallow_clone();
                let _ = sum.g_mul_scalar_(momentum);
                Some(sum.g_add_(&grad))
            }
        },
    };
    if let Some(difference) = difference {
        let _ = param.g_sub_(&(difference * run.learning_rate));
    }
}

fn adam_direction(
    run: &ParameterRun<'_>,
    grad: &Tensor,
    (beta1, beta2, eps): (f64, f64, f64),
    step: u64,
) -> Option<Tensor> {
    let (mut first, mut second) = (run.first.as_ref()?.shallow_clone(), run.second.as_ref()?.shallow_clone());
    let (bias_correction1, bias_correction2_sqrt) = bias_corrections(beta1, beta2, step);
    let _ = first.lerp_(grad, 1.0 - beta1);
    let _ = second.g_mul_scalar_(beta2);
    let _ = second.g_add_(&(grad.square() * (1.0 - beta2)));
    let denominator = second.sqrt() / bias_correction2_sqrt + eps;
    Some(&first / denominator / bias_correction1)
}
