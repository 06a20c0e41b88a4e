//! One step of an optimizer over all parameters: on the CPU in one pass over memory.

use tch::{Device, Kind, Tensor};

use crate::{DeferredRows, Encoder, Gradient, KernelError, ffi};

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
    pub late: Option<&'a mut DeferredRows>,
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
/// # Errors
/// Fails when a device other than the CPU does.
///
/// # Panics
/// When a run's tensors are not float32, contiguous and of one length, or a moment is missing: a mistake of the caller,
/// never of the input.
pub fn update(
    runs: &mut [ParameterRun<'_>],
    step: UpdateStep,
    encoder: Option<&mut Encoder>,
) -> Result<(), KernelError> {
    if runs.iter().all(|run| run.param.device() == Device::Cpu) {
        assert_fit(runs, step.rule);
        update_cpu(runs, step, encoder);
        return Ok(());
    }
    update_of_operators(runs, step)
}

fn assert_fit(runs: &[ParameterRun<'_>], rule: UpdateRule) {
    for run in runs {
        let moments = run.first.iter().chain(&run.second);
        let has_its_moments = match rule.n_moments() {
            0 => true,
            1 => run.first.is_some(),
            _ => run.first.is_some() && run.second.is_some(),
        };
        assert!(has_its_moments, "{rule:?} has its moments");
        for state in moments.chain([&run.param]) {
            let fits = state.kind() == Kind::Float && state.is_contiguous() && state.numel() == run.param.numel();
            assert!(fits, "parameters and their state are contiguous float32 of one length");
        }
        let values = run.gradient.values();
        assert!(values.kind() == Kind::Float && values.is_contiguous(), "gradients are contiguous float32");
    }
}

fn update_cpu(runs: &mut [ParameterRun<'_>], step: UpdateStep, encoder: Option<&mut Encoder>) {
    let raw: Vec<ffi::Run> = runs.iter().flat_map(raw_runs).collect();
    let rule = raw_rule(step);
    let encoder = encoder.map_or(std::ptr::null_mut(), |encoder| encoder.handle_mut());
    // SAFETY: `update` held every tensor of a run to contiguous float32 of one length, and the moments of the rule to be
    // there; `raw_runs` stays inside of them, and all live through the call. The encoder is borrowed alone.
    unsafe { ffi::bert_kernels_update(raw.as_ptr(), raw.len() as i64, &raw const rule, encoder) }
    for run in runs {
        if let (Some(late), Gradient::Rows { rows, .. }) = (&mut run.late, run.gradient) {
            late.note(step, run.learning_rate, rows);
        }
    }
}

/// The number of a formula on the C++ side, and its two decays and epsilon.
fn kind_and_constants(rule: UpdateRule) -> (i32, [f64; 3]) {
    match rule {
        UpdateRule::Adamw { beta1, beta2, eps } => (0, [beta1, beta2, eps]),
        UpdateRule::Adam { beta1, beta2, eps } => (1, [beta1, beta2, eps]),
        UpdateRule::Sgd { momentum: 0.0 } => (2, [0.0; 3]),
        UpdateRule::Sgd { momentum } => (3, [momentum, 0.0, 0.0]),
    }
}

/// The rule as the kernels know it.
pub(crate) fn raw_rule(step: UpdateStep) -> ffi::Rule {
    let (kind, [beta1, beta2, eps]) = kind_and_constants(step.rule);
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

/// The same step by libtorch's fused operators on every device: what the kernel is held against. Gradients may be scaled in
/// place; no row is late.
///
/// # Errors
/// Fails when the device does.
///
/// # Panics
/// As [`update`].
pub fn update_of_operators(runs: &[ParameterRun<'_>], step: UpdateStep) -> Result<(), KernelError> {
    assert_fit(runs, step.rule);
    assert!(runs.iter().all(|run| run.late.is_none()), "rows are late for the kernel alone");
    let rule = group_rule(step);
    let mut groups: Vec<Vec<&ParameterRun<'_>>> = Vec::new();
    for run in runs {
        let alike = |group: &&mut Vec<&ParameterRun<'_>>| {
            group[0].learning_rate == run.learning_rate && group[0].weight_decay == run.weight_decay
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups.iter().try_for_each(|runs| update_group(runs, &rule))
}

/// The rule as libtorch's operators know it.
fn group_rule(UpdateStep { rule, step, grad_scale }: UpdateStep) -> ffi::GroupRule {
    let (kind, [beta1, beta2, eps]) = kind_and_constants(rule);
    ffi::GroupRule { kind, beta1, beta2, eps, step: step as i64, grad_scale }
}

fn update_group(runs: &[&ParameterRun<'_>], rule: &ffi::GroupRule) -> Result<(), KernelError> {
    let gradients: Vec<Tensor> = runs.iter().map(|run| run.gradient.to_dense().view_as(&run.param)).collect();
    let params = ffi::handles(runs.iter().map(|run| &run.param));
    let grads = ffi::handles(&gradients);
    let firsts = ffi::handles(runs.iter().filter_map(|run| run.first.as_ref()));
    let seconds = ffi::handles(runs.iter().filter_map(|run| run.second.as_ref()));
    let group = ffi::Group {
        params: params.as_ptr(),
        grads: grads.as_ptr(),
        firsts: firsts.as_ptr(),
        seconds: seconds.as_ptr(),
        n: runs.len() as i64,
        learning_rate: runs[0].learning_rate,
        weight_decay: runs[0].weight_decay,
    };
    // SAFETY: `assert_fit` saw that every run has the moments of the rule, so that those lists are as long as the others; all
    // tensors live through the call.
    KernelError::of_status(unsafe { ffi::bert_kernels_update_group(&raw const group, rule) })
}
