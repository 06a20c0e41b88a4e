//! Classification head: pooler, tanh, dropout, classifier; `(batch, hidden)` hidden states of `[CLS]` to `(batch, n_outputs)`.
//!
//! Its products are float32 whatever the encoder's are: they take no time, and a score is not rounded to the 8 bits of bfloat16.

use tch::Tensor;

use crate::device::Precision;
use crate::dropout::CLASSIFIER_SITE;
use crate::error::BertError;
use crate::layers::{Linear, Operands};
use crate::mode::Mode;
use crate::parameters::{Parameter, Parameters};

/// Pooler and classifier.
#[derive(Debug)]
pub(crate) struct Head {
    pooler: Linear,
    classifier: Linear,
}

impl Head {
    pub(crate) fn new(parameters: &Parameters) -> Result<Self, BertError> {
        let operands = Operands::new(parameters, Precision::Float32, Parameter::is_of_head)?;
        Ok(Self {
            pooler: Linear::new(&operands, "bert.pooler.dense"),
            classifier: Linear::new(&operands, "classifier"),
        })
    }

    /// The logits `(batch, n_outputs)`, float32.
    pub(crate) fn forward(&self, cls_hidden_states: &Tensor, mode: Mode) -> Result<Tensor, BertError> {
        let pooled = self.pooler.forward(cls_hidden_states).tanh();
        let pooled = mode.drop_pooled(&pooled, CLASSIFIER_SITE)?;
        Ok(self.classifier.forward(&pooled))
    }
}
