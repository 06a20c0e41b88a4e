//! Graph of `BertForSequenceClassification`: `input_ids`, `attention_mask` and `token_type_ids`, `(batch_size, sequence_length)`
//! int64, to `logits`, `(batch_size, num_labels)` float32.
//!
//! The operators are those of opset 17, in the patterns that ONNX Runtime fuses: GELU by its error function, products and their bias,
//! residuals and LayerNormalization. A token that is masked adds the lowest float32 to the scores of its key, as in Transformers.
//! The last layer computes the first token alone, since nothing else of it is read.

use checkpoint::{Activation, BertConfig};

use super::graph_builder::Attribute::{Float, Int, Ints};
use super::graph_builder::{GraphBuilder, Name};
use super::messages::DataType;
use super::weights::{Operand, WeightTensors};

/// The names of the inputs, each `(batch_size, sequence_length)`.
pub(crate) const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];
/// The name of the output.
pub(crate) const OUTPUT: &str = "logits";

/// The graph of a classifier with these weights.
pub(crate) fn classifier_graph(config: &BertConfig, weights: &WeightTensors) -> GraphBuilder {
    let mut layers = Layers { graph: GraphBuilder::default(), config, weights };
    let mut hidden_states = layers.embeddings();
    let mask = layers.attention_bias();
    for layer in 0..config.num_hidden_layers {
        let is_last = layer + 1 == config.num_hidden_layers;
        hidden_states = layers.layer(layer, &hidden_states, &mask, is_last);
    }
    layers.head(&hidden_states);
    layers.graph
}

struct Layers<'a> {
    graph: GraphBuilder,
    config: &'a BertConfig,
    weights: &'a WeightTensors,
}

impl Layers<'_> {
    /// Word + token type + position, normalized: `(batch_size, sequence_length, hidden)`.
    fn embeddings(&mut self) -> Name {
        let [input_ids, _, token_type_ids] = INPUTS.map(str::to_owned);
        let path = "bert/embeddings";
        let words = self.weights.word_embeddings(&mut self.graph, &input_ids);
        let types = self.weights.table(&mut self.graph, "bert.embeddings.token_type_embeddings.weight");
        let types = self.graph.node(format!("{path}/token_type_embeddings"), "Gather", &[&types, &token_type_ids], &[]);
        let length =
            self.graph.node(format!("{path}/length"), "Shape", &[&input_ids], &[("start", Int(1)), ("end", Int(2))]);
        let positions = self.weights.table(&mut self.graph, "bert.embeddings.position_embeddings.weight");
        let zero = self.graph.ints(&[0]);
        let positions =
            self.graph.node(format!("{path}/position_embeddings"), "Slice", &[&positions, &zero, &length, &zero], &[]);
        let sum = self.graph.node(format!("{path}/add_types"), "Add", &[&words, &types], &[]);
        let sum = self.graph.node(format!("{path}/add_positions"), "Add", &[&sum, &positions], &[]);
        self.layer_norm("bert.embeddings.LayerNorm", &sum)
    }

    /// What is added to the scores of each key: `(batch_size, 1, 1, sequence_length)`.
    fn attention_bias(&mut self) -> Name {
        let mask = INPUTS[1].to_owned();
        let mask = self.graph.node("mask/Cast", "Cast", &[&mask], &[("to", Int(i64::from(DataType::Float as i32)))]);
        let axes = self.graph.ints(&[1, 2]);
        let mask = self.graph.node("mask/Unsqueeze", "Unsqueeze", &[&mask, &axes], &[]);
        let one = self.graph.scalar(1.0);
        let masked = self.graph.node("mask/Sub", "Sub", &[&one, &mask], &[]);
        let lowest = self.graph.scalar(f32::MIN);
        self.graph.node("mask/Mul", "Mul", &[&masked, &lowest], &[])
    }

    fn layer(&mut self, index: usize, hidden_states: &Name, mask: &Name, is_last: bool) -> Name {
        let path = format!("bert.encoder.layer.{index}");
        let node = |part: &str| format!("{}/{part}", path.replace('.', "/"));
        let all = self.weights.operand(&mut self.graph, hidden_states);
        // (batch_size, queries, hidden): every token asks, or the first alone.
        let (residual, queries) = if is_last {
            let (zero, one) = (self.graph.ints(&[0]), self.graph.ints(&[1]));
            let first = self.graph.node(node("first_token"), "Slice", &[hidden_states, &zero, &one, &one], &[]);
            let operand = self.weights.operand(&mut self.graph, &first);
            (first, operand)
        } else {
            (hidden_states.clone(), all.clone())
        };
        let attended = self.attention(&path, &queries, &all, mask);
        let attended = self.weights.operand(&mut self.graph, &attended);
        let attended = self.linear(&attended, &format!("{path}.attention.output.dense"));
        let sum = self.graph.node(node("attention/output/residual"), "Add", &[&attended, &residual], &[]);
        let attended = self.layer_norm(&format!("{path}.attention.output.LayerNorm"), &sum);

        let operand = self.weights.operand(&mut self.graph, &attended);
        let intermediate = self.linear(&operand, &format!("{path}.intermediate.dense"));
        let intermediate = self.activation(&node("intermediate"), &intermediate);
        let operand = self.weights.operand(&mut self.graph, &intermediate);
        let output = self.linear(&operand, &format!("{path}.output.dense"));
        let sum = self.graph.node(node("output/residual"), "Add", &[&output, &attended], &[]);
        self.layer_norm(&format!("{path}.output.LayerNorm"), &sum)
    }

    /// The context of each query, `(batch_size, queries, hidden)`.
    fn attention(&mut self, path: &str, queries: &Operand, keys: &Operand, mask: &Name) -> Name {
        let node = |part: &str| format!("{}/attention/self/{part}", path.replace('.', "/"));
        let query = self.heads(path, "query", queries, &[0, 2, 1, 3]); // (batch_size, heads, queries, head_size)
        let key = self.heads(path, "key", keys, &[0, 2, 3, 1]); // (batch_size, heads, head_size, sequence_length)
        let value = self.heads(path, "value", keys, &[0, 2, 1, 3]);
        let scores = self.graph.node(node("scores"), "MatMul", &[&query, &key], &[]);
        let root = self.graph.scalar((self.config.head_size() as f32).sqrt());
        let scores = self.graph.node(node("Div"), "Div", &[&scores, &root], &[]);
        let scores = self.graph.node(node("masked"), "Add", &[&scores, mask], &[]);
        let probabilities = self.graph.node(node("Softmax"), "Softmax", &[&scores], &[("axis", Int(-1))]);
        let context = self.graph.node(node("context"), "MatMul", &[&probabilities, &value], &[]);
        let context =
            self.graph.node(node("context/Transpose"), "Transpose", &[&context], &[("perm", Ints(&[0, 2, 1, 3]))]);
        let shape = self.graph.ints(&[0, 0, self.config.hidden_size as i64]);
        self.graph.node(node("context/Reshape"), "Reshape", &[&context, &shape], &[])
    }

    /// One of query, key and value, cut into heads.
    fn heads(&mut self, path: &str, part: &str, operand: &Operand, perm: &[i64]) -> Name {
        let rows = self.linear(operand, &format!("{path}.attention.self.{part}"));
        let node = format!("{}/attention/self/{part}", path.replace('.', "/"));
        let shape = self.graph.ints(&[0, 0, self.config.num_attention_heads as i64, self.config.head_size() as i64]);
        let heads = self.graph.node(format!("{node}/Reshape"), "Reshape", &[&rows, &shape], &[]);
        self.graph.node(format!("{node}/Transpose"), "Transpose", &[&heads], &[("perm", Ints(perm))])
    }

    fn linear(&mut self, operand: &Operand, path: &str) -> Name {
        self.weights.linear(&mut self.graph, operand, path)
    }

    fn layer_norm(&mut self, path: &str, x: &Name) -> Name {
        let weight = self.weights.table(&mut self.graph, &format!("{path}.weight"));
        let bias = self.weights.table(&mut self.graph, &format!("{path}.bias"));
        let epsilon = self.config.layer_norm_eps as f32;
        self.graph.node(
            path.replace('.', "/"),
            "LayerNormalization",
            &[x, &weight, &bias],
            &[("axis", Int(-1)), ("epsilon", Float(epsilon))],
        )
    }

    fn activation(&mut self, path: &str, x: &Name) -> Name {
        match self.config.hidden_act {
            Activation::Relu => self.graph.node(format!("{path}/Relu"), "Relu", &[x], &[]),
            Activation::Gelu => self.gelu(path, x),
            Activation::GeluNew => self.gelu_of_tanh(path, x),
        }
    }

    /// x · (1 + erf(x / √2)) / 2.
    fn gelu(&mut self, path: &str, x: &Name) -> Name {
        let (root, one, half) =
            (self.graph.scalar(std::f32::consts::SQRT_2), self.graph.scalar(1.0), self.graph.scalar(0.5));
        let scaled = self.graph.node(format!("{path}/Div"), "Div", &[x, &root], &[]);
        let erf = self.graph.node(format!("{path}/Erf"), "Erf", &[&scaled], &[]);
        let sum = self.graph.node(format!("{path}/Add"), "Add", &[&erf, &one], &[]);
        let product = self.graph.node(format!("{path}/Mul"), "Mul", &[x, &sum], &[]);
        self.graph.node(format!("{path}/Gelu"), "Mul", &[&product, &half], &[])
    }

    /// x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 x³))).
    fn gelu_of_tanh(&mut self, path: &str, x: &Name) -> Name {
        let [three, factor, root, one, half] =
            [3.0, 0.044_715, (2.0 / std::f32::consts::PI).sqrt(), 1.0, 0.5].map(|value| self.graph.scalar(value));
        let cube = self.graph.node(format!("{path}/Pow"), "Pow", &[x, &three], &[]);
        let cube = self.graph.node(format!("{path}/cube"), "Mul", &[&cube, &factor], &[]);
        let sum = self.graph.node(format!("{path}/sum"), "Add", &[x, &cube], &[]);
        let scaled = self.graph.node(format!("{path}/scaled"), "Mul", &[&sum, &root], &[]);
        let tanh = self.graph.node(format!("{path}/Tanh"), "Tanh", &[&scaled], &[]);
        let sum = self.graph.node(format!("{path}/Add"), "Add", &[&tanh, &one], &[]);
        let halved = self.graph.node(format!("{path}/half"), "Mul", &[x, &half], &[]);
        self.graph.node(format!("{path}/Gelu"), "Mul", &[&halved, &sum], &[])
    }

    /// Pooler, tanh, classifier.
    fn head(&mut self, hidden_states: &Name) {
        let zero = self.graph.int(0);
        let first = self.graph.node("bert/pooler/first_token", "Gather", &[hidden_states, &zero], &[("axis", Int(1))]);
        let pooled = self.weights.float_linear(&mut self.graph, &first, "bert.pooler.dense", None);
        let pooled = self.graph.node("bert/pooler/Tanh", "Tanh", &[&pooled], &[]);
        self.weights.float_linear(&mut self.graph, &pooled, "classifier", Some(OUTPUT));
    }
}
