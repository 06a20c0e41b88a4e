//! A small runtime for the ONNX files that this program writes: the file as it lies on the disk is decoded, and its graph is computed
//! node by node, each operator as ONNX defines it, by one or two functions of libtorch.
//!
//! It shares nothing with the writer but the field numbers of the messages, and nothing with this project's model: a wrong shape, order,
//! attribute, constant, byte or rounding is a difference to the model. It knows the operators of these graphs and no others, and is
//! made to check, not to be fast. Whole numbers of 8 bits are multiplied without any rounding.

mod operators;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use prost::Message;
use prost::bytes::Bytes;
use tch::{Kind, Tensor, no_grad};

use crate::onnx::messages::{DataType, GraphProto, ModelProto, NodeProto, TensorProto};
use crate::onnx::{INPUTS, OPSET, OUTPUT};

/// A model that is ready to run.
pub(crate) struct Session {
    path: PathBuf,
    nodes: Vec<NodeProto>,
    initializers: HashMap<String, Tensor>,
    /// The 8-bit matrices of products as float32, where each of their numbers is exact.
    matrices: HashMap<String, Tensor>,
    /// The node that is the last to read each value.
    last_reader: HashMap<String, usize>,
}

impl Session {
    /// Reads a file.
    ///
    /// # Errors
    /// Fails when it cannot be read or decoded, is of another set of operators, or its tensors do not have the bytes of their shapes.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = Bytes::from(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?);
        Self::decode(path, bytes).with_context(|| format!("{} is not the model that was written", path.display()))
    }

    fn decode(path: &Path, bytes: Bytes) -> anyhow::Result<Self> {
        let model = ModelProto::decode(bytes)?;
        let opset = model.opset_import.iter().find(|set| set.domain.as_deref().unwrap_or_default().is_empty());
        let version = opset.and_then(|set| set.version);
        ensure!(version == Some(OPSET), "its operators are of version {version:?}, not {OPSET}");
        let GraphProto { node: nodes, initializer, input, output, .. } = model.graph.context("it has no graph")?;
        let inputs: Vec<&str> = input.iter().filter_map(|input| input.name.as_deref()).collect();
        let outputs: Vec<&str> = output.iter().filter_map(|output| output.name.as_deref()).collect();
        ensure!(inputs == INPUTS && outputs == [OUTPUT], "it computes {outputs:?} from {inputs:?}");
        let mut initializers = HashMap::new();
        for tensor in &initializer {
            let name = tensor.name.clone().unwrap_or_default();
            let value = numbers(tensor).with_context(|| format!("tensor {name}"))?;
            ensure!(initializers.insert(name.clone(), value).is_none(), "there are two tensors {name}");
        }
        let matrices = nodes
            .iter()
            .filter(|node| node.op_type.as_deref() == Some("MatMulInteger"))
            .filter_map(|node| initializers.get_key_value(node.input.get(1)?))
            .map(|(name, matrix)| (name.clone(), matrix.to_kind(Kind::Float)))
            .collect();
        let readers =
            nodes.iter().enumerate().flat_map(|(at, node)| node.input.iter().map(move |name| (name.clone(), at)));
        let last_reader = readers.collect();
        Ok(Self { path: path.to_owned(), nodes, initializers, matrices, last_reader })
    }

    /// The logits `(rows, n_outputs)` of rows of token ids, which are padded to the longest with `pad_token_id` and masked there.
    ///
    /// # Errors
    /// Fails when an operator does, or is not known.
    pub(crate) fn logits(&self, rows: &[&[i32]], pad_token_id: i64) -> anyhow::Result<Vec<f32>> {
        let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let padded = |of_token: &dyn Fn(i32) -> i64, padding: i64| {
            let row = |row: &&[i32]| -> Vec<i64> {
                let mut values: Vec<i64> = row.iter().map(|&token| of_token(token)).collect();
                values.resize(longest, padding);
                values
            };
            let values: Vec<i64> = rows.iter().flat_map(row).collect();
            Tensor::from_slice(&values).view([rows.len() as i64, longest as i64])
        };
        let inputs = [padded(&i64::from, pad_token_id), padded(&|_| 1, 0), padded(&|_| 0, 0)];
        let logits = no_grad(|| self.run(INPUTS.map(str::to_owned).into_iter().zip(inputs).collect()))
            .with_context(|| format!("{} cannot be computed", self.path.display()))?;
        let logits = logits.to_kind(Kind::Float).contiguous();
        let mut values = vec![0.0; logits.numel()];
        logits.f_copy_data(&mut values, logits.numel())?;
        Ok(values)
    }

    fn run(&self, mut values: HashMap<String, Tensor>) -> anyhow::Result<Tensor> {
        for (at, node) in self.nodes.iter().enumerate() {
            let name = || node.name.clone().unwrap_or_default();
            let inputs: Vec<&Tensor> = node
                .input
                .iter()
                .map(|input| {
                    let found = self.matrices.get(input).or_else(|| self.initializers.get(input));
                    found.or_else(|| values.get(input)).ok_or_else(|| anyhow!("{}: there is no {input}", name()))
                })
                .collect::<anyhow::Result<_>>()?;
            let outputs = operators::compute(node, &inputs).with_context(name)?;
            ensure!(outputs.len() == node.output.len(), "{}: {} outputs", name(), outputs.len());
            for input in node.input.iter().filter(|&input| self.last_reader.get(input) == Some(&at)) {
                values.remove(input);
            }
            values.extend(node.output.iter().cloned().zip(outputs));
        }
        values.remove(OUTPUT).with_context(|| format!("no node computes {OUTPUT}"))
    }
}

/// The numbers of a tensor.
fn numbers(tensor: &TensorProto) -> anyhow::Result<Tensor> {
    let (kind, size) = match tensor.data_type() {
        DataType::Float => (Kind::Float, 4),
        DataType::Uint8 => (Kind::Uint8, 1),
        DataType::Int8 => (Kind::Int8, 1),
        DataType::Int32 => (Kind::Int, 4),
        DataType::Int64 => (Kind::Int64, 8),
        DataType::Undefined => return Err(anyhow!("its type is not known")),
    };
    let n: i64 = tensor.dims.iter().product();
    let bytes = tensor.raw_data.clone().unwrap_or_default();
    ensure!(bytes.len() as i64 == n * size, "{} bytes for the shape {:?}", bytes.len(), tensor.dims);
    Ok(Tensor::f_from_data_size(&bytes, &tensor.dims, kind)?)
}

#[cfg(test)]
mod tests;
