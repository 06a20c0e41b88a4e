//! The encoder: layers of attention and feed-forward, each normalised behind its residual.

use checkpoint::{Activation, BertConfig};
use tch::Tensor;

use crate::attention::Attention;
use crate::dropout::SITES_PER_LAYER;
use crate::layers::{LayerNorm, Linear, Operands};
use crate::{Batch, BertError, Mode};

/// Which rows of a batch are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows {
    /// Every token's.
    All,
    /// Those of the sentences' first tokens, which the classifier reads.
    First,
}

impl Rows {
    /// These rows of `states`.
    pub(crate) fn of(self, states: &Tensor, batch: &Batch) -> Tensor {
        match self {
            Self::All => states.shallow_clone(),
            Self::First => states.index_select(0, &batch.first_rows),
        }
    }
}

#[derive(Debug)]
struct Layer {
    attention: Attention,
    inner: Linear,
    activation: Activation,
    outer: Linear,
    norm: LayerNorm,
    /// Of the layer's dropouts: attention shares, attention output, feed-forward output.
    first_site: u64,
}

impl Layer {
    fn new(operands: &Operands, index: usize, config: &BertConfig) -> Self {
        let path = format!("bert.encoder.layer.{index}");
        Self {
            attention: Attention::new(operands, &format!("{path}.attention"), config),
            inner: Linear::new(operands, &format!("{path}.intermediate.dense")),
            activation: config.hidden_act,
            outer: Linear::new(operands, &format!("{path}.output.dense")),
            norm: LayerNorm::new(operands.parameters, &format!("{path}.output.LayerNorm"), config.layer_norm_eps),
            first_site: 1 + SITES_PER_LAYER * index as u64,
        }
    }

    fn forward(&self, states: &Tensor, batch: &Batch, rows: Rows, mode: Mode) -> Result<Tensor, BertError> {
        let states = self.attention.forward(states, batch, rows, mode, self.first_site)?;
        let inner = activate(&self.inner.forward(&states), self.activation); // (rows, intermediate)
        let outer = mode.drop_hidden(&self.outer.forward(&inner), self.first_site + 2)?;
        Ok(self.norm.forward(&(states + outer)))
    }
}

fn activate(x: &Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Gelu => x.gelu("none"),
        Activation::GeluNew => x.gelu("tanh"),
        Activation::Relu => x.relu(),
    }
}

/// All layers.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
}

impl Encoder {
    pub(crate) fn new(operands: &Operands, config: &BertConfig) -> Self {
        let layers = 0..config.num_hidden_layers;
        Self { layers: layers.map(|index| Layer::new(operands, index, config)).collect() }
    }

    /// From the states `(n_rows, hidden)` of all tokens to those of the first tokens, `(batch, hidden)`, float32.
    pub(crate) fn forward(&self, states: Tensor, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let last = self.layers.len() - 1;
        let mut states = states;
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = if index == last { Rows::First } else { Rows::All };
            states = layer.forward(&states, batch, rows, mode)?;
        }
        Ok(states)
    }
}
