//! Tensors of a checkpoint: to safetensors bytes and back, strict in shape.

use std::path::Path;

use anyhow::bail;
use bert::Parameters;
use checkpoint::{Element, SafetensorsFile, TensorBytes};
use tch::{Kind, Tensor};

/// A float32 tensor as an entry of a safetensors file.
pub(super) fn float_bytes<'a>((name, tensor): (&String, &'a Tensor)) -> TensorBytes<'a> {
    let bytes = || {
        let tensor = tensor.to_device(tch::Device::Cpu);
        let mut bytes = vec![0; tensor.numel() * 4];
        tensor.f_copy_data_u8(&mut bytes, tensor.numel()).map_err(std::io::Error::other)?;
        Ok(bytes)
    };
    let shape = tensor.size().iter().map(|&size| size as usize).collect();
    TensorBytes { name: name.clone(), element: Element::F32, shape, bytes: Box::new(bytes) }
}

/// Each trainable tensor of `parameters` with its value in the file; the first is a view into the parameters.
pub(super) fn read_trained(path: &Path, parameters: &Parameters) -> anyhow::Result<Vec<(Tensor, Tensor)>> {
    let mut file = SafetensorsFile::open(path)?;
    let parts = parameters.trained().flat_map(|parameter| parameter.parts.iter().map(move |part| (parameter, part)));
    parts
        .map(|(parameter, part)| {
            let value = float_tensor(&mut file, &part.name, &part.shape)?;
            Ok((parameter.part_of(&parameter.tensor.detach(), part), value))
        })
        .collect()
}

/// The tensor `name` of a file, which has this shape.
pub(super) fn float_tensor(file: &mut SafetensorsFile, name: &str, shape: &[i64]) -> anyhow::Result<Tensor> {
    let bytes = file.read(name)?;
    let expected = shape.iter().product::<i64>() as usize * 4;
    if bytes.len() != expected {
        bail!("{name} has {} bytes; expected {expected}", bytes.len());
    }
    Ok(Tensor::f_from_data_size(&bytes, shape, Kind::Float)?)
}
