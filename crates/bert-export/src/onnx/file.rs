//! Writing of ONNX files: the messages as bytes, the numbers of one tensor in memory at a time.
//!
//! A message inside a message stands behind its own length, so the sizes of all tensors are added before the first is read.

use std::io::Write;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use stage::ensure_input;

use super::classifier_graph::{INPUTS, OUTPUT};
use super::graph_builder::{GraphBuilder, Initializer};
use super::messages::{
    DataType, DimensionProto, GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// The set of ONNX's operators that the graph is made of: the first with LayerNormalization.
pub(crate) const OPSET: i64 = 17;
/// The version of the file format that came with it.
const IR_VERSION: i64 = 8;

/// The numbers of the fields that are written by hand.
const GRAPH_OF_MODEL: u32 = 7;
const INITIALIZER_OF_GRAPH: u32 = 5;
const RAW_DATA_OF_TENSOR: u32 = 9;

/// Writes a classifier of `n_outputs` with facts about it.
///
/// # Errors
/// Fails when the file would be larger than 2 GiB, which is as large as a message can be; when a tensor cannot be read, and when the
/// stream fails.
pub(crate) fn write_model(
    stream: &mut impl Write,
    graph: GraphBuilder,
    n_outputs: usize,
    facts: &[(&str, String)],
) -> anyhow::Result<()> {
    let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) };
    let fact = |(key, value): &(&str, String)| StringStringEntryProto {
        key: Some((*key).to_owned()),
        value: Some(value.clone()),
    };
    let model = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("bert-export".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: None,
        opset_import: vec![opset],
        metadata_props: facts.iter().map(fact).collect(),
    };
    let rows = || vec![of_name("batch_size"), of_name("sequence_length")];
    let outputs = vec![of_name("batch_size"), of_size(n_outputs)];
    let nodes = GraphProto {
        node: graph.nodes,
        name: Some("BertForSequenceClassification".to_owned()),
        initializer: Vec::new(),
        input: INPUTS.map(|name| value_info(name, DataType::Int64, rows())).into(),
        output: vec![value_info(OUTPUT, DataType::Float, outputs)],
    };
    let tensors: Vec<(Head, Initializer)> = graph.initializers.into_iter().map(|it| (Head::of(&it), it)).collect();
    let of_tensors: usize = tensors.iter().map(|(head, _)| field_len(INITIALIZER_OF_GRAPH, head.len())).sum();
    let graph_len = nodes.encoded_len() + of_tensors;
    let total = model.encoded_len() + field_len(GRAPH_OF_MODEL, graph_len);
    ensure_input!(
        total <= i32::MAX as usize,
        "the weights take {total} bytes in ONNX, whose files are at most {} bytes; export with --format hf, or onnx-int8 alone",
        i32::MAX
    );

    let mut head = model.encode_to_vec();
    begin_field(&mut head, GRAPH_OF_MODEL, graph_len);
    head.extend(nodes.encode_to_vec());
    stream.write_all(&head)?;
    for (Head { mut bytes, n_bytes }, tensor) in tensors {
        let mut begin = Vec::new();
        begin_field(&mut begin, INITIALIZER_OF_GRAPH, bytes.len() + n_bytes);
        begin.append(&mut bytes);
        stream.write_all(&begin)?;
        let numbers = (tensor.bytes)()?;
        anyhow::ensure!(numbers.len() == n_bytes, "tensor {} has {} bytes, not {n_bytes}", tensor.name, numbers.len());
        stream.write_all(&numbers)?;
    }
    Ok(())
}

/// The message of a tensor up to its numbers, and how many bytes these have.
struct Head {
    bytes: Vec<u8>,
    n_bytes: usize,
}

impl Head {
    fn of(tensor: &Initializer) -> Self {
        let message = TensorProto {
            dims: tensor.dims.iter().map(|&size| size as i64).collect(),
            data_type: Some(tensor.data_type.into()),
            name: Some(tensor.name.clone()),
            raw_data: None,
        };
        let mut bytes = message.encode_to_vec();
        begin_field(&mut bytes, RAW_DATA_OF_TENSOR, tensor.n_bytes());
        Self { bytes, n_bytes: tensor.n_bytes() }
    }

    fn len(&self) -> usize {
        self.bytes.len() + self.n_bytes
    }
}

/// The number of a field and the length of what it holds.
fn begin_field(bytes: &mut Vec<u8>, number: u32, len: usize) {
    encode_key(number, WireType::LengthDelimited, bytes);
    encode_varint(len as u64, bytes);
}

fn field_len(number: u32, len: usize) -> usize {
    key_len(number) + encoded_len_varint(len as u64) + len
}

fn value_info(name: &str, element: DataType, dim: Vec<DimensionProto>) -> ValueInfoProto {
    let tensor = TensorTypeProto { elem_type: Some(element.into()), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}

fn of_name(name: &str) -> DimensionProto {
    DimensionProto { dim_value: None, dim_param: Some(name.to_owned()) }
}

fn of_size(size: usize) -> DimensionProto {
    DimensionProto { dim_value: Some(size as i64), dim_param: None }
}
