//! From a model folder to parameters: strict, and told what was new.

use checkpoint::{Element, ModelFolder, SafetensorsFile, canonical_name};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

use crate::random::normal_tensor;
use crate::{BertError, Leaf, Parameters, Part};

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
    for (stream, (leaf, part)) in parameters.parts().enumerate() {
        let classifier = part.name.starts_with("classifier.");
        match names.get(&part.name) {
            Some(name) if !classifier || keep_classifier => {
                let value = read_tensor(&mut weights, name, part)?;
                parameters.set(leaf, part, &value);
            }
            found => {
                if !classifier && !part.name.starts_with("bert.pooler.") {
                    return Err(weights.tensor_error(&part.name, "missing").into());
                }
                draw(&parameters, leaf, part, folder.config.initializer_range, seed, stream as u64);
                report.new.push(part.name.clone());
                report.ignored.extend(found.cloned());
            }
        }
    }
    Ok((parameters, report))
}

fn has_shape(weights: &SafetensorsFile, names: &BTreeMap<String, String>, name: &str, shape: &[usize]) -> bool {
    names.get(name).and_then(|name| weights.entries.get(name)).is_some_and(|entry| entry.shape == shape)
}

fn read_tensor(weights: &mut SafetensorsFile, name: &str, part: &Part) -> Result<Tensor, BertError> {
    let entry = &weights.entries[name];
    let shape: Vec<i64> = entry.shape.iter().map(|&size| size as i64).collect();
    if shape != part.shape {
        let problem = format!("has shape {shape:?}; config.json asks for {:?}", part.shape);
        return Err(weights.tensor_error(name, problem).into());
    }
    let kind = match entry.element {
        Some(Element::F32) => Kind::Float,
        Some(Element::F16) => Kind::Half,
        Some(Element::BF16) => Kind::BFloat16,
        _ => return Err(weights.tensor_error(name, "expected numbers of type F32, F16 or BF16").into()),
    };
    let bytes = weights.read(name)?;
    Ok(Tensor::f_from_data_size(&bytes, &shape, kind)?.to_kind(Kind::Float))
}

/// Matrices are drawn, biases stay zero.
fn draw(parameters: &Parameters, leaf: &Leaf, part: &Part, deviation: f64, seed: u64, stream: u64) {
    if part.shape.len() > 1 {
        parameters.set(leaf, part, &normal_tensor(&part.shape, deviation, seed, stream));
    }
}
