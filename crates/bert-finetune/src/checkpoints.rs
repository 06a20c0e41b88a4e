//! Checkpoints: `checkpoints/step-NNNNNN/` and the best weights so far; saving, verifying, resuming, removing.
//!
//! A checkpoint is `model.safetensors` (the trainable parameters), `optimizer.safetensors`, `average.safetensors` where
//! an EMA is kept, `state.json`, and `manifest.json` with the run's key and the SHA-256 of each, which is written last.
//! Only a checkpoint whose files all verify is continued. The best weights lie beside it as
//! `best-step-NNNNNN.safetensors`, written before the checkpoint whose manifest lists them.

mod store;
mod manifest;
mod tensors;
mod disk_space;
mod layout;

pub(crate) use disk_space::{DiskSpace, Saves};
pub(crate) use layout::CheckpointFolder;
pub(crate) use store::Checkpoints;
