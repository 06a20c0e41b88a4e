//! Loss and gradients of one batch without dropout, by the reference's names: for the parity tests and for
//! `examples/gradients.rs`.

use bert::{Batch, DropoutCounters, DropoutRates, DropoutSites, Model, Parameters, Precision};
use bert_kernels::global_norm;
use checkpoint::BertConfig;
use tch::{Kind, Reduction, Tensor};

/// What one forward and one backward pass compute.
pub(crate) struct Backward {
    #[allow(dead_code, reason = "the example writes them; the parity tests have tests of their own for logits")]
    pub(crate) logits: Tensor,
    pub(crate) loss: Tensor,
    /// Each tensor of the checkpoint with its gradient, dense.
    pub(crate) gradients: Vec<(String, Tensor)>,
    /// The norm of all gradients as one vector.
    #[allow(dead_code, reason = "the example has no use for it")]
    pub(crate) global_norm: f64,
}

/// `targets`: `(batch)`; int64 are classes, float32 are scores.
pub(crate) fn backward(
    parameters: Parameters,
    config: &BertConfig,
    batch: &Batch,
    targets: &Tensor,
) -> Result<Backward, Box<dyn std::error::Error>> {
    let model = Model::new(parameters.trainable(), config, Precision::Float32)?;
    let no_dropout = DropoutSites::new(DropoutRates::NONE, DropoutCounters::default());
    let forward = model.forward_train(batch, &no_dropout)?;
    let logits = forward.logits.detach();
    let loss = match targets.kind() {
        Kind::Int64 => forward.logits.cross_entropy_for_logits(targets),
        _ => forward.logits.f_squeeze_dim(1)?.f_mse_loss(targets, Reduction::Mean)?,
    };
    let mut sums = model.gradients();
    forward.backward(&loss, &mut sums)?;
    let mut gradients = Vec::new();
    for (parameter, gradient) in model.parameters().trained().zip(sums.as_slice()) {
        let dense = gradient.to_dense().view_as(&parameter.tensor);
        let tensors = parameter.checkpoint_tensors.iter();
        gradients.extend(tensors.map(|tensor| (tensor.name.clone(), tensor.view_of(&dense).copy())));
    }
    Ok(Backward { logits, loss: loss.detach(), gradients, global_norm: global_norm(sums.as_slice(), None)? })
}
