//! Loading a checkpoint: from a model folder to parameters, strictly, with a report of what was drawn anew.

use std::collections::BTreeMap;

use checkpoint::{ModelFolder, SafetensorsFile, canonical_name};
use tch::{Device, Tensor};

use crate::error::BertError;
use crate::parameters::{CheckpointTensor, Parameter, Parameters};
use crate::random::normal_tensor;
use crate::tensor_bytes;

/// What a checkpoint did not bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Tensors that were drawn anew.
    pub new: Vec<String>,
    /// Tensors of the checkpoint that were passed over.
    pub ignored: Vec<String>,
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
    let mut weights = folder.weights()?;
    let names = weights.canonical_names()?; // what `ModelFolder` has checked
    let parameters = Parameters::zeros(&folder.config, n_outputs, device);
    let mut report = LoadReport { new: Vec::new(), ignored: Vec::new() };
    report.ignored.extend(weights.entries.keys().filter(|name| canonical_name(name).is_none()).cloned());

    let keep_classifier = has_shape(&weights, &names, "classifier.weight", &[n_outputs, folder.config.hidden_size])
        && has_shape(&weights, &names, "classifier.bias", &[n_outputs]);
    for (rng_stream, (parameter, tensor)) in parameters.checkpoint_tensors().enumerate() {
        let classifier = tensor.name.starts_with("classifier.");
        match names.get(&tensor.name) {
            Some(name) if !classifier || keep_classifier => {
                Parameters::set(parameter, tensor, &tensor_bytes::read(&mut weights, name, &tensor.shape)?);
            }
            found => {
                if !classifier && !tensor.name.starts_with("bert.pooler.") {
                    return Err(weights.tensor_error(&tensor.name, "missing").into());
                }
                let deviation = folder.config.initializer_range;
                draw(parameter, tensor, |shape| normal_tensor(shape, deviation, seed, rng_stream as u64));
                report.new.push(tensor.name.clone());
                report.ignored.extend(found.cloned());
            }
        }
    }
    Ok((parameters, report))
}

fn has_shape(weights: &SafetensorsFile, names: &BTreeMap<String, String>, name: &str, shape: &[usize]) -> bool {
    names.get(name).and_then(|name| weights.entries.get(name)).is_some_and(|entry| entry.shape == shape)
}

/// Matrices are drawn, biases stay zero.
fn draw(parameter: &Parameter, tensor: &CheckpointTensor, values: impl Fn(&[i64]) -> Tensor) {
    if tensor.shape.len() > 1 {
        Parameters::set(parameter, tensor, &values(&tensor.shape));
    }
}
