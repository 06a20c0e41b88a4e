//! Encoder of libtorch's operators over the parameters as they are now: its casts of them are made when they are needed, and
//! forgotten when the parameters change.

use std::cell::OnceCell;

use checkpoint::BertConfig;

use super::encoder::EncoderOfOperators;
use crate::device::Precision;
use crate::error::BertError;
use crate::parameters::Parameters;

/// What the encoder is made of, and the encoder where there is one.
#[derive(Debug)]
pub(crate) struct Operators {
    config: BertConfig,
    precision: Precision,
    encoder: OnceCell<EncoderOfOperators>,
}

impl Operators {
    pub(crate) fn new(config: &BertConfig, precision: Precision) -> Self {
        Self { config: config.clone(), precision, encoder: OnceCell::new() }
    }

    /// The encoder over `parameters`, which autograd follows even where it is made for an evaluation.
    pub(crate) fn encoder(&self, parameters: &Parameters) -> Result<&EncoderOfOperators, BertError> {
        if let Some(encoder) = self.encoder.get() {
            return Ok(encoder);
        }
        let made = tch::with_grad(|| EncoderOfOperators::new(parameters, &self.config, self.precision))?;
        Ok(self.encoder.get_or_init(|| made))
    }

    /// The parameters have changed.
    pub(crate) fn forget(&mut self) {
        self.encoder.take();
    }
}
