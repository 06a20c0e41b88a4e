//! The tensors of a checkpoint on their way to files and back.

use std::path::Path;

use anyhow::bail;
use bert::Parameters;
use checkpoint::{Element, SafetensorsFile, TensorBytes};
use tch::{Kind, Tensor};

/// A tensor of float32 as an entry of a file.
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

/// Each tensor of `parameters` that is learned, as the place in memory and the value in the file.
pub(super) fn read_trained(path: &Path, parameters: &Parameters) -> anyhow::Result<Vec<(Tensor, Tensor)>> {
    let mut file = SafetensorsFile::open(path)?;
    let parts = parameters.trained().flat_map(|leaf| leaf.parts.iter().map(move |part| (leaf, part)));
    parts
        .map(|(leaf, part)| {
            let value = float_tensor(&mut file, &part.name, &part.shape)?;
            Ok((leaf.part_of(&leaf.tensor.detach(), part), value))
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
