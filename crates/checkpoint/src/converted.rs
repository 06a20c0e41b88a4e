//! Weights in another dtype: all tensors of a folder as one safetensors file, under the canonical names.

use std::cell::RefCell;
use std::io::{self, Write};

use crate::element::Element;
use crate::error::CheckpointError;
use crate::weights::Weights;
use crate::writer::{TensorBytes, write_safetensors};

/// What is wrong with a tensor that is not written.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// It cannot be read, or has numbers that the dtype has not.
    #[error(transparent)]
    Tensor(#[from] CheckpointError),
    /// The stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the weights of a model folder with their numbers as `element`, one tensor in memory at a time.
///
/// # Errors
/// Fails, naming the tensor, when one cannot be read or has a number that is too large for the dtype, and when the stream fails.
pub fn write_converted(stream: &mut impl Write, mut weights: Weights, element: Element) -> Result<(), ConversionError> {
    let names: Vec<(String, Vec<usize>)> =
        weights.names().filter_map(|name| Some((name.to_owned(), weights.entry(name)?.shape.clone()))).collect();
    // That of a float16 alone can fail, and says more here than inside of a stream.
    for (name, _) in names.iter().filter(|_| element == Element::F16) {
        if element.bytes(&weights.floats(name)?).is_none() {
            let problem = "has numbers beyond 65504, the largest of float16; write bfloat16 or float32";
            return Err(weights.tensor_error(name, problem).into());
        }
    }
    let weights = RefCell::new(weights);
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let weights = &weights;
        let of = name.clone();
        let bytes = move || {
            let numbers = weights.borrow_mut().floats(&of).map_err(io::Error::other)?;
            element.bytes(&numbers).ok_or_else(|| io::Error::other(format!("{of}: not a dtype of weights")))
        };
        TensorBytes { name, element, shape, bytes: Box::new(bytes) }
    };
    write_safetensors(stream, names.into_iter().map(tensor).collect())?;
    Ok(())
}
