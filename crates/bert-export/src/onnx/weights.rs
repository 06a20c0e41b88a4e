//! Weights in the graph: float32, or the products of the encoder in 8 bits.
//!
//! In 8 bits (`onnx-int8`) as ONNX Runtime's `quantize_dynamic` does per channel: activations become uint8 with a scale and a zero point
//! of the tensor at hand, weights uint8, symmetric around 128, with a scale of each output. uint8 and not int8, since of a processor
//! with AVX2 or AVX-512 and without VNNI, ONNX Runtime takes an instruction for uint8 by int8 that adds two products in 16 bits, which
//! overflow and are cut (255 · 127 · 2 > 32767); int8 of 7 bits would not, but its roundings are twice as large. So the file means the
//! same on every processor, with all 8 bits. The word embeddings, half of a small model, are int8 with a scale of each row. What is
//! small stays float32: the other embeddings, biases, normalization, pooler and classifier.

use std::cell::RefCell;
use std::rc::Rc;

use checkpoint::{BertConfig, Weights, expected_tensors};

use super::graph_builder::Attribute::Int;
use super::graph_builder::{GraphBuilder, Initializer, MakeBytes, Name};
use super::messages::DataType;
use super::quantization::{Quantized, transposed};

/// What stands for zero in the weights of products.
const ZERO_POINT: u8 = 128;

/// How the encoder computes its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Products {
    Float32,
    Int8,
}

/// The tensors of a model folder, read one at a time when they are written.
pub(crate) struct WeightTensors {
    weights: Rc<RefCell<Weights>>,
    shapes: Vec<(String, Vec<usize>)>,
    products: Products,
}

/// What a product reads: a value, and where products are in 8 bits the same with its scale and zero point.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    value: Name,
    quantized: Option<[Name; 3]>,
}

impl WeightTensors {
    /// Those of a classifier of `n_outputs`.
    pub(crate) fn new(weights: Weights, config: &BertConfig, n_outputs: usize, products: Products) -> Self {
        let specs = expected_tensors(config, n_outputs);
        let shapes = specs.into_iter().map(|spec| (spec.name, spec.shape)).collect();
        Self { weights: Rc::new(RefCell::new(weights)), shapes, products }
    }

    fn shape(&self, name: &str) -> Vec<usize> {
        self.shapes.iter().find(|(known, _)| known == name).map_or(Vec::new(), |(_, shape)| shape.clone())
    }

    /// What makes the bytes of a tensor from its numbers.
    fn bytes_of(&self, name: &str, make: impl FnOnce(&[f32]) -> Vec<u8> + 'static) -> MakeBytes {
        let (weights, name) = (Rc::clone(&self.weights), name.to_owned());
        Box::new(move || Ok(make(&weights.borrow_mut().floats(&name)?)))
    }

    /// A tensor as it is, float32.
    pub(crate) fn table(&self, graph: &mut GraphBuilder, name: &str) -> Name {
        let bytes = self.bytes_of(name, float_bytes);
        let dims = self.shape(name);
        graph.initializer(Initializer { name: name.to_owned(), data_type: DataType::Float, dims, bytes })
    }

    /// The rows of the word embeddings, `(batch_size, sequence_length, hidden)`.
    pub(crate) fn word_embeddings(&self, graph: &mut GraphBuilder, input_ids: &Name) -> Name {
        let (name, node) = ("bert.embeddings.word_embeddings.weight", "bert/embeddings/word_embeddings");
        if self.products == Products::Float32 {
            let table = self.table(graph, name);
            return graph.node(node, "Gather", &[&table, input_ids], &[]);
        }
        let shape = self.shape(name);
        let width = shape.last().copied().unwrap_or(1);
        let scale = graph.initializer(Initializer {
            name: format!("{name}_scale"),
            data_type: DataType::Float,
            dims: vec![shape.first().copied().unwrap_or(1), 1],
            bytes: self.bytes_of(name, move |values| float_bytes(&Quantized::of_rows(values, width).scales)),
        });
        let table = graph.initializer(Initializer {
            name: format!("{name}_quantized"),
            data_type: DataType::Int8,
            dims: shape,
            bytes: self.bytes_of(name, move |values| Quantized::of_rows(values, width).bytes()),
        });
        let rows = graph.node(format!("{node}/Gather"), "Gather", &[&table, input_ids], &[]);
        let rows = graph.node(format!("{node}/Cast"), "Cast", &[&rows], &[("to", Int(DataType::Float as i64))]);
        let scales = graph.node(format!("{node}/scales"), "Gather", &[&scale, input_ids], &[]);
        graph.node(node, "Mul", &[&rows, &scales], &[])
    }

    /// What products read of a value; in 8 bits it is quantized once for all of them.
    pub(crate) fn operand(&self, graph: &mut GraphBuilder, value: &Name) -> Operand {
        let quantized = (self.products == Products::Int8).then(|| {
            let outputs = ["quantized", "scale", "zero_point"].map(|part| format!("{value}_{part}"));
            graph.node_of_outputs(
                format!("{value}/DynamicQuantizeLinear"),
                "DynamicQuantizeLinear",
                &[value],
                &[],
                &outputs,
            );
            outputs
        });
        Operand { value: value.clone(), quantized }
    }

    /// A product with the weight `{path}.weight`, and the bias `{path}.bias`.
    pub(crate) fn linear(&self, graph: &mut GraphBuilder, operand: &Operand, path: &str) -> Name {
        let Some([quantized, scale, zero_point]) = &operand.quantized else {
            return self.float_linear(graph, &operand.value, path, None);
        };
        let name = format!("{path}.weight");
        let (n_out, n_in) = self.matrix(&name);
        let node = path.replace('.', "/");
        let weight = graph.initializer(Initializer {
            name: format!("{name}_quantized"),
            data_type: DataType::Uint8,
            dims: vec![n_in, n_out],
            bytes: self.bytes_of(&name, move |values| {
                transposed(&Quantized::of_rows(values, n_in).bytes_above(ZERO_POINT), n_in)
            }),
        });
        let weight_scale = graph.initializer(Initializer {
            name: format!("{name}_scale"),
            data_type: DataType::Float,
            dims: vec![n_out],
            bytes: self.bytes_of(&name, move |values| float_bytes(&Quantized::of_rows(values, n_in).scales)),
        });
        let weight_zero = graph.initializer(Initializer {
            name: format!("{name}_zero_point"),
            data_type: DataType::Uint8,
            dims: vec![n_out],
            bytes: Box::new(move || Ok(vec![ZERO_POINT; n_out])),
        });
        let inputs = [quantized, &weight, zero_point, &weight_zero];
        let product = graph.node(format!("{node}/MatMulInteger"), "MatMulInteger", &inputs, &[]);
        let product = graph.node(format!("{node}/Cast"), "Cast", &[&product], &[("to", Int(DataType::Float as i64))]);
        let scales = graph.node(format!("{node}/scales"), "Mul", &[scale, &weight_scale], &[]);
        let product = graph.node(format!("{node}/Mul"), "Mul", &[&product, &scales], &[]);
        let bias = self.table(graph, &format!("{path}.bias"));
        graph.node(node, "Add", &[&product, &bias], &[])
    }

    /// The same in float32, whatever the encoder computes in; with a name of its own for the result.
    pub(crate) fn float_linear(&self, graph: &mut GraphBuilder, x: &Name, path: &str, output: Option<&str>) -> Name {
        let name = format!("{path}.weight");
        let (n_out, n_in) = self.matrix(&name);
        let node = path.replace('.', "/");
        let weight = graph.initializer(Initializer {
            name: format!("{name}_transposed"),
            data_type: DataType::Float,
            dims: vec![n_in, n_out],
            bytes: self.bytes_of(&name, move |values| float_bytes(&transposed(values, n_in))),
        });
        let product = graph.node(format!("{node}/MatMul"), "MatMul", &[x, &weight], &[]);
        let bias = self.table(graph, &format!("{path}.bias"));
        let output = output.map_or_else(|| node.clone(), str::to_owned);
        graph.node_of_outputs(node, "Add", &[&product, &bias], &[], std::slice::from_ref(&output));
        output
    }

    /// The rows and columns of a matrix.
    fn matrix(&self, name: &str) -> (usize, usize) {
        match self.shape(name).as_slice() {
            &[n_out, n_in] => (n_out, n_in),
            _ => (1, 1),
        }
    }
}

fn float_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
