//! The exponential moving average of the weights (Polyak averaging with forgetting).

use bert::Parameters;
use tch::no_grad;

/// The average of what is learned, and all else as it is.
#[derive(Debug)]
pub(crate) struct Ema {
    decay: f64,
    /// Laid out as the parameters.
    pub(crate) parameters: Parameters,
}

impl Ema {
    /// It begins at the weights of the beginning.
    pub(crate) fn new(decay: f64, parameters: &Parameters) -> Self {
        Self { decay, parameters: parameters.copied() }
    }

    /// `average = decay * average + (1 - decay) * weights`, after every step.
    pub(crate) fn take_in(&mut self, parameters: &Parameters) {
        no_grad(|| {
            let _ = self.parameters.flat.lerp_(&parameters.flat, 1.0 - self.decay);
        });
    }
}
