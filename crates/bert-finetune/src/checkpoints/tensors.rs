//! Trainable tensors of a checkpoint, read back with the views that they are copied into.

use std::path::Path;

use bert::{Parameters, tensor_bytes};
use checkpoint::SafetensorsFile;
use tch::Tensor;

/// Each trainable tensor of `parameters` with its value in the file; the first is a view into the parameters.
pub(super) fn read_trained(path: &Path, parameters: &Parameters) -> anyhow::Result<Vec<(Tensor, Tensor)>> {
    let mut file = SafetensorsFile::open(path)?;
    let mut read = Vec::new();
    for parameter in parameters.trained() {
        for tensor in &parameter.checkpoint_tensors {
            let value = tensor_bytes::read(&mut file, &tensor.name, &tensor.shape)?;
            read.push((tensor.view_of(&parameter.tensor.detach()), value));
        }
    }
    Ok(read)
}
