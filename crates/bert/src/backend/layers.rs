//! The two layers that everything is made of.

use tch::Tensor;

use crate::{BertError, Parameters, Part, Precision};

/// The leaves from one on, as the products read them: in the model's precision. Autograd follows them to the leaves.
#[derive(Debug)]
pub(crate) struct Operands<'a> {
    pub(crate) parameters: &'a Parameters,
    first: usize,
    tensors: Vec<Tensor>,
}

impl<'a> Operands<'a> {
    /// Those of the leaves from `first` on, by its name.
    pub(crate) fn new(parameters: &'a Parameters, first: &str, precision: Precision) -> Result<Self, BertError> {
        let first = parameters.place(first);
        let leaves = parameters.leaves[first..].iter().map(|leaf| &leaf.tensor);
        let tensors = match precision {
            Precision::Float32 => leaves.map(Tensor::shallow_clone).collect(),
            Precision::Bf16 => bert_kernels::as_bf16(&leaves.collect::<Vec<_>>())?,
        };
        Ok(Self { parameters, first, tensors })
    }

    /// That of the leaf at `place` among all of the parameters.
    fn get(&self, place: usize) -> Tensor {
        self.tensors[place - self.first].shallow_clone()
    }
}

/// A product with bias, in the model's precision.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Tensor,
    /// The low-rank products beside the tensors in `weight`, where there are any.
    adapters: Vec<LowRank>,
}

/// What one tensor's product adds to a range of the layer's columns.
#[derive(Debug)]
struct LowRank {
    a: Tensor,
    b: Tensor,
    scale: f64,
    first_column: i64,
}

impl Linear {
    /// The layer whose weight is `{path}.weight`.
    pub(crate) fn new(operands: &Operands, path: &str) -> Self {
        let parameters = operands.parameters;
        let place = |name: &str| parameters.place(&format!("{path}.{name}"));
        let low_rank = |part: &Part| {
            let adapter = parameters.adapter(&part.name)?;
            let (a, b) = (operands.get(adapter.a), operands.get(adapter.b));
            Some(LowRank { a, b, scale: adapter.scale, first_column: part.first_row })
        };
        let weight = place("weight");
        Self {
            adapters: parameters.leaves[weight].parts.iter().filter_map(low_rank).collect(),
            weight: operands.get(weight),
            bias: operands.get(place("bias")),
        }
    }

    /// `x`: `(n_rows, n_in)`, any precision; the result `(n_rows, n_out)` has the model's.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let x = x.to_kind(self.weight.kind());
        let whole = x.linear(&self.weight, Some(&self.bias));
        self.adapters.iter().fold(whole, |whole, adapter| {
            let n_columns = adapter.b.size()[0];
            let added = x.matmul(&adapter.a.tr()).matmul(&adapter.b.tr()) * adapter.scale; // (n_rows, n_columns)
            let behind = whole.size()[1] - adapter.first_column - n_columns;
            whole + added.constant_pad_nd([adapter.first_column, behind])
        })
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
