//! Loading a checkpoint: from a model folder to parameters, strictly, with a report of what was drawn anew.

use checkpoint::ModelFolder;
use tch::{Device, Tensor};

use crate::error::BertError;
use crate::parameters::{CheckpointTensor, Parameter, Parameters};
use crate::random::normal_tensor;
use crate::tensor_bytes;

/// How a checkpoint and the model differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Tensors that were drawn anew.
    pub new: Vec<String>,
    /// Tensors of the checkpoint that were passed over.
    pub ignored: Vec<String>,
    /// What has to be said of the checkpoint's names.
    pub remarks: Vec<String>,
}

/// Loads the encoder of `folder` under a classifier of `n_outputs`.
///
/// A classifier of the right size is kept. One of another size, or none, is drawn from N(0, initializer_range) as a
/// function of `seed`, and so is a missing pooler; biases are zero then.
///
/// # Errors
/// Fails when a tensor is missing, unexpected, of a wrong shape or type (it is named), or cannot be read.
pub fn load(
    folder: &ModelFolder,
    n_outputs: usize,
    seed: u64,
    device: Device,
) -> Result<(Parameters, LoadReport), BertError> {
    let keep_classifier = folder.weights()?.n_outputs(&folder.config) == Some(n_outputs);
    read(folder, Parameters::zeros(&folder.config, n_outputs, device), seed, keep_classifier)
}

/// As [`load`], with a classifier that is drawn anew, whichever the folder has.
///
/// # Errors
/// As [`load`].
pub fn load_with_new_head(
    folder: &ModelFolder,
    n_outputs: usize,
    seed: u64,
    device: Device,
) -> Result<(Parameters, LoadReport), BertError> {
    read(folder, Parameters::zeros(&folder.config, n_outputs, device), seed, false)
}

fn read(
    folder: &ModelFolder,
    parameters: Parameters,
    seed: u64,
    keep_classifier: bool,
) -> Result<(Parameters, LoadReport), BertError> {
    let mut weights = folder.weights()?;
    let mut report =
        LoadReport { new: Vec::new(), ignored: weights.other_heads().to_vec(), remarks: weights.remarks() };
    for (rng_stream, (parameter, tensor)) in parameters.checkpoint_tensors().enumerate() {
        let classifier = tensor.name.starts_with("classifier.");
        match weights.locate(&tensor.name) {
            Some((file, name)) if !classifier || keep_classifier => {
                Parameters::set(parameter, tensor, &tensor_bytes::read(file, name, &tensor.shape)?);
            }
            found => {
                report.ignored.extend(found.map(|(_, name)| name.to_owned()));
                if !classifier && !tensor.name.starts_with("bert.pooler.") {
                    return Err(weights.tensor_error(&tensor.name, "missing").into());
                }
                let deviation = folder.config.initializer_range;
                draw(parameter, tensor, |shape| normal_tensor(shape, deviation, seed, rng_stream as u64));
                report.new.push(tensor.name.clone());
            }
        }
    }
    Ok((parameters, report))
}

/// Matrices are drawn, biases stay zero.
fn draw(parameter: &Parameter, tensor: &CheckpointTensor, values: impl Fn(&[i64]) -> Tensor) {
    if tensor.shape.len() > 1 {
        Parameters::set(parameter, tensor, &values(&tensor.shape));
    }
}
