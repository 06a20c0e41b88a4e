// The BERT encoder with products of bytes, for inference: the linear layers' operands are quantized (ops/quantize.h), everything
// between them is float32. The same formulas, in the same order, as `Encoder`'s forward pass.
#pragma once

#include "cpu/base/arena.h"
#include "cpu/bert/activations.h"
#include "cpu/bert/parameters.h"
#include "cpu/ops/linear_int8.h"

struct QuantizedLayer {
  QuantizedWeight query, key_value;  // (hidden, hidden), (2 hidden, hidden): in the last layer only first tokens have queries
  QuantizedWeight query_key_value;   // (3 hidden, hidden): both of them in the other layers
  QuantizedWeight attention_output;  // (hidden, hidden)
  QuantizedWeight intermediate;      // (intermediate, hidden)
  QuantizedWeight output;            // (hidden, intermediate)
};

class Int8Encoder {
public:
  // Biases, norms and embeddings are read where they are in every pass; matrices are quantized.
  Int8Encoder(const bert_kernels_encoder_config &config, const bert_kernels_encoder_parameters &parameters);

  // first (batch, hidden): the hidden states of the first tokens.
  void forward(const bert_kernels_packed_batch &batch, float *first);

private:
  // What a pass writes. Layers take turns in it; n rows of it are a layer's, in the last one the first tokens.
  struct Buffers {
    LayerNormActivations layer_norm;      // (rows, hidden)
    Matrix<float> hidden_states;          // (rows, hidden)
    Matrix<float> attention_output;       // (rows, hidden)
    Matrix<float> projection, context;    // (rows, hidden)
    Matrix<float> query_key_value;        // (rows, 3 hidden)
    Matrix<float> activated;              // (rows, intermediate)
    Matrix<float> cls_rows, cls_query;    // (cls_rows, hidden)
    Matrix<float> softmax_stats;          // (rows, 2 heads)
    QuantizedRows quantized;              // (rows, max(hidden, intermediate))
  };
  static Buffers allocate(Arena &arena, const PassShape &shape);
  // Rows in 8 bits, until the next call.
  QuantizedRows quantized(Matrix<const float> x);

  void layer_forward(int64_t layer);
  void last_layer_forward(int64_t layer);
  // What follows attention: n rows of context and residual to as many hidden states, in place of the residual.
  void layer_output_forward(int64_t layer, Matrix<const float> context, Matrix<float> residual);
  LayerNorm layer_norm(const LayerNormParameters &parameters) const;
  LayerNormActivations layer_norm_buffers(int64_t n) const;

  bert_kernels_encoder_config config_;
  EncoderParameters parameters_;
  Arena weight_memory_, buffer_memory_;
  std::vector<QuantizedLayer> layers_;

  bert_kernels_packed_batch batch_{};
  PassShape shape_;
  Buffers buffers_;
};
