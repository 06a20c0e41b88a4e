//! Errors between a checkpoint and its logits, and which of them are the input's fault.

use bert_kernels::libtorch::LoadError;
use bert_kernels::{DistributedError, KernelError};
use checkpoint::CheckpointError;
use tch::TchError;

/// An error of the model.
#[derive(Debug, thiserror::Error)]
pub enum BertError {
    /// The model folder cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// libtorch is missing or broken.
    #[error("{0}; {advice}; `bert-doctor` says more", advice = .0.advice())]
    Load(LoadError),
    /// libtorch refused an operation.
    #[error("libtorch: {}", .0.to_string().lines().next().unwrap_or_default())]
    Torch(#[from] TchError),
    /// A kernel of this project failed.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// Another process of the run is gone, or does not answer.
    #[error(transparent)]
    Distributed(#[from] DistributedError),
    /// The device, the precision or the classifier that was requested is not there.
    #[error("{0}")]
    Unavailable(String),
}

impl From<LoadError> for BertError {
    fn from(error: LoadError) -> Self {
        Self::Load(error) // and not its source: the message has all of it
    }
}

impl BertError {
    /// Whether the user's input alone is the cause: exit code 2.
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Checkpoint(_) | Self::Unavailable(_))
    }
}
