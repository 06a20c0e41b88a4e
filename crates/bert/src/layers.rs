//! The two layers that everything is made of.

use tch::Tensor;

use crate::{Parameters, Precision};

/// A product with bias, in the model's precision.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// The layer whose weight is `{path}.weight`, cast for the products.
    pub(crate) fn new(parameters: &Parameters, path: &str, precision: Precision) -> Self {
        let cast = |name: &str| parameters.leaf(&format!("{path}.{name}")).tensor.to_kind(precision.kind());
        Self { weight: cast("weight"), bias: cast("bias") }
    }

    /// `x`: `(n_rows, n_in)`, any precision; the result `(n_rows, n_out)` has the model's.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.to_kind(self.weight.kind()).linear(&self.weight, Some(&self.bias))
    }
}

/// Layer normalisation over the last axis, float32.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// The layer whose weight is `{path}.weight`.
    pub(crate) fn new(parameters: &Parameters, path: &str, eps: f64) -> Self {
        let leaf = |name: &str| parameters.leaf(&format!("{path}.{name}")).tensor.shallow_clone();
        Self { weight: leaf("weight"), bias: leaf("bias"), eps }
    }

    /// `x`: `(n_rows, hidden)`, float32.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, true)
    }
}
