//! Model parameters: one flat float32 buffer, cut into the tensors that training differentiates and updates.
//!
//! Query, key and value of a layer are one parameter, so that one product computes all three without a copy; on disk they
//! keep the reference's three names. The one buffer makes copies and averages of all parameters one operation.

use checkpoint::{BertConfig, TensorSpec, expected_tensors};
use tch::{Device, Kind, Tensor, no_grad};

/// Parameters begin at multiples of this many numbers: 64 bytes, a cache line and a vector register.
pub(crate) const ALIGNMENT: usize = 16;

/// The canonical name of the word embeddings.
pub const WORD_EMBEDDINGS: &str = "bert.embeddings.word_embeddings.weight";

/// Whether of a tensor of this name, there, only the rows that a batch reads have a gradient, which is kept as these: of the word
/// embeddings on the CPU.
pub fn has_sparse_gradient(name: &str, device: Device) -> bool {
    name == WORD_EMBEDDINGS && device == Device::Cpu
}

/// One tensor of a checkpoint, as a range of rows of a parameter.
#[derive(Debug, Clone)]
pub struct CheckpointTensor {
    /// Its canonical name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// Its first row in the parameter.
    pub first_row: i64,
}

impl CheckpointTensor {
    /// Its rows of `tensor`, which has the parameter's shape: a view of the checkpoint's shape.
    pub fn view_of(&self, tensor: &Tensor) -> Tensor {
        tensor.narrow(0, self.first_row, self.shape[0])
    }
}

/// A tensor that is differentiated and updated as one: a leaf of autograd's graph.
#[derive(Debug)]
pub struct Parameter {
    /// The weights, float32: a view of the flat buffer.
    pub tensor: Tensor,
    /// The checkpoint's tensors in it, in the order of its rows.
    pub checkpoint_tensors: Vec<CheckpointTensor>,
    /// Whether weight decay applies: to matrices, not to biases and layer norms.
    pub decay: bool,
    /// Whether it is trained.
    pub trainable: bool,
    /// Its first number in the flat buffer.
    pub offset: i64,
}

impl Parameter {
    /// The canonical name of its first tensor in a checkpoint.
    pub fn name(&self) -> &str {
        &self.checkpoint_tensors[0].name
    }

    /// Its size in a buffer where parameters begin at cache lines.
    pub fn padded_size(&self) -> i64 {
        self.tensor.numel().next_multiple_of(ALIGNMENT) as i64
    }

    /// Whether its gradient is rows.
    pub fn has_sparse_gradient(&self) -> bool {
        has_sparse_gradient(self.name(), self.tensor.device())
    }

    /// Whether it is of the pooler or the classifier.
    pub(crate) fn is_of_head(&self) -> bool {
        self.name().starts_with("bert.pooler.") || self.name().starts_with("classifier.")
    }
}

/// The layer that a tensor of this name belongs to, from 0; `None` for embeddings, pooler and classifier.
pub fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("bert.encoder.layer.").and_then(|rest| rest.split('.').next()?.parse().ok())
}

/// What an element-wise optimizer brings to one parameter's update.
#[derive(Debug)]
pub struct ParameterUpdate {
    /// The moments that the rule keeps, each of the parameter's shape; the same tensors in every step.
    pub moments: Vec<Tensor>,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

/// The numbers of a buffer in which these parameters stand one after another, each from a cache line on.
pub fn size_side_by_side<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> i64 {
    parameters.map(Parameter::padded_size).sum()
}

/// The part of each in such a buffer, `flat`: a view of the parameter's shape.
pub fn views_side_by_side<'a>(flat: &Tensor, parameters: impl Iterator<Item = &'a Parameter>) -> Vec<Tensor> {
    let mut offset = 0;
    let view = |parameter: &Parameter| {
        let numel = parameter.tensor.numel() as i64;
        let view = flat.narrow(0, offset, numel).view_as(&parameter.tensor);
        offset += parameter.padded_size();
        view
    };
    parameters.map(view).collect()
}

/// The product B·A beside one tensor of the checkpoint; see [`crate::Lora`].
#[derive(Debug, Clone)]
pub(crate) struct Adapter {
    /// The tensor's canonical name.
    pub(crate) target: String,
    /// Indices of A `(rank, n_in)` and B `(n_out, rank)` among the parameters.
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) scale: f64,
}

/// All parameters of a classifier, float32, in the order of the reference's `named_parameters()`.
#[derive(Debug)]
pub struct Parameters {
    /// Every parameter in one buffer; the few numbers between two are zero.
    pub flat: Tensor,
    /// By offset.
    pub list: Vec<Parameter>,
    pub(crate) adapters: Vec<Adapter>,
}

impl Parameters {
    /// Zeros in the shapes of `config` with a classifier of `n_outputs`.
    pub fn zeros(config: &BertConfig, n_outputs: usize, device: Device) -> Self {
        Self::from_groups(join_query_key_value(expected_tensors(config, n_outputs)), device)
    }

    /// Zeros, one parameter for each group of tensors.
    pub(crate) fn from_groups(groups: Vec<Vec<TensorSpec>>, device: Device) -> Self {
        let mut offset = 0;
        let mut ranges = Vec::new();
        for specs in groups {
            let rows: usize = specs.iter().map(|spec| spec.shape[0]).sum();
            let row_size: usize = specs[0].shape[1..].iter().product();
            ranges.push((offset, rows, specs));
            offset = (offset + rows * row_size).next_multiple_of(ALIGNMENT);
        }
        let flat = Tensor::zeros([offset as i64], (Kind::Float, device));
        let list = ranges.into_iter().map(|(offset, rows, specs)| parameter(&flat, offset, rows, &specs)).collect();
        Self { flat, list, adapters: Vec::new() }
    }

    /// Freezes the parameters whose names `is_frozen` accepts.
    pub fn freeze(&mut self, is_frozen: impl Fn(&str) -> bool) {
        for parameter in &mut self.list {
            parameter.trainable &= !is_frozen(parameter.name());
        }
    }

    /// Lets autograd follow the parameters that are trained.
    #[must_use]
    pub fn trainable(mut self) -> Self {
        for parameter in &mut self.list {
            parameter.tensor = parameter.tensor.set_requires_grad(parameter.trainable);
        }
        self
    }

    /// The parameters that are trained.
    pub fn trained(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter().filter(|parameter| parameter.trainable)
    }

    /// A copy that changes on its own.
    #[must_use]
    pub fn deep_copy(&self) -> Self {
        self.on_buffer(self.flat.copy())
    }

    /// The same parameters on the buffer `flat`, not followed by autograd.
    pub(crate) fn on_buffer(&self, flat: Tensor) -> Self {
        let moved = |parameter: &Parameter| {
            let numel = parameter.tensor.numel() as i64;
            let view = flat.narrow(0, parameter.offset, numel).view_as(&parameter.tensor);
            let checkpoint_tensors = parameter.checkpoint_tensors.clone();
            Parameter { tensor: view.detach(), checkpoint_tensors, ..*parameter }
        };
        let list = self.list.iter().map(moved).collect();
        Self { flat, list, adapters: self.adapters.clone() }
    }

    /// The parameter that holds the checkpoint's tensor `name` first.
    pub fn get(&self, name: &str) -> &Parameter {
        &self.list[self.index(name)]
    }

    /// Its index.
    pub(crate) fn index(&self, name: &str) -> usize {
        let found = self.list.iter().position(|parameter| parameter.name() == name);
        // The names come from the same table as the parameters; see `checkpoint::expected_tensors`.
        found.unwrap_or_else(|| unreachable!("{name} is a parameter of every BERT"))
    }

    /// The product beside the checkpoint's tensor `name`.
    pub(crate) fn adapter(&self, name: &str) -> Option<&Adapter> {
        self.adapters.iter().find(|adapter| adapter.target == name)
    }

    /// Each tensor of the checkpoint with the parameter that it is a part of.
    pub fn checkpoint_tensors(&self) -> impl Iterator<Item = (&Parameter, &CheckpointTensor)> {
        self.list
            .iter()
            .flat_map(|parameter| parameter.checkpoint_tensors.iter().map(move |tensor| (parameter, tensor)))
    }

    /// Overwrites one tensor of the checkpoint.
    pub(crate) fn set(parameter: &Parameter, tensor: &CheckpointTensor, value: &Tensor) {
        no_grad(|| tensor.view_of(&parameter.tensor.detach()).copy_(value));
    }

    /// All numbers.
    pub fn count(&self) -> usize {
        self.list.iter().map(|parameter| parameter.tensor.numel()).sum()
    }

    /// The numbers that are trained.
    pub fn count_trained(&self) -> usize {
        self.trained().map(|parameter| parameter.tensor.numel()).sum()
    }
}

fn parameter(flat: &Tensor, offset: usize, rows: usize, specs: &[TensorSpec]) -> Parameter {
    let mut shape: Vec<i64> = specs[0].shape.iter().map(|&size| size as i64).collect();
    shape[0] = rows as i64;
    let mut first_row = 0;
    let mut checkpoint_tensors = Vec::new();
    for spec in specs {
        let shape: Vec<i64> = spec.shape.iter().map(|&size| size as i64).collect();
        checkpoint_tensors.push(CheckpointTensor { name: spec.name.clone(), first_row, shape: shape.clone() });
        first_row += shape[0];
    }
    let numel: i64 = shape.iter().product();
    // Detached, the view is a leaf of autograd's graph on the same memory.
    let tensor = flat.narrow(0, offset as i64, numel).view(shape.as_slice()).detach();
    Parameter { tensor, checkpoint_tensors, decay: shape.len() > 1, trainable: true, offset: offset as i64 }
}

/// The tensors of each parameter: query, key and value together, all others alone.
fn join_query_key_value(specs: Vec<TensorSpec>) -> Vec<Vec<TensorSpec>> {
    let mut groups: Vec<Vec<TensorSpec>> = Vec::new();
    for spec in specs {
        let query = spec.name.replace(".self.key.", ".self.query.").replace(".self.value.", ".self.query.");
        match groups.iter_mut().rev().take(4).find(|group| group[0].name == query) {
            Some(group) => group.push(spec),
            None => groups.push(vec![spec]),
        }
    }
    groups
}
