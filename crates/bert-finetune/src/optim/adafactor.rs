//! Adafactor: of a matrix's second moments only the means over rows and over columns are kept.
//!
//! Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018), in the form that the
//! reference's `Trainer` builds: an external learning rate, neither relative steps nor scaling by the parameter, no momentum.
//! The tensors are those of the checkpoint: query, key and value have means of their own.

use std::collections::BTreeMap;

use bert::{CheckpointTensor, Parameter, Parameters};
use tch::{Kind, Tensor, no_grad};

const EPS: f64 = 1e-30;
const CLIP_THRESHOLD: f64 = 1.0;
const DECAY_RATE: f64 = -0.8;

/// The second moments of every tensor that is trained.
#[derive(Debug)]
pub(crate) struct Adafactor {
    /// Of each trained parameter, of each of its tensors.
    moments: Vec<Vec<Moment>>,
    names: Vec<Vec<String>>,
}

/// What one step does to one parameter, beside its gradient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdafactorStep {
    /// From 1.
    pub(crate) step: u64,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
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
        let moment = |tensor: &CheckpointTensor| match tensor.shape[..] {
            [rows, columns] => {
                Moment::Factored { row: Tensor::zeros([rows], options), column: Tensor::zeros([columns], options) }
            }
            _ => Moment::Whole(Tensor::zeros(tensor.shape.as_slice(), options)),
        };
        let tensors = || parameters.trained().map(|parameter| parameter.checkpoint_tensors.iter());
        Self {
            moments: tensors().map(|tensors| tensors.map(moment).collect()).collect(),
            names: tensors().map(|tensors| tensors.map(|tensor| tensor.name.clone()).collect()).collect(),
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

    /// Updates `parameter`, the one at `position` among those that are trained. `gradient` has its shape.
    pub(crate) fn update(&mut self, position: usize, parameter: &Parameter, gradient: &Tensor, step: AdafactorStep) {
        let AdafactorStep { step, learning_rate, weight_decay } = step;
        let decay = 1.0 - (step as f64).powf(DECAY_RATE);
        let weights = parameter.tensor.detach();
        for (tensor, moment) in parameter.checkpoint_tensors.iter().zip(&mut self.moments[position]) {
            no_grad(|| {
                let (mut weight, gradient) = (tensor.view_of(&weights), tensor.view_of(gradient));
                let update = moment.normalized(&gradient, decay);
                let excess = (root_mean_square(&update) / CLIP_THRESHOLD).max(1.0);
                let _ = weight.g_mul_scalar_(1.0 - weight_decay * learning_rate);
                let _ = weight.g_sub_(&(update * (learning_rate / excess)));
            });
        }
    }
}

impl Moment {
    /// Averages the gradient's square in, and returns the gradient divided by the root of the moment.
    fn normalized(&mut self, gradient: &Tensor, decay: f64) -> Tensor {
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
