//! Dropout as a function of (seed, step, micro-batch, rank, site).

use checkpoint::BertConfig;
use tch::Tensor;
use bert_kernels::AttentionDropout;

use crate::BertError;

/// The probabilities with which training drops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropoutRates {
    /// States: after the embeddings, and before each residual.
    pub hidden: f64,
    /// Attention probabilities.
    pub attention: f64,
    /// The pooled state before the classifier.
    pub classifier: f64,
}

impl DropoutRates {
    /// The rates of a config, by the reference's rule for the classifier's.
    pub fn of(config: &BertConfig) -> Self {
        let hidden = config.hidden_dropout_prob;
        let classifier = config.classifier_dropout.unwrap_or(hidden);
        Self { hidden, attention: config.attention_probs_dropout_prob, classifier }
    }
}

/// The masks of one forward pass: each site of the model has a stream of its own.
#[derive(Debug, Clone, Copy)]
pub struct DropoutSites {
    /// The probabilities.
    pub rates: DropoutRates,
    seed: u64,
    stream: u64,
}

/// Sites of one layer.
pub(crate) const SITES_PER_LAYER: u64 = 3;

impl DropoutSites {
    /// The masks of micro-batch `micro_batch` of optimizer step `step` in the process `rank`.
    pub fn new(rates: DropoutRates, seed: u64, step: u64, micro_batch: u64, rank: u64) -> Self {
        let stream = step << 32 | (micro_batch & 0xFFF) << 20 | (rank & 0xFF) << 12;
        Self { rates, seed, stream }
    }

    /// The key and the stream of all masks; a site's number is added to the stream.
    pub(crate) fn counters(&self) -> (u64, u64) {
        (self.seed, self.stream)
    }

    /// The mask of `site` over attention's shares.
    pub(crate) fn of_attention(&self, site: u64) -> AttentionDropout {
        AttentionDropout { p: self.rates.attention, key: self.seed, stream: self.stream | site }
    }

    /// `x` with the mask of `site` at rate `p`.
    pub(crate) fn apply(&self, x: &Tensor, p: f64, site: u64) -> Result<Tensor, BertError> {
        if p == 0.0 {
            return Ok(x.shallow_clone());
        }
        Ok(bert_kernels::dropout(x, p, self.seed, self.stream | site)?)
    }
}
