//! BERT for sequence classification on libtorch: packed batches in, logits out.
//!
//! ```text
//! model folder ──load──► Parameters ──Model::new(precision)──► Model ──forward(&Batch, Mode)──► logits (batch, n_outputs)
//! ```
//!
//! A batch is a flat list of tokens, never a padded rectangle: embeddings, products, normalisation and GELU see only real
//! tokens, and sentences are padded at most inside attention (`attention.rs`; the kernels pad nothing). The last layer computes the first token of each sentence
//! alone, since nothing else is read from it. Both give the same numbers as padding does.

mod attention;
mod batch;
mod classifier;
mod device;
mod dropout;
mod embeddings;
mod encoder;
mod error;
mod fused;
mod gradients;
mod infer;
mod layers;
mod load;
mod lora;
mod model;
mod parameters;
pub mod random;
mod save;

pub use batch::Batch;
pub use classifier::{Classifier, argmax};
pub use device::{Compute, ComputeArgs, Machine, Precision};
pub use dropout::{DropoutRates, DropoutSites};
pub use error::BertError;
pub use gradients::Gradients;
pub use infer::{infer, probabilities};
pub use load::{LoadReport, load};
pub use lora::{Lora, LoraTarget};
pub use model::{Mode, Model, Pass};
pub use parameters::{Leaf, Parameters, Part};
pub use save::{write_trained, write_weights};
