//! The gradients of all leaves that are learned. Those that a kernel writes lie in memory that is kept from step to step.

use tch::{Kind, Tensor, no_grad};
use bert_kernels::Gradient;

use crate::{Leaf, Parameters};

/// Of every leaf that is learned, in their order.
#[derive(Debug)]
pub struct Gradients {
    of_leaves: Vec<Gradient>,
    /// The places of the leaves among all of the parameters.
    leaves: Vec<usize>,
    /// Whether a micro-batch has written them: the next one adds.
    filled: bool,
}

impl Gradients {
    /// For what is learned of `parameters`.
    pub(crate) fn new(parameters: &Parameters) -> Self {
        let none = |leaf: &Leaf| {
            let size = leaf.tensor.size();
            let options = (Kind::Float, leaf.tensor.device());
            if leaf.has_few_rows() {
                return Gradient::Rows {
                    rows: Vec::new(),
                    values: Tensor::zeros([0, size[1]], options),
                    n_rows: size[0],
                };
            }
            Gradient::Dense(Tensor::zeros([0], options))
        };
        let of_leaves = parameters.trained().map(none).collect();
        let leaves = (0..parameters.leaves.len()).filter(|&place| parameters.leaves[place].trainable).collect();
        Self { of_leaves, leaves, filled: false }
    }

    /// The same with room for a kernel that writes the leaves before `end` among all of the parameters itself.
    #[must_use]
    pub(crate) fn with_room_before(mut self, end: usize, parameters: &Parameters) -> Self {
        let written = || parameters.leaves[..end].iter().filter(|leaf| leaf.trainable && !leaf.has_few_rows());
        let size = written().map(Leaf::padded_size).sum::<i64>();
        let flat = Tensor::zeros([size], (Kind::Float, parameters.flat.device()));
        let mut offset = 0;
        let mut written = written();
        for gradient in &mut self.of_leaves {
            if matches!(gradient, Gradient::Rows { .. }) {
                continue;
            }
            let Some(leaf) = written.next() else { break };
            *gradient = Gradient::Dense(flat.narrow(0, offset, leaf.tensor.numel() as i64).view_as(&leaf.tensor));
            offset += leaf.padded_size();
        }
        self
    }

    /// The next micro-batch is the first of a step: its gradients take the place of these.
    pub fn clear(&mut self) {
        self.filled = false;
    }

    /// Of each leaf that is learned.
    pub fn of_leaves(&self) -> &[Gradient] {
        &self.of_leaves
    }

    /// Takes in what a micro-batch computed for the leaf at `place` among all of the parameters; nothing where that is not
    /// learned.
    pub(crate) fn take_in(&mut self, place: usize, computed: Gradient) {
        let Ok(place) = self.leaves.binary_search(&place) else { return };
        let gradient = &mut self.of_leaves[place];
        *gradient = if self.filled {
            let empty = Gradient::Dense(Tensor::new());
            no_grad(|| std::mem::replace(gradient, empty).plus(computed))
        } else {
            computed
        };
    }

    /// The tensors of the leaves before `end` among all of the parameters, for a kernel that writes them itself; `None`
    /// where a leaf is not learned. The word table's holds nothing.
    pub(crate) fn places_before(&self, end: usize) -> Vec<Option<Tensor>> {
        let mut places = (0..end).map(|_| None).collect::<Vec<_>>();
        for (&place, gradient) in self.leaves.iter().zip(&self.of_leaves).take_while(|(place, _)| **place < end) {
            places[place] = Some(gradient.values().shallow_clone());
        }
        places
    }

    /// Whether a micro-batch of this step has been taken in.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled
    }

    /// What comes next belongs to another micro-batch.
    pub(crate) fn end_micro_batch(&mut self) {
        self.filled = true;
    }
}
