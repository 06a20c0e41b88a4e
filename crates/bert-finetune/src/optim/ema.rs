//! EMA: the exponential moving average of the weights (Polyak averaging with forgetting).

use bert::Parameters;
use tch::no_grad;

/// The average of what is trained, and all else as it is.
#[derive(Debug)]
pub(crate) struct Ema {
    decay: f64,
    /// Laid out as the model's.
    pub(crate) parameters: Parameters,
}

impl Ema {
    /// An average that starts at `parameters`.
    pub(crate) fn new(decay: f64, parameters: &Parameters) -> Self {
        Self { decay, parameters: parameters.deep_copy() }
    }

    /// `ema = decay * ema + (1 - decay) * weights`, after every step.
    pub(crate) fn update(&mut self, parameters: &Parameters) {
        no_grad(|| {
            let _ = self.parameters.flat.lerp_(&parameters.flat, 1.0 - self.decay);
        });
    }
}
