//! Linear and LayerNorm: the two layers that the operator backend and the head are made of.

use tch::Tensor;

use crate::device::Precision;
use crate::error::BertError;
use crate::parameters::{CheckpointTensor, Parameter, Parameters};

/// Some of the parameters as the products read them: in the model's precision. Autograd follows them to the parameters.
#[derive(Debug)]
pub(crate) struct Operands<'a> {
    pub(crate) parameters: &'a Parameters,
    /// By the index of the parameter.
    tensors: Vec<Option<Tensor>>,
}

impl<'a> Operands<'a> {
    /// Those that `is_read` accepts.
    pub(crate) fn new(
        parameters: &'a Parameters,
        precision: Precision,
        is_read: impl Fn(&Parameter) -> bool,
    ) -> Result<Self, BertError> {
        let read: Vec<&Tensor> = parameters.list.iter().filter(|it| is_read(it)).map(|it| &it.tensor).collect();
        let cast = match precision {
            Precision::Float32 | Precision::Int8 => read.into_iter().map(Tensor::shallow_clone).collect(),
            Precision::Bf16 => bert_kernels::as_bf16(&read)?,
        };
        let mut cast = cast.into_iter();
        let tensors = parameters.list.iter().map(|it| if is_read(it) { cast.next() } else { None }).collect();
        Ok(Self { parameters, tensors })
    }

    fn get(&self, index: usize) -> Tensor {
        let tensor = self.tensors[index].as_ref();
        tensor.map_or_else(|| unreachable!("parameter {index} is read by these layers"), Tensor::shallow_clone)
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
        let index = |name: &str| parameters.index(&format!("{path}.{name}"));
        let low_rank = |tensor: &CheckpointTensor| {
            let adapter = parameters.adapter(&tensor.name)?;
            let (a, b) = (operands.get(adapter.a), operands.get(adapter.b));
            Some(LowRank { a, b, scale: adapter.scale, first_column: tensor.first_row })
        };
        let weight = index("weight");
        Self {
            adapters: parameters.list[weight].checkpoint_tensors.iter().filter_map(low_rank).collect(),
            weight: operands.get(weight),
            bias: operands.get(index("bias")),
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

    /// The same of float32 on the CPU, for a few rows and a layer without adapters: no bit depends on the number of threads.
    pub(crate) fn forward_by_kernel(&self, x: &Tensor) -> Result<Tensor, BertError> {
        Ok(bert_kernels::linear(x, &self.weight, &self.bias)?)
    }
}

/// Layer normalization over the last axis, float32.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// The layer whose weight is `{path}.weight`.
    pub(crate) fn new(parameters: &Parameters, path: &str, eps: f64) -> Self {
        let tensor = |name: &str| parameters.get(&format!("{path}.{name}")).tensor.shallow_clone();
        Self { weight: tensor("weight"), bias: tensor("bias"), eps }
    }

    /// `x`: `(n_rows, hidden)`, float32.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, true)
    }
}
