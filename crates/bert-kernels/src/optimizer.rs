//! Optimizer step over all parameters: on the CPU one pass over memory, elsewhere ATen's fused operators.
//!
//! Parameters, gradients and moments go in; parameters and moments are updated in place. On the CPU the copies that the
//! encoder's kernel has of the matrices are written in the same pass, while the numbers are in registers.

use tch::{Device, Kind, Tensor};

use crate::deferred_rows::DeferredRows;
use crate::device_update::{self, DeviceGroup, DeviceStep};
use crate::encoder::Encoder;
use crate::error::KernelError;
use crate::ffi;
use crate::gradient::Gradient;
use crate::update_rule::{UpdateRule, UpdateStep};

/// A parameter with its optimizer state and gradient: float32, contiguous, of one shape.
#[derive(Debug)]
pub struct ParameterRun<'a> {
    /// The weights, updated in place.
    pub param: Tensor,
    /// Their gradient.
    pub gradient: &'a Gradient,
    /// As many as the rule keeps, or more; updated in place.
    pub moments: Vec<Tensor>,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Weight decay: decoupled for AdamW, else part of the gradient.
    pub weight_decay: f64,
    /// Where the gradient is sparse: defers the step of all other rows. On the CPU only.
    pub deferred: Option<&'a mut DeferredRows>,
}

/// One step over all runs (AdamW: Loshchilov and Hutter 2019; all rules as PyTorch computes them).
///
/// Rows without a gradient are updated as with a gradient of zeros, so a sparse gradient gives the dense one's weights; with
/// `deferred` they will be when they are read. The copies that `encoder` has of the matrices follow.
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
    aten_update(runs, step)
}

fn assert_fit(runs: &[ParameterRun<'_>], rule: UpdateRule) {
    for run in runs {
        assert!(run.moments.len() >= rule.n_moments(), "{rule:?} has its moments");
        for state in run.moments.iter().chain([&run.param]) {
            let fits = state.kind() == Kind::Float && state.is_contiguous() && state.numel() == run.param.numel();
            assert!(fits, "parameters and their state are contiguous float32 of one length");
        }
        let values = run.gradient.values();
        assert!(values.kind() == Kind::Float && values.is_contiguous(), "gradients are contiguous float32");
    }
}

fn update_cpu(runs: &mut [ParameterRun<'_>], step: UpdateStep, encoder: Option<&mut Encoder>) {
    // A row whose gradient is to be applied has taken all steps before. Padding behind a batch may have brought a row that
    // no sentence has.
    for run in runs.iter_mut() {
        if let (Some(deferred), Gradient::Rows { rows, .. }) = (&mut run.deferred, run.gradient) {
            deferred.apply(rows);
        }
    }
    let raw: Vec<ffi::Run> = runs.iter().flat_map(raw_runs).collect();
    let rule = step.raw();
    let encoder = encoder.map_or(std::ptr::null_mut(), Encoder::handle_mut);
    // SAFETY: `update` held every tensor of a run to contiguous float32 of one length, and the moments of the rule to be
    // there; `raw_runs` stays inside of them, and all live through the call. The encoder is borrowed alone.
    unsafe { ffi::bert_kernels_update(raw.as_ptr(), raw.len() as i64, &raw const rule, encoder) }
    for run in runs {
        if let (Some(deferred), Gradient::Rows { rows, .. }) = (&mut run.deferred, run.gradient) {
            deferred.defer(step, run.learning_rate, rows);
        }
    }
}

/// The whole parameter, or, where only some rows have a gradient, each of these, and each stretch between unless deferred.
fn raw_runs(run: &ParameterRun<'_>) -> Vec<ffi::Run> {
    let n = run.param.numel();
    let param = ffi::floats(&run.param);
    let [first, second] = [0, 1].map(|index| run.moments.get(index).map(ffi::floats));
    let stretch = |begin: usize, end: usize, grad: *const f32| {
        assert!(begin <= end && end <= n, "rows of a gradient lie inside its parameter");
        let moment =
            |moment: Option<*mut f32>| moment.map_or(std::ptr::null_mut(), |moment| moment.wrapping_add(begin));
        ffi::Run {
            param: param.wrapping_add(begin),
            grad,
            first: moment(first),
            second: moment(second),
            n: (end - begin) as i64,
            learning_rate: run.learning_rate as f32,
            weight_decay: run.weight_decay as f32,
        }
    };
    match run.gradient {
        Gradient::Dense(values) => {
            assert!(values.numel() == n, "a gradient has its parameter's shape");
            vec![stretch(0, n, ffi::floats(values))]
        }
        Gradient::Rows { rows, values, .. } => {
            let width = values.numel() / rows.len().max(1);
            let values: *const f32 = ffi::floats(values);
            let mut stretches = Vec::with_capacity(2 * rows.len() + 1);
            let mut last_end = 0;
            for (index, &row) in rows.iter().enumerate() {
                let begin = row as usize * width;
                if run.deferred.is_none() {
                    stretches.push(stretch(last_end, begin, std::ptr::null()));
                }
                stretches.push(stretch(begin, begin + width, values.wrapping_add(index * width)));
                last_end = begin + width;
            }
            if run.deferred.is_none() {
                stretches.push(stretch(last_end, n, std::ptr::null()));
            }
            stretches
        }
    }
}

/// The same step by ATen's fused operators on every device: what the kernel is held against. Gradients may be scaled in
/// place; no row is deferred.
///
/// # Errors
/// Fails when the device does.
///
/// # Panics
/// As [`update`].
pub fn aten_update(runs: &[ParameterRun<'_>], step: UpdateStep) -> Result<(), KernelError> {
    assert_fit(runs, step.rule);
    assert!(runs.iter().all(|run| run.deferred.is_none()), "only the kernel defers rows");
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
    groups.iter().try_for_each(|runs| update_group(runs, step))
}

/// One call of a fused operator: runs of one learning rate and weight decay.
fn update_group(runs: &[&ParameterRun<'_>], step: UpdateStep) -> Result<(), KernelError> {
    let device_step = DeviceStep::new(&runs[0].param);
    let _ = device_step.step.shallow_clone().fill_(step.step as f64);
    let _ = device_step.divisor.shallow_clone().fill_(1.0 / step.grad_scale);
    let moments = |index: usize| runs.iter().map(|run| run.moments[index].shallow_clone()).collect();
    let group = DeviceGroup {
        params: runs.iter().map(|run| run.param.shallow_clone()).collect(),
        gradients: runs.iter().map(|run| run.gradient.to_dense().view_as(&run.param)).collect(),
        moments: (0..step.rule.n_moments()).map(moments).collect(),
        learning_rate: Tensor::full([0_i64; 0], runs[0].learning_rate, (Kind::Float, runs[0].param.device())),
        weight_decay: runs[0].weight_decay,
    };
    device_update::update_group(&group, step.rule, &device_step)
}
