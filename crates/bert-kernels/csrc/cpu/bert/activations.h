// Activations: what the passes of the encoder write, kept for the backward pass or shared by the layers.
//
// n is the number of rows of a layer: all rows of the batch, in the last layer only the `cls_rows`, one for the first token of
// each sentence, padded with zeros to whole tiles of the products. T is the precision of the products.
#pragma once

#include "bert_kernels.h"
#include "cpu/base/arena.h"
#include "cpu/ops/attention.h"
#include "cpu/ops/linear_activation.h"
#include "cpu/ops/residual_layer_norm.h"

#include <vector>

// The sizes of a pass.
struct PassShape {
  int64_t layers = 0, hidden = 0, heads = 0, intermediate = 0;
  int64_t rows = 0, cls_rows = 0;

  PassShape() = default;
  PassShape(const bert_kernels_encoder_config &config, int64_t n_rows, int64_t batch);
  bool is_last(int64_t layer) const { return layer == layers - 1; }
  int64_t n_rows(int64_t layer) const { return is_last(layer) ? cls_rows : rows; }
};

template <typename T> struct LayerActivations {
  // Kept for the backward pass.
  Matrix<T> input;                                   // (rows, hidden)
  Matrix<T> query_key_value;                         // (rows, 3 hidden); empty in the last layer
  Matrix<T> cls_input, query;                        // (cls_rows, hidden) in the last layer
  Matrix<T> key_value;                               // (rows, 2 hidden) in the last layer
  Matrix<float> softmax_stats;                       // (n, 2 heads)
  Matrix<T> context;                                 // (n, hidden)
  LayerNormActivations attention_layer_norm;         // (n, hidden)
  Matrix<T> attention_output;                        // (n, hidden)
  Panels<T> intermediate;                            // (n, intermediate), before the activation
  LayerNormActivations output_layer_norm;            // (n, hidden)

  // Written over by the next layers. A residual is a hidden state in float32, as the sum behind it reads it.
  Matrix<float> input_residual;                      // (rows, hidden)
  Matrix<float> residual;                            // (n, hidden): the input's, in the last layer its cls_rows
  Matrix<float> projection;                          // (n, hidden)
  Matrix<float> attention_residual, output_residual; // (n, hidden)
  Matrix<T> activated;                               // (n, intermediate)
  Matrix<T> output;                                  // (n, hidden): the next layer's input

  // The columns of `query_key_value`, in the last layer `query` and the columns of `key_value`.
  QueryKeyValue<T> attention_operands() const;
};

template <typename T> struct Activations {
  LayerNormActivations embeddings_layer_norm; // (rows, hidden)
  std::vector<LayerActivations<T>> layers;
};

// keep: whether a backward pass follows; else layers take turns in the same memory.
template <typename T> Activations<T> allocate_activations(Arena &arena, const PassShape &shape, bool keep);

// The gradients of a layer's activations, by the names that they have there; every layer uses the same memory.
template <typename T> struct LayerGradients {
  Matrix<float> dresidual;             // (n, hidden): of the layer's output, then of each sum on the way to its input
  LayerNormSums layer_norm_sums;       // (chunks, hidden)
  DroppedGradient<T> dprojection;      // (n, hidden): of output and attention_output before their dropout
  ActivationGradient<T> dintermediate; // (n, intermediate)
  Matrix<T> dcontext;                  // (n, hidden)
  Matrix<T> dquery_key_value;          // (rows, 3 hidden)
  Matrix<T> dquery, dkey_value;        // (cls_rows, hidden), (rows, 2 hidden) in the last layer
};

template <typename T> struct GradientBuffers {
  int64_t stride;                          // of transposed rows
  Matrix<float> dhidden_states, dcls_rows; // (rows, hidden), (cls_rows, hidden)
  T *dprojection, *dcontext, *dquery;      // (n, hidden) each
  T *dintermediate;                        // (n, intermediate)
  T *dquery_key_value;                     // (rows, 3 hidden)
  T *transposed;                           // (hidden, stride)
  T *transposed_wide;                      // (max(3 hidden, intermediate), stride)
  T *input_panels, *activated_panels;      // right operands: (n, hidden), (n, intermediate)
  float *dweight_sums, *dbias_sums;        // (chunks, hidden)
  float *sums;                             // (chunks, max(3 hidden, intermediate))

  LayerGradients<T> of_layer(const PassShape &shape, int64_t layer) const;
  LayerNormSums embeddings_layer_norm_sums(const PassShape &shape) const;
};

template <typename T> GradientBuffers<T> allocate_gradients(Arena &arena, const PassShape &shape);
