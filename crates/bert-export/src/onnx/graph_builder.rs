//! Graph builder: nodes by their operators, each output with a name, and the tensors that they begin with, without their numbers.

use std::collections::BTreeSet;

use checkpoint::CheckpointError;

use super::messages::{AttributeProto, AttributeType, DataType, NodeProto};

/// The name of a value in the graph.
pub(crate) type Name = String;

/// What makes the bytes of a tensor when their turn comes: one tensor is in memory at a time.
pub(crate) type MakeBytes = Box<dyn FnOnce() -> Result<Vec<u8>, CheckpointError>>;

/// A tensor that the graph begins with.
pub(crate) struct Initializer {
    pub(crate) name: Name,
    pub(crate) data_type: DataType,
    pub(crate) dims: Vec<usize>,
    pub(crate) bytes: MakeBytes,
}

impl Initializer {
    /// Its size in bytes.
    pub(crate) fn n_bytes(&self) -> usize {
        let element = match self.data_type {
            DataType::Undefined => 0,
            DataType::Uint8 | DataType::Int8 => 1,
            DataType::Float | DataType::Int32 => 4,
            DataType::Int64 => 8,
        };
        self.dims.iter().product::<usize>() * element
    }
}

/// A setting of an operator.
pub(crate) enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
    Float(f32),
}

/// A graph that grows node by node.
#[derive(Default)]
pub(crate) struct GraphBuilder {
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) initializers: Vec<Initializer>,
    /// The constants that were requested.
    constants: BTreeSet<Name>,
}

impl GraphBuilder {
    /// Adds a tensor.
    pub(crate) fn initializer(&mut self, initializer: Initializer) -> Name {
        let name = initializer.name.clone();
        self.initializers.push(initializer);
        name
    }

    /// A number, the same for all that ask for it.
    pub(crate) fn scalar(&mut self, value: f32) -> Name {
        self.constant(format!("constant_{value:e}"), DataType::Float, Vec::new(), value.to_le_bytes().to_vec())
    }

    /// A list of whole numbers, the same for all that ask for it.
    pub(crate) fn ints(&mut self, values: &[i64]) -> Name {
        let text: Vec<String> = values.iter().map(ToString::to_string).collect();
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(format!("constant_[{}]", text.join(",")), DataType::Int64, vec![values.len()], bytes)
    }

    /// A whole number, the same for all that ask for it.
    pub(crate) fn int(&mut self, value: i64) -> Name {
        self.constant(format!("constant_{value}"), DataType::Int64, Vec::new(), value.to_le_bytes().to_vec())
    }

    fn constant(&mut self, key: String, data_type: DataType, dims: Vec<usize>, bytes: Vec<u8>) -> Name {
        if !self.constants.insert(key.clone()) {
            return key;
        }
        self.initializer(Initializer { name: key, data_type, dims, bytes: Box::new(move || Ok(bytes)) })
    }

    /// Adds a node with one output, which is called as the node.
    pub(crate) fn node(
        &mut self,
        name: impl Into<String>,
        op_type: &str,
        inputs: &[&Name],
        attributes: &[(&str, Attribute)],
    ) -> Name {
        let name = name.into();
        self.node_of_outputs(name.clone(), op_type, inputs, attributes, std::slice::from_ref(&name));
        name
    }

    /// Adds a node whose outputs have names of their own.
    pub(crate) fn node_of_outputs(
        &mut self,
        name: Name,
        op_type: &str,
        inputs: &[&Name],
        attributes: &[(&str, Attribute)],
        outputs: &[Name],
    ) {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.clone()).collect(),
            output: outputs.to_vec(),
            name: Some(name),
            op_type: Some(op_type.to_owned()),
            attribute: attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
        });
    }
}

fn attribute(name: &str, value: &Attribute) -> AttributeProto {
    let (kind, f, i, ints) = match *value {
        Attribute::Int(value) => (AttributeType::Int, None, Some(value), Vec::new()),
        Attribute::Ints(values) => (AttributeType::Ints, None, None, values.to_vec()),
        Attribute::Float(value) => (AttributeType::Float, Some(value), None, Vec::new()),
    };
    AttributeProto { name: Some(name.to_owned()), f, i, ints, r#type: Some(kind.into()) }
}
