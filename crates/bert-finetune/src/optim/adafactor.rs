//! Adafactor: of a matrix's second moments only the means over rows and over columns are kept.
//!
//! Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018), in the form that the
//! reference's `Trainer` builds: an outer learning rate, neither relative steps nor scaling by the parameter, no momentum.
//! The tensors are those of the checkpoint: query, key and value have means of their own.

use std::collections::BTreeMap;

use bert::{Leaf, Parameters, Part};
use tch::{Kind, Tensor, no_grad};

const EPS: f64 = 1e-30;
const CLIP_THRESHOLD: f64 = 1.0;
const DECAY_RATE: f64 = -0.8;

/// The second moments of every tensor that is learned.
#[derive(Debug)]
pub(crate) struct Adafactor {
    /// Of each leaf, of each of its tensors.
    moments: Vec<Vec<Moment>>,
    names: Vec<Vec<String>>,
}

#[derive(Debug)]
enum Moment {
    /// Of a matrix: means over its columns `(rows)` and over its rows `(columns)`.
    Factored { row: Tensor, column: Tensor },
    /// Of a vector, whole.
    Whole(Tensor),
}

impl Adafactor {
    pub(crate) fn new(parameters: &Parameters) -> Self {
        let options = (Kind::Float, parameters.flat.device());
        let moment = |part: &Part| match part.shape[..] {
            [rows, columns] => {
                Moment::Factored { row: Tensor::zeros([rows], options), column: Tensor::zeros([columns], options) }
            }
            _ => Moment::Whole(Tensor::zeros(part.shape.as_slice(), options)),
        };
        let of_leaves = || parameters.trained().map(|leaf| leaf.parts.iter());
        Self {
            moments: of_leaves().map(|parts| parts.map(moment).collect()).collect(),
            names: of_leaves().map(|parts| parts.map(|part| part.name.clone()).collect()).collect(),
        }
    }

    /// The tensors that a checkpoint has to keep, by name.
    pub(crate) fn state(&self) -> BTreeMap<String, Tensor> {
        let mut state = BTreeMap::new();
        for (name, moment) in self.names.iter().flatten().zip(self.moments.iter().flatten()) {
            let mut keep = |what: &str, tensor: &Tensor| state.insert(format!("{what}/{name}"), tensor.shallow_clone());
            match moment {
                Moment::Factored { row, column } => {
                    keep("exp_avg_sq_row", row);
                    keep("exp_avg_sq_col", column);
                }
                Moment::Whole(whole) => {
                    keep("exp_avg_sq", whole);
                }
            }
        }
        state
    }

    /// Updates the leaf at `place` among those that are learned. `step` counts from 1; `gradient` has the leaf's shape.
    pub(crate) fn update(
        &mut self,
        (place, leaf): (usize, &Leaf),
        gradient: &Tensor,
        step: u64,
        (learning_rate, weight_decay): (f64, f64),
    ) {
        let decay = 1.0 - (step as f64).powf(DECAY_RATE);
        let weights = leaf.tensor.detach();
        for (part, moment) in leaf.parts.iter().zip(&mut self.moments[place]) {
            no_grad(|| {
                let (mut weight, gradient) = (leaf.part_of(&weights, part), leaf.part_of(gradient, part));
                let update = moment.normalised(&gradient, decay);
                let excess = (root_mean_square(&update) / CLIP_THRESHOLD).max(1.0);
                let _ = weight.g_mul_scalar_(1.0 - weight_decay * learning_rate);
                let _ = weight.g_sub_(&(update * (learning_rate / excess)));
            });
        }
    }
}

impl Moment {
    /// Takes the gradient in, and divides it by the root of the moment.
    fn normalised(&mut self, gradient: &Tensor, decay: f64) -> Tensor {
        let squares = gradient.square() + EPS;
        match self {
            Self::Whole(whole) => {
                let _ = whole.lerp_(&squares, 1.0 - decay);
                whole.rsqrt() * gradient
            }
            Self::Factored { row, column } => {
                let _ = row.lerp_(&squares.mean_dim(&[1_i64][..], false, Kind::Float), 1.0 - decay);
                let _ = column.lerp_(&squares.mean_dim(&[0_i64][..], false, Kind::Float), 1.0 - decay);
                let rows = (&*row / row.mean(Kind::Float)).rsqrt().unsqueeze(1);
                gradient * rows * column.rsqrt().unsqueeze(0)
            }
        }
    }
}

fn root_mean_square(tensor: &Tensor) -> f64 {
    tensor.square().mean(Kind::Float).double_value(&[]).sqrt()
}
