//! The classifier on top of the encoder.

use checkpoint::BertConfig;
use tch::{Kind, Tensor};

use crate::embeddings::Embeddings;
use crate::encoder::Encoder;
use crate::layers::Linear;
use crate::{Batch, BertError, DropoutSites, Parameters, Precision};

/// The dropout before the classifier; no layer has this site.
const CLASSIFIER_SITE: u64 = 0xFFF;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Nothing is dropped.
    Evaluate,
    /// Dropout with these masks, and gradients afterwards.
    Train(&'a DropoutSites),
}

impl Mode<'_> {
    pub(crate) fn drop_hidden(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.hidden)
    }

    pub(crate) fn drop_attention(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.attention)
    }

    fn drop(self, x: &Tensor, site: u64, rate: impl Fn(&DropoutSites) -> f64) -> Result<Tensor, BertError> {
        match self {
            Self::Evaluate => Ok(x.shallow_clone()),
            Self::Train(sites) => sites.apply(x, rate(sites), site),
        }
    }
}

/// A BERT with a classifier: the parameters, seen in one precision.
///
/// Making one casts the matrices (nothing at float32), so inference makes it once, and training once a micro-batch.
#[derive(Debug)]
pub struct Model {
    embeddings: Embeddings,
    encoder: Encoder,
    pooler: Linear,
    classifier: Linear,
}

impl Model {
    /// The model over `parameters`, which were made for the same `config`.
    pub fn new(parameters: &Parameters, config: &BertConfig, precision: Precision) -> Self {
        Self {
            embeddings: Embeddings::new(parameters, config),
            encoder: Encoder::new(parameters, config, precision),
            pooler: Linear::new(parameters, "bert.pooler.dense", precision),
            classifier: Linear::new(parameters, "classifier", precision),
        }
    }

    /// The logits `(batch, n_outputs)`, float32.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn forward(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let states = self.embeddings.forward(batch, mode)?; // (n_rows, hidden)
        let first = self.encoder.forward(states, batch, mode)?; // (batch, hidden)
        let pooled = self.pooler.forward(&first).tanh();
        let pooled = mode.drop(&pooled, CLASSIFIER_SITE, |sites| sites.rates.classifier)?;
        Ok(self.classifier.forward(&pooled).to_kind(Kind::Float))
    }
}
