//! The parameters of an encoder, or their gradients, as the C structs of `csrc/bert_kernels/encoder.h` take them.

use crate::{EncoderParameters, LayerNormParameters, LayerParameters, LinearParameters};

/// A linear layer's or a layer normalization's weight and bias: the C structs of both are alike.
#[repr(C)]
pub(crate) struct RawWeightAndBias {
    weight: *mut f32,
    bias: *mut f32,
}

#[repr(C)]
pub(crate) struct RawLayerParameters {
    query_key_value: RawWeightAndBias,
    attention_output: RawWeightAndBias,
    attention_layer_norm: RawWeightAndBias,
    intermediate: RawWeightAndBias,
    output: RawWeightAndBias,
    output_layer_norm: RawWeightAndBias,
}

#[repr(C)]
pub(crate) struct RawEncoderParameters {
    word_embeddings: *mut f32,
    position_embeddings: *mut f32,
    token_type_embeddings: *mut f32,
    embeddings_layer_norm: RawWeightAndBias,
    layers: *const RawLayerParameters,
}

/// The C struct of an encoder's parameters, with the layers that it points to.
pub(crate) struct RawParameters {
    pub(crate) encoder: RawEncoderParameters,
    _layers: Vec<RawLayerParameters>,
}

impl RawParameters {
    pub(crate) fn new(pointers: &EncoderParameters<*mut f32>) -> Self {
        let linear = |it: &LinearParameters<*mut f32>| RawWeightAndBias { weight: it.weight, bias: it.bias };
        let layer_norm = |it: &LayerNormParameters<*mut f32>| RawWeightAndBias { weight: it.weight, bias: it.bias };
        let layer = |it: &LayerParameters<*mut f32>| RawLayerParameters {
            query_key_value: linear(&it.query_key_value),
            attention_output: linear(&it.attention_output),
            attention_layer_norm: layer_norm(&it.attention_layer_norm),
            intermediate: linear(&it.intermediate),
            output: linear(&it.output),
            output_layer_norm: layer_norm(&it.output_layer_norm),
        };
        let layers: Vec<RawLayerParameters> = pointers.layers.iter().map(layer).collect();
        let encoder = RawEncoderParameters {
            word_embeddings: pointers.word_embeddings,
            position_embeddings: pointers.position_embeddings,
            token_type_embeddings: pointers.token_type_embeddings,
            embeddings_layer_norm: layer_norm(&pointers.embeddings_layer_norm),
            layers: layers.as_ptr(), // a vector's numbers stay where they are when it moves
        };
        Self { encoder, _layers: layers }
    }
}
