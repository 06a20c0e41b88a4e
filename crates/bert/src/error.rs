//! What can go wrong between a checkpoint and its logits.

use checkpoint::CheckpointError;
use tch::TchError;
use bert_kernels::KernelError;

/// An error of the model.
#[derive(Debug, thiserror::Error)]
pub enum BertError {
    /// The model folder cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// libtorch refused an operation.
    #[error("libtorch: {}", .0.to_string().lines().next().unwrap_or_default())]
    Torch(#[from] TchError),
    /// A kernel of this project failed.
    #[error(transparent)]
    TorchExt(#[from] KernelError),
    /// The device or precision that was asked for is not there.
    #[error("{0}")]
    Unavailable(String),
}
