//! The rules of the element-wise optimizers: AdamW, Adam, SGD. Which moments a rule keeps, its constants, and what of it
//! changes from step to step.
//!
//! The CPU's pass and the deferred rows (`csrc/cpu/ops/optimizer.{h,cpp}`) and ATen's fused operators
//! (`csrc/aten/update_group.cpp`) take what this module hands out. A new rule is a variant here, its formula in those files,
//! and its flags in bert-finetune's `settings/optimizer.rs`; checkpoints, deferred rows and the tests of every kernel follow. Adafactor is none of these: its moments do not have the parameter's shape.

use serde::Serialize;

use crate::ffi;

/// The formula of an update. Serialized, its fields have the names of `TrainingArguments`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "optim", rename_all = "lowercase")]
pub enum UpdateRule {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
    Adamw(AdamConstants),
    /// Adam (Kingma and Ba 2015), as `torch.optim.Adam`: weight decay is part of the gradient.
    Adam(AdamConstants),
    /// Gradient descent, as `torch.optim.SGD`: weight decay is part of the gradient.
    Sgd {
        /// Decay of the sum of past gradients; 0 keeps none.
        #[serde(rename = "sgd_momentum")]
        momentum: f64,
    },
}

/// The constants of Adam and AdamW.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AdamConstants {
    /// Decay of the first moment.
    #[serde(rename = "adam_beta1")]
    pub beta1: f64,
    /// Decay of the second moment.
    #[serde(rename = "adam_beta2")]
    pub beta2: f64,
    /// Added to the root of the second moment.
    #[serde(rename = "adam_epsilon")]
    pub eps: f64,
}

/// PyTorch's defaults.
impl Default for AdamConstants {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
}

/// What all parameters share in one optimizer step.
#[derive(Debug, Clone, Copy)]
pub struct UpdateStep {
    /// The formula.
    pub rule: UpdateRule,
    /// The number of this step, from 1.
    pub step: u64,
    /// Every gradient is multiplied by this: the clipping factor.
    pub grad_scale: f64,
}

/// The constants of a rule under the names that Adam gives them, each 0 where the rule has none.
#[derive(Debug, Clone, Copy, Default)]
struct Constants {
    beta1: f64,
    beta2: f64,
    eps: f64,
}

impl UpdateRule {
    /// One rule of each formula, which every kernel is tested with.
    pub const EACH: [Self; 4] = [
        Self::Adamw(AdamConstants { beta1: 0.9, beta2: 0.99, eps: 1e-8 }),
        Self::Adam(AdamConstants { beta1: 0.9, beta2: 0.99, eps: 1e-8 }),
        Self::Sgd { momentum: 0.0 },
        Self::Sgd { momentum: 0.9 },
    ];

    /// The moments that it keeps of every number, by the names that a checkpoint has for them.
    pub fn moment_names(self) -> &'static [&'static str] {
        match self {
            Self::Adamw(_) | Self::Adam(_) => &["exp_avg", "exp_avg_sq"],
            Self::Sgd { momentum: 0.0 } => &[],
            Self::Sgd { .. } => &["exp_avg"],
        }
    }

    /// How many moments it keeps, at most two.
    pub fn n_moments(self) -> usize {
        self.moment_names().len()
    }

    /// The number of the formula on the C++ side: the enum in `csrc/cpu/ops/optimizer.h`.
    fn kind(self) -> i32 {
        match self {
            Self::Adamw(_) => 0,
            Self::Adam(_) => 1,
            Self::Sgd { momentum: 0.0 } => 2,
            Self::Sgd { .. } => 3,
        }
    }

    fn constants(self) -> Constants {
        match self {
            Self::Adamw(AdamConstants { beta1, beta2, eps }) | Self::Adam(AdamConstants { beta1, beta2, eps }) => {
                Constants { beta1, beta2, eps }
            }
            Self::Sgd { momentum } => Constants { beta1: momentum, ..Constants::default() },
        }
    }

    /// `1 - beta1^t` and the root of `1 - beta2^t`, by which Adam divides its moments.
    fn bias_corrections(self, step: u64) -> (f64, f64) {
        match self {
            Self::Adamw(AdamConstants { beta1, beta2, .. }) | Self::Adam(AdamConstants { beta1, beta2, .. }) => {
                (1.0 - beta1.powf(step as f64), (1.0 - beta2.powf(step as f64)).sqrt())
            }
            Self::Sgd { .. } => (1.0, 1.0),
        }
    }

    /// As the C++ side takes it where it reads the rest from the device.
    pub(crate) fn raw(self) -> ffi::Rule {
        UpdateStep { rule: self, step: 1, grad_scale: 1.0 }.raw()
    }
}

impl UpdateStep {
    /// As the C++ side takes it.
    pub(crate) fn raw(self) -> ffi::Rule {
        let Constants { beta1, beta2, eps } = self.rule.constants();
        let (bias_correction1, bias_correction2_sqrt) = self.rule.bias_corrections(self.step);
        ffi::Rule {
            kind: self.rule.kind(),
            beta1,
            beta2,
            eps,
            step: self.step as i64,
            grad_scale: self.grad_scale,
            bias_correction1: bias_correction1 as f32,
            bias_correction2_sqrt: bias_correction2_sqrt as f32,
        }
    }

    /// What of the rule changes from step to step, for the rows that take this one later.
    pub(crate) fn past_step(self, learning_rate: f64) -> ffi::PastStep {
        let ffi::Rule { bias_correction1, bias_correction2_sqrt, .. } = self.raw();
        ffi::PastStep { learning_rate: learning_rate as f32, bias_correction1, bias_correction2_sqrt }
    }
}
