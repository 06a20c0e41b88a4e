//! Writing `model.safetensors`: parameters under the reference's names, one tensor at a time.

use std::io::{self, Write};

use checkpoint::write_safetensors;

use crate::parameters::{CheckpointTensor, Parameter, Parameters};
use crate::tensor_bytes;

/// Writes the parameters, float32; the same parameters give the same bytes.
///
/// # Errors
/// Fails when the stream does.
pub fn write_weights(stream: &mut impl Write, parameters: &Parameters) -> io::Result<()> {
    write(stream, parameters.list.iter())
}

/// Writes those of the parameters that are trained, adapters included.
///
/// # Errors
/// Fails when the stream does.
pub fn write_trained(stream: &mut impl Write, parameters: &Parameters) -> io::Result<()> {
    write(stream, parameters.trained())
}

fn write<'a>(stream: &mut impl Write, parameters: impl Iterator<Item = &'a Parameter>) -> io::Result<()> {
    let entries = parameters.flat_map(|parameter| {
        let weights = parameter.tensor.detach();
        let entry = move |tensor: &CheckpointTensor| tensor_bytes::entry(&tensor.name, tensor.view_of(&weights));
        parameter.checkpoint_tensors.iter().map(entry)
    });
    write_safetensors(stream, entries.collect())
}
