//! Checkpoint (model folder) on disk, without libtorch: its config, and the bytes of its tensors.
//!
//! In: `config.json`, `model.safetensors`, tokenizer files, as the hub and Transformers write them. Out: a
//! [`BertConfig`] whose fields can no longer be wrong, and tensors under one set of names ([`canonical_name`]), each
//! checked against the shape that the config asks for ([`expected_tensors`]). Reading is strict: a missing, unexpected
//! or misshapen tensor is an error that names it.

mod activation;
mod config;
mod folder;
mod tokenizer_config;
mod names;

mod element;
mod not_finite;
mod safetensors_file;
mod writer;

mod error;

pub use activation::Activation;
pub use config::{BertConfig, label_config};
pub use element::Element;
pub use error::CheckpointError;
pub use folder::{CONFIG_AND_TOKENIZER_FILES, ModelFolder, TOKENIZER_FILES};
pub use names::{TensorSpec, canonical_name, expected_tensors};
pub use safetensors_file::{SafetensorsFile, TensorEntry};
pub use tokenizer_config::{LongTexts, TOKENIZER_CONFIG, long_texts};
pub use writer::{TensorBytes, write_safetensors};
