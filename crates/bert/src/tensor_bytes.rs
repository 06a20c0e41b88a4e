//! Tensors as bytes: float32 tensors to entries of a safetensors file, and tensors of one read back.

use std::io;

use checkpoint::{Element, SafetensorsFile, TensorBytes};
use tch::{Device, Kind, Tensor};

use crate::error::BertError;

/// The numbers of `tensor` as float32 in little-endian bytes, row by row.
///
/// # Errors
/// Fails when libtorch does.
pub fn float_bytes(tensor: &Tensor) -> io::Result<Vec<u8>> {
    let tensor = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
    let mut bytes = vec![0; tensor.numel() * 4];
    tensor.f_copy_data_u8(&mut bytes, tensor.numel()).map_err(io::Error::other)?;
    Ok(bytes)
}

/// `tensor` as the float32 entry `name` of a file. Its bytes are made when they are written.
pub fn entry<'a>(name: impl Into<String>, tensor: Tensor) -> TensorBytes<'a> {
    TensorBytes {
        name: name.into(),
        element: Element::F32,
        shape: tensor.size().iter().map(|&size| size as usize).collect(),
        bytes: Box::new(move || float_bytes(&tensor)),
    }
}

/// The tensor `name` of a file as float32 on the CPU.
///
/// # Errors
/// Fails, naming the tensor, when it is missing, has another shape than `shape`, or is not of floating-point numbers.
pub fn read(file: &mut SafetensorsFile, name: &str, shape: &[i64]) -> Result<Tensor, BertError> {
    let Some(found) = file.entries.get(name) else { return Err(file.tensor_error(name, "missing").into()) };
    let found_shape: Vec<i64> = found.shape.iter().map(|&size| size as i64).collect();
    if found_shape != shape {
        return Err(file.tensor_error(name, format!("has shape {found_shape:?}; expected {shape:?}")).into());
    }
    let kind = match found.element {
        Some(Element::F32) => Kind::Float,
        Some(Element::F16) => Kind::Half,
        Some(Element::BF16) => Kind::BFloat16,
        Some(Element::F64) => Kind::Double,
        Some(Element::I64) | None => {
            return Err(file.tensor_error(name, "expected numbers of type F32, F16, BF16 or F64").into());
        }
    };
    let bytes = file.read(name)?;
    Ok(Tensor::f_from_data_size(&bytes, shape, kind)?.to_kind(Kind::Float))
}
