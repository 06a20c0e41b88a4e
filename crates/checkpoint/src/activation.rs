//! Activation functions (`hidden_act` in `config.json`).
//!
//! A further one is a variant here, with the name that Transformers gives it; wherever activations are computed, the
//! compiler then asks for it.

use serde::{Deserialize, Serialize};

/// The activation function of the feed-forward network. Φ is the distribution function of the standard normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x · Φ(x), by the error function.
    #[default]
    Gelu,
    /// The approximation of GELU by tanh.
    #[serde(alias = "gelu_pytorch_tanh")]
    GeluNew,
    /// max(x, 0).
    Relu,
}
