//! BERT for sequence classification on libtorch: packed batches in, logits out, and gradients on the way back.
//!
//! ```text
//! model folder ──load──► Parameters ──Model::new(config, precision)──► Model
//! Model ──forward(&Batch, Mode)──► logits (batch, n_outputs)
//! Model ──forward_train──► TrainingForward ──backward(loss)──► Gradients ──gradient_norm, update──► Model
//! ```
//!
//! A batch is a flat list of tokens, never a padded rectangle: embeddings, products, normalization and GELU see only real
//! tokens, and sentences are padded at most inside attention (`backend/attention.rs`; the kernels pad nothing). The last
//! layer computes the first token of each sentence alone, since nothing else is read from it. Both give the same numbers as
//! padding does. Which backend computes is the model's own affair ([`Model`]).

mod model;
mod training_forward;
mod head;
mod one_thread;
mod backend;
mod layers;
mod gradients;
mod slice_sums;
mod gradient_exchange;
mod device_steps;

mod batch;
mod dropout;
mod mode;

mod parameters;
mod load;
mod save;
mod lora;

mod infer;
mod pooling;
mod classifier;
mod attributions;
mod memory;

mod device;
pub mod random;
pub mod tensor_bytes;
mod error;

pub use attributions::{AttributedText, Attribution, IntegratedGradients, TextRequest, attribute_texts, attributions};
pub use batch::Batch;
pub use classifier::{Classifier, ClassifierFolder, argmax};
pub use device::{Compute, Machine, Precision, n_cuda_devices};
pub use device_steps::{DeviceMicroBatch, DeviceNumbers, DeviceSteps, DeviceStepsOptions, Recording};
pub use dropout::{DropoutCounters, DropoutRates, DropoutSites};
pub use error::BertError;
pub use gradient_exchange::{GradientExchange, MicroBatchFacts};
pub use gradients::Gradients;
pub use infer::{Part, calibrated_probabilities, infer, infer_part, probabilities, sigmoid};
pub use load::{LoadReport, load, load_with_new_head};
pub use lora::{Lora, LoraTarget};
pub use memory::encoder_memory;
pub use mode::Mode;
pub use model::Model;
pub use parameters::{
    CheckpointTensor, Parameter, ParameterUpdate, Parameters, WORD_EMBEDDINGS, has_sparse_gradient, layer_of,
    size_side_by_side, views_side_by_side,
};
pub use pooling::WindowPooling;
pub use save::{write_trained, write_weights};
pub use training_forward::TrainingForward;
