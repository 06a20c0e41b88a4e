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
    by_kernel: bool,
}

impl Head {
    /// `by_kernel`: with the kernels' products instead of libtorch's, as where a kernel computes the encoder.
    pub(crate) fn new(parameters: &Parameters, by_kernel: bool) -> Result<Self, BertError> {
        let operands = Operands::new(parameters, Precision::Float32, Parameter::is_of_head)?;
        Ok(Self {
            pooler: Linear::new(&operands, "bert.pooler.dense"),
            classifier: Linear::new(&operands, "classifier"),
            by_kernel,
        })
    }

    /// The logits `(batch, n_outputs)`, float32.
    pub(crate) fn forward(&self, cls_hidden_states: &Tensor, mode: Mode) -> Result<Tensor, BertError> {
        let pooled = self.product(&self.pooler, cls_hidden_states)?.tanh();
        let pooled = mode.drop_pooled(&pooled, CLASSIFIER_SITE)?;
        self.product(&self.classifier, &pooled)
    }

    fn product(&self, layer: &Linear, x: &Tensor) -> Result<Tensor, BertError> {
        if self.by_kernel { layer.forward_by_kernel(x) } else { Ok(layer.forward(x)) }
    }
}
