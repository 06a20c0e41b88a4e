//! Checkpoint (model folder) on disk, without libtorch: its config, and the bytes of its tensors.
//!
//! In: `config.json`, safetensors in one file or several, tokenizer files, as the hub and Transformers write them. Out: a
//! [`BertConfig`] whose fields can no longer be wrong, and tensors under one set of names ([`Weights`]), each checked against
//! the shape that the config asks for ([`expected_tensors`]). Reading is strict: a missing, unexpected or misshapen tensor is
//! an error that names it. Heads of other tasks are left aside, and said.

mod error;
mod stand_in;
mod json_keys;
mod json_text;
mod activation;
mod config;
mod outputs;
mod exported_keys;
mod label_config;

mod element;
mod floats;
mod not_finite;
mod safetensors_file;
mod writer;

mod names;
mod shards;
mod weights;
mod converted;
mod no_weights;
mod tokenizer_files;
mod folder;
mod tokenizer_config;

pub use activation::Activation;
pub use config::{BertConfig, ProblemType};
pub use converted::{ConversionError, write_converted};
pub use element::Element;
pub use error::CheckpointError;
pub use folder::ModelFolder;
pub use json_text::{parse_json, parse_json_as, parse_json_object};
pub use label_config::{ExportedConfig, exported_config, label_config};
pub use names::{TensorSpec, expected_tensors};
pub use no_weights::no_weights_hint;
pub use outputs::{OutputKind, Outputs};
pub use safetensors_file::{SafetensorsFile, TensorEntry};
pub use shards::{WEIGHTS_INDEX, shards};
pub use stand_in::StandIn;
pub use tokenizer_config::{LongTexts, long_texts, model_max_length, tokenizer_config_changes};
pub use tokenizer_files::{
    ADDED_TOKENS, CONFIG_AND_TOKENIZER_FILES, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, TOKENIZER_FILES, TOKENIZER_JSON,
    VOCAB_TXT, tokenizer_files,
};
pub use weights::Weights;
pub use writer::{TensorBytes, write_safetensors};
