//! Loss and gradients of one batch without dropout, by the reference's names: for the parity tests and for
//! `examples/gradients.rs`.

use bert::{Batch, DropoutRates, DropoutSites, Model, Parameters, Precision};
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
    let parameters = parameters.trainable();
    let model = Model::new(&parameters, config, Precision::Float32)?;
    let rates = DropoutRates { hidden: 0.0, attention: 0.0, classifier: 0.0 };
    let pass = model.forward_train(batch, &DropoutSites::new(rates, 0, 0, 0, 0))?;
    let logits = pass.logits.detach();
    let loss = match targets.kind() {
        Kind::Int64 => pass.logits.cross_entropy_for_logits(targets),
        _ => pass.logits.f_squeeze_dim(1)?.f_mse_loss(targets, Reduction::Mean)?,
    };
    let mut sums = model.gradients(&parameters);
    pass.backward(&loss, &parameters, &mut sums)?;
    let mut gradients = Vec::new();
    for (leaf, gradient) in parameters.leaves.iter().zip(sums.of_leaves()) {
        let dense = gradient.to_dense().view_as(&leaf.tensor);
        let parts = leaf.parts.iter().map(|part| (part.name.clone(), leaf.part_of(&dense, part).copy()));
        gradients.extend(parts);
    }
    Ok(Backward { logits, loss: loss.detach(), gradients, global_norm: global_norm(sums.of_leaves(), None)? })
}
