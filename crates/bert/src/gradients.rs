//! The gradients of all leaves that are learned, in memory that is kept from step to step.

use tch::{Kind, Tensor, no_grad};
use torch_ext::Gradient;

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
    /// Room for the gradients of what is learned of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let sizes = parameters.trained().map(|leaf| if leaf.is_words() { 0 } else { leaf.padded_size() });
        let flat = Tensor::zeros([sizes.sum::<i64>()], (Kind::Float, parameters.flat.device()));
        let mut offset = 0;
        let mut room = |leaf: &Leaf| {
            if leaf.is_words() {
                let size = leaf.tensor.size();
                let values = Tensor::zeros([0, size[1]], (Kind::Float, leaf.tensor.device()));
                return Gradient::Rows { rows: Vec::new(), values, n_rows: size[0] };
            }
            let view = flat.narrow(0, offset, leaf.tensor.numel() as i64).view_as(&leaf.tensor);
            offset += leaf.padded_size();
            Gradient::Dense(view)
        };
        let of_leaves = parameters.trained().map(&mut room).collect();
        let leaves = (0..parameters.leaves.len()).filter(|&place| parameters.leaves[place].trainable).collect();
        Self { of_leaves, leaves, filled: false }
    }

    /// Forgets them: the next micro-batch is the first of a step.
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
        match (&mut self.of_leaves[place], computed) {
            (Gradient::Dense(sum), computed) => no_grad(|| {
                let computed = computed.to_dense();
                if self.filled {
                    let _ = sum.g_add_(&computed);
                } else {
                    sum.copy_(&computed);
                }
            }),
            (rows, computed) if self.filled => {
                let empty = Gradient::Dense(Tensor::new());
                *rows = std::mem::replace(rows, empty).plus(computed);
            }
            (rows, computed) => *rows = computed,
        }
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
