//! Logits, loss and every gradient of the first rows of a token file, float32, without dropout, on the CPU.
//!
//!     gradients MODEL_DIR TOKENS.parquet N_ROWS > out.safetensors
//!
//! Standard output gets the safetensors file: `logits`, `loss`, and `gradient/NAME` for each tensor of the checkpoint. The
//! model folder brings its classifier. `tests/reference/test_parity.py` holds it against the reference.

#[path = "../tests/backward/mod.rs"]
mod backward;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use backward::backward;
use bert::{Batch, tensor_bytes};
use checkpoint::{ModelFolder, write_safetensors};
use corpus::tokens::{Labels, TokenSet};
use tch::{Device, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, tokens, n_rows] = words.as_slice() else {
        return Err("expected MODEL_DIR TOKENS.parquet N_ROWS".into());
    };
    let folder = ModelFolder::open(Path::new(model))?;
    let set = TokenSet::read(Path::new(tokens))?;
    let n_rows = n_rows.parse::<usize>()?.min(set.len());

    let n_outputs = folder.weights()?.n_outputs(&folder.config).ok_or_else(|| format!("{model} has no classifier"))?;
    let (parameters, _) = bert::load(&folder, n_outputs, 0, Device::Cpu)?;
    let sentences: Vec<&[i32]> = (0..n_rows).map(|row| set.input_ids(row)).collect();
    let batch = Batch::new(&sentences, Device::Cpu);
    let computed = backward(parameters, &folder.config, &batch, &targets(&set.labels, n_rows))?;

    let mut named = vec![("logits".to_owned(), computed.logits), ("loss".to_owned(), computed.loss.view([1]))];
    named.extend(computed.gradients.into_iter().map(|(name, gradient)| (format!("gradient/{name}"), gradient)));
    let mut stdout = io::stdout().lock();
    write_safetensors(
        &mut stdout,
        named.into_iter().map(|(name, tensor)| tensor_bytes::entry(name, tensor)).collect(),
    )?;
    Ok(stdout.flush()?)
}

/// The labels of the first rows, all of which have one.
fn targets(labels: &Labels, n_rows: usize) -> Tensor {
    match labels {
        Labels::Classes(classes) => {
            Tensor::from_slice(&classes[..n_rows].iter().flatten().map(|&class| i64::from(class)).collect::<Vec<_>>())
        }
        Labels::Scores(scores) => Tensor::from_slice(&scores[..n_rows].iter().flatten().copied().collect::<Vec<_>>()),
    }
}
