//! ONNX: the graph of a classifier, its weights in float32 or in 8 bits, and the file.

pub(crate) mod messages;
mod graph_builder;
mod quantization;
mod weights;
mod classifier_graph;
mod file;

use std::io::Write;

use checkpoint::{BertConfig, Weights};

pub(crate) use classifier_graph::{INPUTS, OUTPUT};
pub(crate) use file::OPSET;
pub(crate) use weights::Products;

use classifier_graph::classifier_graph;
use file::write_model;
use weights::WeightTensors;

/// A classifier as it is written.
pub(crate) struct TrainedClassifier<'a> {
    pub(crate) config: &'a BertConfig,
    pub(crate) weights: Weights,
    pub(crate) n_outputs: usize,
}

/// Writes a classifier, with facts about it.
///
/// # Errors
/// Fails when the file would be too large, a tensor cannot be read, or the stream fails.
pub(crate) fn write_classifier(
    stream: &mut impl Write,
    classifier: TrainedClassifier,
    products: Products,
    facts: &[(&str, String)],
) -> anyhow::Result<()> {
    let TrainedClassifier { config, weights, n_outputs } = classifier;
    let tensors = WeightTensors::new(weights, config, n_outputs, products);
    write_model(stream, classifier_graph(config, &tensors), n_outputs, facts)
}
