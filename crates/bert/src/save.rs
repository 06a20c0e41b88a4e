//! From parameters to `model.safetensors` with the reference's names.

use std::io::{self, Write};

use checkpoint::{Element, TensorBytes, write_safetensors};
use tch::{Device, Kind, Tensor};

use crate::{Leaf, Parameters};

/// Writes the parameters, float32, one tensor at a time; the same parameters give the same bytes.
///
/// # Errors
/// Fails when the stream does.
pub fn write_weights(stream: &mut impl Write, parameters: &Parameters) -> io::Result<()> {
    write_leaves(stream, parameters.leaves.iter())
}

/// Writes those of the parameters that are learned, adapters included.
///
/// # Errors
/// Fails when the stream does.
pub fn write_trained(stream: &mut impl Write, parameters: &Parameters) -> io::Result<()> {
    write_leaves(stream, parameters.trained())
}

fn write_leaves<'a>(stream: &mut impl Write, leaves: impl Iterator<Item = &'a Leaf>) -> io::Result<()> {
    let parts = leaves.flat_map(|leaf| leaf.parts.iter().map(move |part| (leaf, part)));
    let tensors = parts.map(|(leaf, part)| TensorBytes {
        name: part.name.clone(),
        element: Element::F32,
        shape: part.shape.iter().map(|&size| size as usize).collect(),
        bytes: Box::new(|| float_bytes(&leaf.part_of(&leaf.tensor.detach(), part))),
    });
    write_safetensors(stream, tensors.collect())
}

fn float_bytes(tensor: &Tensor) -> io::Result<Vec<u8>> {
    let tensor = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
    let mut bytes = vec![0; tensor.numel() * 4];
    tensor.f_copy_data_u8(&mut bytes, tensor.numel()).map_err(io::Error::other)?;
    Ok(bytes)
}
