//! One step of AdamW over all parameters: on the CPU in one pass over memory.

use tch::{Device, Kind, Tensor, no_grad};

use crate::{Gradient, ffi};

/// A leaf with its optimizer state and gradient: float32, contiguous, of one shape.
#[derive(Debug)]
pub struct ParameterRun<'a> {
    /// The weights, updated in place.
    pub param: Tensor,
    /// Their gradient.
    pub gradient: &'a Gradient,
    /// The first moment, updated in place.
    pub exp_avg: Tensor,
    /// The second moment, updated in place.
    pub exp_avg_sq: Tensor,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The decoupled decay.
    pub weight_decay: f64,
}

/// What all parameters share in a step.
#[derive(Debug, Clone, Copy)]
pub struct AdamWStep {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// The number of this step, from 1.
    pub step: u64,
    /// Every gradient is multiplied by this: the clipping factor.
    pub grad_scale: f64,
}

impl AdamWStep {
    fn bias_correction1(&self) -> f64 {
        1.0 - self.beta1.powf(self.step as f64)
    }

    fn bias_correction2_sqrt(&self) -> f64 {
        (1.0 - self.beta2.powf(self.step as f64)).sqrt()
    }
}

/// One step of AdamW over all runs (Loshchilov and Hutter 2019, as PyTorch's `AdamW` computes it).
///
/// Rows without a gradient are updated as with a gradient of zeros, so a sparse gradient gives the dense one's weights.
///
/// # Panics
/// When a run's tensors are not float32, contiguous and of one length: a mistake of the caller, never of the input.
pub fn adamw(runs: &[ParameterRun<'_>], step: AdamWStep) {
    for run in runs {
        for state in [&run.param, &run.exp_avg, &run.exp_avg_sq] {
            let fits = state.kind() == Kind::Float && state.is_contiguous() && state.numel() == run.param.numel();
            assert!(fits, "parameters and their state are contiguous float32 of one length");
        }
        let values = run.gradient.values();
        assert!(values.kind() == Kind::Float && values.is_contiguous(), "gradients are contiguous float32");
    }
    if runs.iter().all(|run| run.param.device() == Device::Cpu) {
        adamw_cpu(runs, step);
    } else {
        no_grad(|| runs.iter().for_each(|run| adamw_aten(run, step)));
    }
}

fn adamw_cpu(runs: &[ParameterRun<'_>], step: AdamWStep) {
    let raw: Vec<ffi::Run> = runs.iter().flat_map(raw_runs).collect();
    let step = ffi::Step {
        beta1: step.beta1 as f32,
        beta2: step.beta2 as f32,
        eps: step.eps as f32,
        bias_correction1: step.bias_correction1() as f32,
        bias_correction2_sqrt: step.bias_correction2_sqrt() as f32,
        grad_scale: step.grad_scale as f32,
    };
    // SAFETY: `adamw` held every tensor of a run to contiguous float32 of one length, `raw_runs` stays inside of them,
    // and all live through the call.
    unsafe { ffi::torch_ext_adamw(raw.as_ptr(), raw.len() as i64, &raw const step) }
}

/// The whole leaf, or, where only some rows have a gradient, each of these and each stretch between.
fn raw_runs(run: &ParameterRun<'_>) -> Vec<ffi::Run> {
    let n = run.param.numel();
    let stretch = |begin: usize, end: usize, grad: *const f32| {
        assert!(begin <= end && end <= n, "rows of a gradient lie inside its leaf");
        let at = |tensor: &Tensor| tensor.data_ptr().cast::<f32>().wrapping_add(begin);
        ffi::Run {
            param: at(&run.param),
            grad,
            exp_avg: at(&run.exp_avg),
            exp_avg_sq: at(&run.exp_avg_sq),
            n: (end - begin) as i64,
            learning_rate: run.learning_rate as f32,
            weight_decay: run.weight_decay as f32,
        }
    };
    match run.gradient {
        Gradient::Dense(values) => {
            assert!(values.numel() == n, "a gradient has its leaf's shape");
            vec![stretch(0, n, values.data_ptr().cast_const().cast())]
        }
        Gradient::Rows { rows, values, .. } => {
            let width = values.numel() / rows.len().max(1);
            let values: *const f32 = values.data_ptr().cast_const().cast();
            let mut stretches = Vec::with_capacity(2 * rows.len() + 1);
            let mut end_of_last = 0;
            for (place, &row) in rows.iter().enumerate() {
                let begin = row as usize * width;
                stretches.push(stretch(end_of_last, begin, std::ptr::null()));
                stretches.push(stretch(begin, begin + width, values.wrapping_add(place * width)));
                end_of_last = begin + width;
            }
            stretches.push(stretch(end_of_last, n, std::ptr::null()));
            stretches
        }
    }
}

/// The same formula, operator by operator, for other devices.
fn adamw_aten(run: &ParameterRun<'_>, step: AdamWStep) {
    let (mut param, mut m, mut v) =
        (run.param.shallow_clone(), run.exp_avg.shallow_clone(), run.exp_avg_sq.shallow_clone());
    let grad = run.gradient.to_dense().view_as(&param) * step.grad_scale;
    let _ = m.lerp_(&grad, 1.0 - step.beta1);
    let _ = v.g_mul_scalar_(step.beta2);
    let _ = v.g_add_(&(grad.square() * (1.0 - step.beta2)));
    let denominator = v.sqrt() / step.bias_correction2_sqrt() + step.eps;
    let _ = param.g_mul_scalar_(1.0 - run.learning_rate * run.weight_decay);
    let _ = param.g_sub_(&(&m / denominator * (run.learning_rate / step.bias_correction1())));
}
