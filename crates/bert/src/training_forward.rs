//! Forward pass in training: its logits, and the gradients of a loss that is made of them.

use bert_kernels::Gradient;
use tch::Tensor;

use crate::backend::Backend;
use crate::batch::Batch;
use crate::error::BertError;
use crate::gradients::Gradients;
use crate::one_thread::OneThread;
use crate::parameters::{Parameter, Parameters};

/// A forward pass whose gradients are to be computed.
#[derive(Debug)]
pub struct TrainingForward<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) backend: &'a Backend,
    pub(crate) batch: &'a Batch,
    pub(crate) cls_hidden_states: Tensor,
    /// `(batch, n_outputs)`, float32.
    pub logits: Tensor,
}

impl TrainingForward<'_> {
    /// The loss that `of` makes of the logits, a scalar; beside a kernel on one thread: libtorch's own would spin on a core of the
    /// kernel's threads after each of its small operators.
    pub fn loss(&self, of: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
        let _one_thread = self.backend.is_kernel().then(OneThread::begin);
        of(&self.logits)
    }

    /// The gradients of `loss` for the trained parameters, in their order, as autograd computes them; of a model of operators.
    pub(crate) fn run_backward(&self, loss: &Tensor) -> Result<Vec<Tensor>, BertError> {
        let sources: Vec<&Tensor> = self.parameters.trained().map(|parameter| &parameter.tensor).collect();
        Ok(Tensor::f_run_backward(&[loss], &sources, false, false)?)
    }

    /// Adds the gradients of `loss`, a scalar made of the logits, to `gradients`: those of one more micro-batch.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn backward(self, loss: &Tensor, gradients: &mut Gradients) -> Result<(), BertError> {
        self.backward_by_layers(loss, gradients, &mut |_, _| ())
    }

    /// The same; a kernel calls `after_layer` with the gradients and each layer, from the last to the first, once all of that
    /// layer's are there. Those of the head are there before.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn backward_by_layers(
        self,
        loss: &Tensor,
        gradients: &mut Gradients,
        after_layer: &mut dyn FnMut(&Gradients, usize),
    ) -> Result<(), BertError> {
        let Self { parameters, backend, .. } = self;
        // With the kernel autograd knows the head alone, and the hidden states that it reads.
        let is_followed =
            |parameter: &Parameter| parameter.trainable && (!backend.is_kernel() || parameter.is_of_head());
        let indices: Vec<usize> =
            (0..parameters.list.len()).filter(|&index| is_followed(&parameters.list[index])).collect();
        let mut sources: Vec<&Tensor> = indices.iter().map(|&index| &parameters.list[index].tensor).collect();
        if backend.is_kernel() {
            sources.push(&self.cls_hidden_states);
        }
        let one_thread = backend.is_kernel().then(OneThread::begin);
        let computed = Tensor::f_run_backward(&[loss], &sources, false, false)?;
        drop(one_thread);
        for (&index, gradient) in indices.iter().zip(&computed) {
            gradients.add(index, Gradient::new(gradient)?);
        }
        if let (Backend::Kernel(kernel), Some(dfirst)) = (backend, computed.last()) {
            kernel.borrow_mut().backward(self.batch, &dfirst.contiguous(), gradients, after_layer)?;
        }
        gradients.end_micro_batch();
        Ok(())
    }
}
