//! Training or evaluation mode of a forward pass, and what its dropout sites do in each.

use tch::Tensor;

use crate::dropout::DropoutSites;
use crate::error::BertError;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Nothing is dropped.
    Evaluate,
    /// Dropout with these masks, and gradients afterwards.
    Train(&'a DropoutSites),
}

impl Mode<'_> {
    /// Dropout of hidden states.
    pub(crate) fn drop_hidden(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.hidden)
    }

    /// Dropout of attention probabilities that stand in a tensor.
    pub(crate) fn drop_attention(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.attention)
    }

    /// Dropout before the classifier.
    pub(crate) fn drop_pooled(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.classifier)
    }

    /// The rate for a kernel that never writes the probabilities down, and has the device draw.
    pub(crate) fn attention_dropout(self) -> f64 {
        match self {
            Self::Evaluate => 0.0,
            Self::Train(sites) => sites.rates.attention,
        }
    }

    fn drop(self, x: &Tensor, site: u64, rate: impl Fn(&DropoutSites) -> f64) -> Result<Tensor, BertError> {
        match self {
            Self::Evaluate => Ok(x.shallow_clone()),
            Self::Train(sites) => sites.apply(x, rate(sites), site),
        }
    }
}
