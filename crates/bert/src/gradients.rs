//! Gradients of the trained parameters, added up over the micro-batches of a step. Those that a kernel writes lie in memory
//! that is kept from step to step.

use bert_kernels::{Accumulate, Gradient, KernelError};
use tch::{Kind, Tensor, no_grad};

use crate::parameters::{ALIGNMENT, Parameter, Parameters, layer_of, size_side_by_side, views_side_by_side};

/// One gradient for every trained parameter, in their order.
#[derive(Debug)]
pub struct Gradients {
    trained: Vec<Gradient>,
    /// The index of each among all parameters, rising.
    indices: Vec<usize>,
    /// Whether a micro-batch of this step has written them: the next one adds.
    accumulate: Accumulate,
    /// Where processes exchange them, all dense ones in pieces `(processes, slice)`: [`Self::shared`].
    shared: Vec<Tensor>,
}

impl Gradients {
    /// No gradients yet, for what is trained of `parameters`.
    pub(crate) fn new(parameters: &Parameters) -> Self {
        let empty = |parameter: &Parameter| {
            let size = parameter.tensor.size();
            let options = (Kind::Float, parameter.tensor.device());
            if parameter.has_sparse_gradient() {
                let values = Tensor::zeros([0, size[1]], options);
                return Gradient::Rows { rows: Vec::new(), values, n_rows: size[0] };
            }
            Gradient::Dense(Tensor::zeros([0], options))
        };
        let trained = parameters.trained().map(empty).collect();
        let indices = (0..parameters.list.len()).filter(|&index| parameters.list[index].trainable).collect();
        Self { trained, indices, accumulate: Accumulate::Overwrite, shared: Vec::new() }
    }

    /// The same with memory for a kernel that writes the dense gradients of the parameters that `is_written` accepts.
    #[must_use]
    pub(crate) fn allocated(self, parameters: &Parameters, is_written: impl Fn(&Parameter) -> bool) -> Self {
        let written = |parameter: &Parameter| is_written(parameter) && !parameter.has_sparse_gradient();
        let size = size_side_by_side(parameters.trained().filter(|&it| written(it)));
        let flat = Tensor::zeros([size], (Kind::Float, parameters.flat.device()));
        self.laid_out(parameters, &flat, written)
    }

    /// The same with all dense gradients in pieces, which `n_processes` exchange.
    #[must_use]
    pub(crate) fn shared_by(self, parameters: &Parameters, n_processes: usize) -> Self {
        let n_layers = parameters.list.iter().filter_map(|it| layer_of(it.name())).max().map_or(0, |last| last + 1);
        let piece_of = |parameter: &Parameter| match layer_of(parameter.name()) {
            Some(layer) => layer + 1,
            None if parameter.is_of_head() => n_layers,
            None => 0,
        };
        (0..=n_layers).fold(self, |gradients, piece| {
            let is_of_piece = |it: &Parameter| !it.has_sparse_gradient() && piece_of(it) == piece;
            let size = size_side_by_side(parameters.trained().filter(|&it| is_of_piece(it)));
            let slice = (size as usize).div_ceil(n_processes).next_multiple_of(ALIGNMENT);
            let buffer = Tensor::zeros([n_processes as i64, slice as i64], (Kind::Float, parameters.flat.device()));
            let mut gradients = gradients.laid_out(parameters, &buffer.view([-1]), is_of_piece);
            gradients.shared.push(buffer);
            gradients
        })
    }

    /// The dense gradients that `written` accepts as views of `flat`.
    fn laid_out(mut self, parameters: &Parameters, flat: &Tensor, written: impl Fn(&Parameter) -> bool) -> Self {
        let views = views_side_by_side(flat, parameters.trained().filter(|&it| written(it)));
        let places = self.trained.iter_mut().zip(parameters.trained()).filter(|(_, parameter)| written(parameter));
        for ((gradient, _), view) in places.zip(views) {
            *gradient = Gradient::Dense(view);
        }
        self
    }

    /// Gradients that were computed elsewhere: `tensors` are those of the trained parameters, in their order.
    ///
    /// # Errors
    /// Fails when libtorch cannot bring the rows of a sparse one in order.
    pub fn from_tensors(parameters: &Parameters, tensors: &[Tensor]) -> Result<Self, KernelError> {
        let mut gradients = Self::new(parameters);
        gradients.trained = tensors.iter().map(Gradient::new).collect::<Result<_, _>>()?;
        Ok(gradients)
    }

    /// The next micro-batch is the first of a step: its gradients replace these.
    pub fn clear(&mut self) {
        self.accumulate = Accumulate::Overwrite;
    }

    /// One for every trained parameter, in their order.
    pub fn as_slice(&self) -> &[Gradient] {
        &self.trained
    }

    /// All dense ones that processes share, in pieces `(processes, slice)`: the embeddings, then each layer, the head with the
    /// last. A backward pass writes them from the last to the first.
    pub(crate) fn shared(&self) -> &[Tensor] {
        &self.shared
    }

    /// The one that is kept as rows, if there is one.
    pub(crate) fn rows_mut(&mut self) -> Option<&mut Gradient> {
        self.trained.iter_mut().find(|gradient| matches!(gradient, Gradient::Rows { .. }))
    }

    /// Adds what a micro-batch computed for the parameter at `index` among all; nothing where that is frozen.
    pub(crate) fn add(&mut self, index: usize, computed: Gradient) {
        let Ok(position) = self.indices.binary_search(&index) else { return };
        let gradient = &mut self.trained[position];
        if let (false, Gradient::Dense(target), Gradient::Dense(values)) =
            (self.shared.is_empty(), &*gradient, &computed)
        {
            return no_grad(|| target.shallow_clone().copy_(values));
        }
        *gradient = match self.accumulate {
            Accumulate::Overwrite => computed,
            Accumulate::Add => {
                let empty = Gradient::Dense(Tensor::new());
                no_grad(|| std::mem::replace(gradient, empty).plus(computed))
            }
        };
    }

    /// The numbers of the gradient at `index` among all parameters, for a kernel that writes them; `None` where that is
    /// frozen.
    pub(crate) fn values(&self, index: usize) -> Option<Tensor> {
        let position = self.indices.binary_search(&index).ok()?;
        Some(self.trained[position].values().shallow_clone())
    }

    /// What the next backward pass does to these.
    pub(crate) fn accumulate(&self) -> Accumulate {
        self.accumulate
    }

    /// What comes next belongs to another micro-batch of the step.
    pub(crate) fn end_micro_batch(&mut self) {
        self.accumulate = Accumulate::Add;
    }
}
