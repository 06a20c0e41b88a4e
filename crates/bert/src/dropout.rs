//! Dropout masks as a function of counters: (seed, step, micro-batch, site). No generator state is kept.
//!
//! On the CPU each mask is drawn from the counters. Elsewhere the device's generator draws all of a forward pass, one after
//! another, seeded by the counters before the pass: what a graph records of it is the order of the draws, and not the seed.

use checkpoint::BertConfig;
use tch::Tensor;

use crate::error::BertError;

/// The dropout behind the embeddings.
pub(crate) const EMBEDDINGS_SITE: u64 = 0;

/// The dropout before the classifier; no layer has this site.
pub(crate) const CLASSIFIER_SITE: u64 = 0xFFF;

/// The probabilities with which training drops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropoutRates {
    /// Hidden states: after the embeddings, and before each residual.
    pub hidden: f64,
    /// Attention probabilities.
    pub attention: f64,
    /// The pooled state before the classifier.
    pub classifier: f64,
}

impl DropoutRates {
    /// Nothing is dropped.
    pub const NONE: Self = Self { hidden: 0.0, attention: 0.0, classifier: 0.0 };

    /// The rates of a config, by Transformers' rule for the classifier's.
    pub fn of(config: &BertConfig) -> Self {
        let hidden = config.hidden_dropout_prob;
        let classifier = config.classifier_dropout.unwrap_or(hidden);
        Self { hidden, attention: config.attention_probs_dropout_prob, classifier }
    }
}

/// What the masks of a forward pass are a function of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DropoutCounters {
    /// The run's seed.
    pub seed: u64,
    /// Optimizer steps done before.
    pub step: u64,
    /// The micro-batch of this step, below [`Self::MAX_MICRO_BATCHES`].
    pub micro_batch: u64,
}

impl DropoutCounters {
    /// As many micro-batches of a step have masks of their own.
    pub const MAX_MICRO_BATCHES: usize = 1 << 12;
}

/// The masks of one forward pass: each site of the model has a stream of its own.
#[derive(Debug, Clone, Copy)]
pub struct DropoutSites {
    /// The probabilities.
    pub rates: DropoutRates,
    seed: u64,
    rng_stream: u64,
    drawn_by: DrawnBy,
}

/// What draws the masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DrawnBy {
    /// Philox over the counters.
    Counters,
    /// The default generator of the tensors' device, as it stands.
    Device,
}

/// The sites of one layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerSites {
    pub(crate) attention_probs: u64,
    pub(crate) attention_output: u64,
    pub(crate) output: u64,
}

impl LayerSites {
    /// Those of layer `index`, which the kernel of the CPU numbers in the same way.
    pub(crate) fn new(index: usize) -> Self {
        let first = 1 + 3 * index as u64;
        Self { attention_probs: first, attention_output: first + 1, output: first + 2 }
    }
}

impl DropoutSites {
    /// The masks of one micro-batch.
    pub fn new(rates: DropoutRates, counters: DropoutCounters) -> Self {
        let DropoutCounters { seed, step, micro_batch } = counters;
        let rng_stream = step << 32 | (micro_batch & 0xFFF) << 20;
        Self { rates, seed, rng_stream, drawn_by: DrawnBy::Counters }
    }

    /// The same, drawn by the device's generator, which [`Self::seed`] has seeded.
    pub(crate) fn drawn_by_device(self) -> Self {
        Self { drawn_by: DrawnBy::Device, ..self }
    }

    /// Seeds the generator of the device of `like` for all masks of a forward pass.
    pub(crate) fn seed(&self, like: &Tensor) -> Result<(), BertError> {
        Ok(bert_kernels::seed_generator(like, self.seed, self.rng_stream)?)
    }

    /// The key and the stream of all masks; a site's number is added to the stream.
    pub(crate) fn key_and_stream(&self) -> (u64, u64) {
        (self.seed, self.rng_stream)
    }

    /// `x` with the mask of `site` at rate `p`.
    pub(crate) fn apply(&self, x: &Tensor, p: f64, site: u64) -> Result<Tensor, BertError> {
        if p == 0.0 {
            return Ok(x.shallow_clone());
        }
        match self.drawn_by {
            DrawnBy::Counters => Ok(bert_kernels::dropout(x, p, self.seed, self.rng_stream | site)?),
            DrawnBy::Device => Ok(x.f_dropout(p, true)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the kernel `csrc/cpu/bert/parameters.h` has the same numbers.
    #[test]
    fn every_site_has_a_stream_of_its_own() {
        let sites: Vec<u64> = (0..3)
            .map(LayerSites::new)
            .flat_map(|LayerSites { attention_probs, attention_output, output }| {
                [attention_probs, attention_output, output]
            })
            .collect();
        assert_eq!(sites, [1, 2, 3, 4, 5, 6, 7, 8, 9], "0 is that of the embeddings");
    }

    #[test]
    fn every_micro_batch_has_streams_of_its_own() {
        let stream = |step, micro_batch| {
            let counters = DropoutCounters { seed: 1, step, micro_batch };
            DropoutSites::new(DropoutRates { hidden: 0.1, attention: 0.1, classifier: 0.1 }, counters)
                .key_and_stream()
                .1
        };
        let last = DropoutCounters::MAX_MICRO_BATCHES as u64 - 1;
        let streams = [stream(0, 0), stream(0, 1), stream(0, last), stream(1, 0), stream(1, last)];
        assert!(streams.is_sorted_by(|a, b| a < b), "{streams:?}");
    }
}
