//! The parameters as one flat buffer, cut into the leaves that training differentiates.
//!
//! Query, key and value of a layer are one leaf, so that one product computes all three without a copy; on disk they
//! keep the reference's three names. The one buffer makes copies and averages of all parameters one operation.

use checkpoint::{BertConfig, TensorSpec, expected_tensors};
use tch::{Device, Kind, Tensor, no_grad};

use crate::lora::Adapter;

/// Leaves begin at multiples of this many numbers: 64 bytes, a cache line and a vector register.
const ALIGNMENT: usize = 16;

/// One tensor of a checkpoint, as a range of rows of a leaf.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its canonical name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// Its first row in the leaf.
    pub first_row: i64,
}

/// A tensor that is differentiated and updated as one.
#[derive(Debug)]
pub struct Leaf {
    /// The weights, float32: a view of the flat buffer.
    pub tensor: Tensor,
    /// The checkpoint's tensors in it, in the order of its rows.
    pub parts: Vec<Part>,
    /// Whether weight decay applies: to matrices, not to biases and layer norms.
    pub decay: bool,
    /// Whether it is learned.
    pub trainable: bool,
    /// Its first number in the flat buffer.
    pub offset: i64,
}

impl Leaf {
    /// The room of a leaf in a buffer where leaves begin at cache lines.
    pub fn padded_size(&self) -> i64 {
        self.tensor.numel().next_multiple_of(ALIGNMENT) as i64
    }

    /// Whether it is the word table.
    pub fn is_words(&self) -> bool {
        self.parts[0].name == "bert.embeddings.word_embeddings.weight"
    }

    /// Whether few of its rows have a gradient in a step, and it is kept as these: the word table on the CPU.
    pub fn has_few_rows(&self) -> bool {
        self.is_words() && self.tensor.device() == Device::Cpu
    }

    /// Whether it is of the pooler or the classifier.
    pub(crate) fn is_of_head(&self) -> bool {
        let name = &self.parts[0].name;
        name.starts_with("bert.pooler.") || name.starts_with("classifier.")
    }

    /// A part's own tensor, of the checkpoint's shape, as a view of `like`, which has the leaf's shape.
    pub fn part_of(&self, like: &Tensor, part: &Part) -> Tensor {
        like.narrow(0, part.first_row, part.shape[0])
    }
}

/// All parameters of a classifier, float32, in the order of the reference's `named_parameters()`.
#[derive(Debug)]
pub struct Parameters {
    /// Every leaf in one buffer; the few numbers between leaves are zero.
    pub flat: Tensor,
    /// The leaves, by offset.
    pub leaves: Vec<Leaf>,
    /// Products of two small leaves that count beside a tensor; see [`crate::Lora`].
    pub(crate) adapters: Vec<Adapter>,
}

impl Parameters {
    /// Zeros in the shapes of `config` with a classifier of `n_outputs`.
    pub fn zeros(config: &BertConfig, n_outputs: usize, device: Device) -> Self {
        Self::of_groups(group(expected_tensors(config, n_outputs)), device)
    }

    /// Zeros, one leaf for each group of tensors.
    pub(crate) fn of_groups(groups: Vec<Vec<TensorSpec>>, device: Device) -> Self {
        let mut offset = 0;
        let mut placed = Vec::new();
        for specs in groups {
            let rows: usize = specs.iter().map(|spec| spec.shape[0]).sum();
            let row_size: usize = specs[0].shape[1..].iter().product();
            placed.push((offset, rows, specs));
            offset = (offset + rows * row_size).next_multiple_of(ALIGNMENT);
        }
        let flat = Tensor::zeros([offset as i64], (Kind::Float, device));
        let leaves = placed.into_iter().map(|(offset, rows, specs)| leaf(&flat, offset, rows, &specs)).collect();
        Self { flat, leaves, adapters: Vec::new() }
    }

    /// Keeps the leaves that `kept` names, by their first tensor, as they are.
    pub fn freeze(&mut self, kept: impl Fn(&str) -> bool) {
        for leaf in &mut self.leaves {
            leaf.trainable &= !kept(&leaf.parts[0].name);
        }
    }

    /// Lets autograd follow the leaves that are learned.
    #[must_use]
    pub fn trainable(mut self) -> Self {
        for leaf in &mut self.leaves {
            leaf.tensor = leaf.tensor.set_requires_grad(leaf.trainable);
        }
        self
    }

    /// The leaves that are learned.
    pub fn trained(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| leaf.trainable)
    }

    /// A copy that changes on its own.
    #[must_use]
    pub fn copied(&self) -> Self {
        self.over(self.flat.copy())
    }

    /// The same leaves over `flat`, not followed by autograd.
    pub(crate) fn over(&self, flat: Tensor) -> Self {
        let on = |leaf: &Leaf| {
            let view = flat.narrow(0, leaf.offset, leaf.tensor.numel() as i64).view_as(&leaf.tensor);
            Leaf { tensor: view.detach(), parts: leaf.parts.clone(), ..*leaf }
        };
        let leaves = self.leaves.iter().map(on).collect();
        Self { flat, leaves, adapters: self.adapters.clone() }
    }

    /// The leaf that holds the checkpoint's tensor `name` first.
    pub(crate) fn leaf(&self, name: &str) -> &Leaf {
        &self.leaves[self.place(name)]
    }

    /// Its place among the leaves.
    pub(crate) fn place(&self, name: &str) -> usize {
        let found = self.leaves.iter().position(|leaf| leaf.parts[0].name == name);
        // The names come from the same table as the leaves; see `model`.
        found.unwrap_or_else(|| unreachable!("{name} is a leaf of every BERT"))
    }

    /// Each tensor of the checkpoint with its place in the leaves.
    pub fn parts(&self) -> impl Iterator<Item = (&Leaf, &Part)> {
        self.leaves.iter().flat_map(|leaf| leaf.parts.iter().map(move |part| (leaf, part)))
    }

    /// Overwrites the tensor of `part`.
    pub(crate) fn set(&self, leaf: &Leaf, part: &Part, value: &Tensor) {
        no_grad(|| leaf.part_of(&leaf.tensor.detach(), part).copy_(value));
    }

    /// All numbers.
    pub fn count(&self) -> usize {
        self.leaves.iter().map(|leaf| leaf.tensor.numel()).sum()
    }

    /// The numbers that are learned.
    pub fn count_trained(&self) -> usize {
        self.trained().map(|leaf| leaf.tensor.numel()).sum()
    }
}

fn leaf(flat: &Tensor, offset: usize, rows: usize, specs: &[TensorSpec]) -> Leaf {
    let mut shape: Vec<i64> = specs[0].shape.iter().map(|&size| size as i64).collect();
    shape[0] = rows as i64;
    let mut first_row = 0;
    let mut parts = Vec::new();
    for spec in specs {
        let shape: Vec<i64> = spec.shape.iter().map(|&size| size as i64).collect();
        parts.push(Part { name: spec.name.clone(), first_row, shape: shape.clone() });
        first_row += shape[0];
    }
    let numel: i64 = shape.iter().product();
    // Detached, the view is a leaf of autograd's graph on the same memory.
    let tensor = flat.narrow(0, offset as i64, numel).view(shape.as_slice()).detach();
    Leaf { tensor, parts, decay: shape.len() > 1, trainable: true, offset: offset as i64 }
}

/// The leaves' tensors: query, key and value together, all others alone.
pub(crate) fn group(specs: Vec<TensorSpec>) -> Vec<Vec<TensorSpec>> {
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
