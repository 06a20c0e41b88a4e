//! Operators of ONNX, opset 17, by libtorch's functions (<https://onnx.ai/onnx/operators/>).

use anyhow::{Context, anyhow, ensure};
use tch::{Kind, Tensor};

use crate::onnx::messages::{AttributeProto, DataType, NodeProto};

/// The most columns whose products of 8 bits add up to whole numbers that float32 holds exactly: 256 · 255 · 255 < 2^24.
const EXACT_COLUMNS: i64 = 256;

/// The outputs of a node.
///
/// # Errors
/// Fails when the operator is not known, lacks an input or an attribute, or the inputs do not fit it.
pub(super) fn compute(node: &NodeProto, inputs: &[&Tensor]) -> anyhow::Result<Vec<Tensor>> {
    let op = Operator { node, inputs };
    let op_type = node.op_type.as_deref().unwrap_or_default();
    if op_type == "DynamicQuantizeLinear" {
        return dynamic_quantize_linear(op.input(0)?);
    }
    let output = match op_type {
        "Add" => op.input(0)?.f_add(op.input(1)?)?,
        "Sub" => op.input(0)?.f_sub(op.input(1)?)?,
        "Mul" => op.input(0)?.f_mul(op.input(1)?)?,
        "Div" => op.input(0)?.f_div(op.input(1)?)?,
        "Pow" => op.input(0)?.f_pow(op.input(1)?)?,
        "Erf" => op.input(0)?.f_erf()?,
        "Tanh" => op.input(0)?.f_tanh()?,
        "Relu" => op.input(0)?.f_relu()?,
        "MatMul" => op.input(0)?.f_matmul(op.input(1)?)?,
        "MatMulInteger" => op.matmul_integer()?,
        "Softmax" => op.input(0)?.f_softmax(op.int("axis")?, Kind::Float)?,
        "LayerNormalization" => op.layer_normalization()?,
        "Cast" => op.cast()?,
        "Shape" => op.shape()?,
        "Gather" => op.gather()?,
        "Slice" => op.slice()?,
        "Unsqueeze" => op.unsqueeze()?,
        "Reshape" => op.reshape()?,
        "Transpose" => op.input(0)?.f_permute(&op.attribute("perm")?.ints)?,
        other => return Err(anyhow!("the operator {other} is not known here")),
    };
    Ok(vec![output])
}

struct Operator<'a> {
    node: &'a NodeProto,
    inputs: &'a [&'a Tensor],
}

impl Operator<'_> {
    fn input(&self, index: usize) -> anyhow::Result<&Tensor> {
        self.inputs.get(index).copied().with_context(|| format!("it has no input {index}"))
    }

    /// The whole numbers of an input that says a shape or a place.
    fn ints_of_input(&self, index: usize) -> anyhow::Result<Vec<i64>> {
        Ok(Vec::try_from(self.input(index)?.f_to_kind(Kind::Int64)?.f_view([-1])?)?)
    }

    fn attribute(&self, name: &str) -> anyhow::Result<&AttributeProto> {
        let found = self.node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name));
        found.with_context(|| format!("it has no attribute {name}"))
    }

    fn int(&self, name: &str) -> anyhow::Result<i64> {
        self.attribute(name)?.i.with_context(|| format!("its attribute {name} is no whole number"))
    }

    /// `(.., n, k)` by `(k, n_out)` of 8 bits, each less its zero point, to int32. Every sum is exact.
    fn matmul_integer(&self) -> anyhow::Result<Tensor> {
        let rows = self.input(0)?.f_to_kind(Kind::Float)?.f_sub(&self.input(2)?.f_to_kind(Kind::Float)?)?;
        let matrix = self.input(1)?.f_sub(&self.input(3)?.f_to_kind(Kind::Float)?)?;
        let k = matrix.size().first().copied().unwrap_or(0);
        let mut sum: Option<Tensor> = None;
        for begin in (0..k).step_by(EXACT_COLUMNS as usize) {
            let n = EXACT_COLUMNS.min(k - begin);
            let part = rows.f_narrow(-1, begin, n)?.f_matmul(&matrix.f_narrow(0, begin, n)?)?.f_to_kind(Kind::Int)?;
            sum = Some(match sum {
                Some(sum) => sum.f_add(&part)?,
                None => part,
            });
        }
        sum.context("it has no columns")
    }

    fn layer_normalization(&self) -> anyhow::Result<Tensor> {
        let (x, weight, bias) = (self.input(0)?, self.input(1)?, self.input(2)?);
        ensure!(self.int("axis")? == -1, "only the last axis is normalized here");
        let epsilon = self.attribute("epsilon")?.f.context("its attribute epsilon is no number")?;
        Ok(x.f_layer_norm(weight.size(), Some(weight), Some(bias), f64::from(epsilon), false)?)
    }

    fn cast(&self) -> anyhow::Result<Tensor> {
        let to = self.int("to")?;
        ensure!(to == i64::from(DataType::Float as i32), "only casts to float32 are known here, not to {to}");
        Ok(self.input(0)?.f_to_kind(Kind::Float)?)
    }

    fn shape(&self) -> anyhow::Result<Tensor> {
        let size = self.input(0)?.size();
        let (start, end) = (usize::try_from(self.int("start")?)?, usize::try_from(self.int("end")?)?);
        let part = size.get(start..end).with_context(|| format!("sizes {start} to {end} of {size:?}"))?;
        Ok(Tensor::from_slice(part))
    }

    fn gather(&self) -> anyhow::Result<Tensor> {
        let (table, indices) = (self.input(0)?, self.input(1)?);
        let axis = if self.node.attribute.is_empty() { 0 } else { usize::try_from(self.int("axis")?)? };
        let size = table.size();
        let (before, after) = (size.get(..axis).unwrap_or(&[]), size.get(axis + 1..).unwrap_or(&[]));
        let shape = [before, indices.size().as_slice(), after].concat();
        Ok(table.f_index_select(axis as i64, &indices.f_reshape([-1])?)?.f_reshape(shape)?)
    }

    /// From `starts` to `ends` on one axis.
    fn slice(&self) -> anyhow::Result<Tensor> {
        let [start, end, axis] = [1, 2, 3].map(|index| self.ints_of_input(index));
        match (start?.as_slice(), end?.as_slice(), axis?.as_slice()) {
            (&[start], &[end], &[axis]) => Ok(self.input(0)?.f_slice(axis, start, end, 1)?),
            other => Err(anyhow!("only one axis is sliced here, not {other:?}")),
        }
    }

    fn unsqueeze(&self) -> anyhow::Result<Tensor> {
        let mut output = self.input(0)?.shallow_clone();
        for axis in self.ints_of_input(1)? {
            output = output.f_unsqueeze(axis)?; // the axes ascend
        }
        Ok(output)
    }

    /// A zero stands for the size that the input has there.
    fn reshape(&self) -> anyhow::Result<Tensor> {
        let x = self.input(0)?;
        let size = x.size();
        let kept =
            |(at, requested): (usize, i64)| if requested == 0 { size.get(at).copied().unwrap_or(0) } else { requested };
        let shape: Vec<i64> = self.ints_of_input(1)?.into_iter().enumerate().map(kept).collect();
        Ok(x.f_reshape(shape)?)
    }
}

/// A tensor as uint8 with its scale and its zero point. Zero is among the numbers that it has exactly.
fn dynamic_quantize_linear(x: &Tensor) -> anyhow::Result<Vec<Tensor>> {
    let min = x.f_min()?.f_clamp_max(0.0)?;
    let max = x.f_max()?.f_clamp_min(0.0)?;
    let range = max.f_sub(&min)?;
    let scale = if range.f_double_value(&[])? == 0.0 { range.f_ones_like()? } else { range.f_div_scalar(255.0)? };
    let zero_point = min.f_neg()?.f_div(&scale)?.f_clamp(0.0, 255.0)?.f_round()?;
    let values = x.f_div(&scale)?.f_round()?.f_add(&zero_point)?.f_clamp(0.0, 255.0)?;
    Ok(vec![values.f_to_kind(Kind::Uint8)?, scale, zero_point.f_to_kind(Kind::Uint8)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(op_type: &str) -> NodeProto {
        NodeProto { op_type: Some(op_type.to_owned()), ..NodeProto::default() }
    }

    fn floats(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.to_kind(Kind::Double).view([-1])).unwrap()
    }

    #[test]
    fn numbers_are_quantized_as_in_the_examples_of_onnx() {
        let quantized = |values: &[f32]| {
            let outputs = compute(&node("DynamicQuantizeLinear"), &[&Tensor::from_slice(values)]).unwrap();
            (floats(&outputs[0]), floats(&outputs[1])[0] as f32, floats(&outputs[2])[0])
        };
        let (values, scale, zero_point) = quantized(&[0.0, 2.0, -3.0, -2.5, 1.34, 0.5]);
        assert_eq!(
            (values.as_slice(), scale, zero_point),
            (&[153.0, 255.0, 0.0, 26.0, 221.0, 179.0][..], 0.019_607_844, 153.0)
        );
        let (values, scale, zero_point) = quantized(&[-1.0, -2.1, -1.3, -2.5, -3.34, -4.0]);
        assert_eq!(
            (values.as_slice(), scale, zero_point),
            (&[191.0, 121.0, 172.0, 96.0, 42.0, 0.0][..], 0.015_686_275, 255.0)
        );
        let (values, scale, zero_point) = quantized(&[1.0, 2.1, 1.3, 2.5, 3.34, 4.0, 1.5, 2.6, 3.9, 4.0, 3.0, 2.345]);
        let expected = [64.0, 134.0, 83.0, 159.0, 213.0, 255.0, 96.0, 166.0, 249.0, 255.0, 191.0, 149.0];
        assert_eq!((values.as_slice(), scale, zero_point), (&expected[..], 0.015_686_275, 0.0));
        assert_eq!(quantized(&[0.0, 0.0]), (vec![0.0, 0.0], 1.0, 0.0));
    }

    #[test]
    fn products_of_whole_numbers_are_exact() {
        let k = 3000;
        let rows = Tensor::full([1, k], 255, (Kind::Uint8, tch::Device::Cpu));
        let matrix = Tensor::full([k, 1], -127, (Kind::Float, tch::Device::Cpu));
        let (zero, of_matrix) = (Tensor::from(0_u8), Tensor::from_slice(&[0_i8]));
        let product = compute(&node("MatMulInteger"), &[&rows, &matrix, &zero, &of_matrix]).unwrap();
        assert_eq!(floats(&product[0]), [-255.0 * 127.0 * 3000.0]);
    }

    #[test]
    fn what_is_not_known_is_named() {
        let x = Tensor::from_slice(&[1.0_f32]);
        let problem = |op_type: &str| compute(&node(op_type), &[&x]).unwrap_err().to_string();
        assert_eq!(problem("Conv"), "the operator Conv is not known here");
        assert_eq!(problem("Add"), "it has no input 1");
        assert_eq!(problem("Softmax"), "it has no attribute axis");
    }
}
