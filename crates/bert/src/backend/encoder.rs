//! Encoder by libtorch's operators: embeddings, then layers of attention and feed-forward, each normalized behind its
//! residual.

use checkpoint::{Activation, BertConfig};
use tch::Tensor;

use super::attention::Attention;
use super::embeddings::Embeddings;
use crate::batch::{Batch, OutputRows};
use crate::device::Precision;
use crate::dropout::LayerSites;
use crate::error::BertError;
use crate::layers::{LayerNorm, Linear, Operands};
use crate::mode::Mode;
use crate::parameters::{Parameter, Parameters};

/// Embeddings and all layers.
#[derive(Debug)]
pub(crate) struct EncoderOfOperators {
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

impl EncoderOfOperators {
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig, precision: Precision) -> Result<Self, BertError> {
        let is_read = |it: &Parameter| !it.is_of_head() && !it.name().starts_with("bert.embeddings.");
        let operands = Operands::new(parameters, precision, is_read)?;
        let layers = 0..config.num_hidden_layers;
        Ok(Self {
            embeddings: Embeddings::new(parameters, config),
            layers: layers.map(|index| Layer::new(&operands, index, config)).collect(),
        })
    }

    /// The hidden states of the first tokens, `(batch, hidden)`, float32.
    pub(crate) fn forward(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        self.forward_layers(self.embeddings.forward(batch, mode)?, batch, mode)
    }

    /// The same from rows `(n_rows, hidden)` instead of the word embeddings of the batch's tokens.
    pub(crate) fn forward_from_words(&self, words: Tensor, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        self.forward_layers(self.embeddings.forward_from_words(words, batch, mode)?, batch, mode)
    }

    fn forward_layers(&self, embedded: Tensor, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let last = self.layers.len() - 1;
        let mut hidden_states = embedded;
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = if index == last { OutputRows::Cls } else { OutputRows::All };
            hidden_states = layer.forward(&hidden_states, batch, rows, mode)?;
        }
        Ok(hidden_states)
    }
}

#[derive(Debug)]
struct Layer {
    attention: Attention,
    intermediate: Linear,
    activation: Activation,
    output: Linear,
    layer_norm: LayerNorm,
    sites: LayerSites,
}

impl Layer {
    fn new(operands: &Operands, index: usize, config: &BertConfig) -> Self {
        let (path, sites) = (format!("bert.encoder.layer.{index}"), LayerSites::new(index));
        let layer_norm = format!("{path}.output.LayerNorm");
        Self {
            attention: Attention::new(operands, &format!("{path}.attention"), config, sites),
            intermediate: Linear::new(operands, &format!("{path}.intermediate.dense")),
            activation: config.hidden_act,
            output: Linear::new(operands, &format!("{path}.output.dense")),
            layer_norm: LayerNorm::new(operands.parameters, &layer_norm, config.layer_norm_eps),
            sites,
        }
    }

    fn forward(
        &self,
        hidden_states: &Tensor,
        batch: &Batch,
        rows: OutputRows,
        mode: Mode,
    ) -> Result<Tensor, BertError> {
        let attended = self.attention.forward(hidden_states, batch, rows, mode)?;
        let intermediate = activate(&self.intermediate.forward(&attended), self.activation); // (rows, intermediate)
        let output = mode.drop_hidden(&self.output.forward(&intermediate), self.sites.output)?;
        Ok(self.layer_norm.forward(&(attended + output)))
    }
}

fn activate(x: &Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Gelu => x.gelu("none"),
        Activation::GeluNew => x.gelu("tanh"),
        Activation::Relu => x.relu(),
    }
}
