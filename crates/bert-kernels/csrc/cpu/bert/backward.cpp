// The encoder's backward pass: from the gradients of the first tokens' hidden states to those of every parameter, the layers
// of `forward.cpp` in reverse.

#include "cpu/bert/encoder.h"

#include "cpu/ops/embedding.h"

#include <cmath>

using c10::BFloat16;

template <typename T>
const float *Encoder<T>::backward(const float *dfirst, const bert_kernels_backward_options &options,
                                  const bert_kernels_encoder_parameters &gradients) {
  gradients_ = EncoderParameters(gradients, config_.layers), write_ = options.add != 0 ? Write::Add : Write::Over;
  matrix_gradients_.clear();
  buffers_ = gradient_memory_.reuse([&](Arena &arena) { return allocate_gradients<T>(arena, shape_); });
  std::memcpy(buffers_.dcls_rows.data, dfirst, batch_.batch * config_.hidden * sizeof(float));
  clear_rows(buffers_.dcls_rows, batch_.batch, shape_.cls_rows);
  const int64_t last = config_.layers - 1, lowest = lowest_trained_layer();
  for (int64_t layer = last; layer >= std::max<int64_t>(lowest, 0); --layer) {
    layer == last ? last_layer_backward(layer) : layer_backward(layer);
    if (options.after_layer != nullptr) {
      options.after_layer(options.listener, layer);
    }
  }
  if (lowest < 0) {
    embeddings_backward();
  }
  return buffers_.dhidden_states.data;
}

// h = LayerNorm(x + dropout(Attention(x Wq, x Wk, x Wv) Wo + bo))
// y = LayerNorm(h + dropout(f(h W1 + b1) W2 + b2))
//
// From the gradient of y in `dresidual` to that of x there, by way of h.
template <typename T> void Encoder<T>::layer_backward(int64_t layer) {
  const LayerActivations<T> &a = activations_.layers[layer];
  const LayerGradients<T> g = buffers_.of_layer(shape_, layer);
  layer_output_backward(layer, g);
  clear_rows(g.dquery_key_value, n_tokens(), shape_.rows);
  const auto third = [&](int64_t i) { return g.dquery_key_value.columns_from(i * config_.hidden, config_.hidden); };
  const QueryKeyValue<T> dheads{third(0), third(1), third(2)};
  attention_backward<T>(attention_options(layer), a.attention_operands(), g.dcontext, a.softmax_stats, dheads);
  linear_gradients(g.dquery_key_value, a.input, gradients_.layers[layer].query_key_value);
  linear_backward_residual<T>(g.dquery_key_value, weights_.layer(layer).query_key_value.backward, Write::Add, g.dresidual);
}

// The last layer: the gradients of all tokens come from keys and values; those of the first tokens are added.
template <typename T> void Encoder<T>::last_layer_backward(int64_t layer) {
  const int64_t hidden = config_.hidden;
  const LayerActivations<T> &a = activations_.layers[layer];
  const PackedLayer<T> &w = weights_.layer(layer);
  const LayerGradients<T> g = buffers_.of_layer(shape_, layer);
  layer_output_backward(layer, g);
  clear_rows(g.dkey_value, n_tokens(), shape_.rows);
  clear_rows(g.dquery, batch_.batch, shape_.cls_rows);
  const QueryKeyValue<T> dheads{g.dquery, g.dkey_value.columns_from(0, hidden), g.dkey_value.columns_from(hidden, hidden)};
  attention_backward<T>(attention_options(layer), a.attention_operands(), g.dcontext, a.softmax_stats, dheads);

  const LinearParameters &query = gradients_.layers[layer].query_key_value;
  const LinearParameters key_value{query.weight == nullptr ? nullptr : query.weight + hidden * hidden,
                                   query.bias == nullptr ? nullptr : query.bias + hidden};
  linear_gradients(g.dquery, a.cls_input, query);
  linear_gradients(g.dkey_value, a.input, key_value);
  linear_backward_residual<T>(g.dquery, w.query.backward, Write::Add, g.dresidual);
  linear_backward_residual<T>(g.dkey_value, w.key_value.backward, Write::Over, buffers_.dhidden_states);
  scatter_add_rows(g.dresidual.rows_from(0, batch_.batch), batch_.cu_seqlens, buffers_.dhidden_states);
}

// y = LayerNorm(h + dropout(f(h W1 + b1) W2 + b2)), h = LayerNorm(x + dropout(context Wo + bo)): from the gradient of y in
// `dresidual` to those of the sum x + ..., there, and of the context.
template <typename T> void Encoder<T>::layer_output_backward(int64_t layer, const LayerGradients<T> &g) {
  const LayerParameters &p = parameters_.layers[layer], &d = gradients_.layers[layer];
  const PackedLayer<T> &w = weights_.layer(layer);
  const LayerActivations<T> &a = activations_.layers[layer];

  residual_layer_norm_backward<T>(g.dresidual, masks_.output(layer), p.output_layer_norm.weight, a.output_layer_norm,
                                  g.layer_norm_sums, g.dprojection);
  layer_norm_gradients(g.layer_norm_sums, d.output_layer_norm);
  bias_gradient(g.dprojection.sums, d.output.bias);
  linear_activation_backward<T>(g.dprojection.dx, w.output.backward, Activation(config_.activation), a.intermediate,
                                g.dintermediate);
  bias_gradient(g.dintermediate.dh_sums, d.intermediate.bias);
  weight_gradient(g.dprojection.dx_transposed, g.dintermediate.y, d.output.weight);
  weight_gradient(g.dintermediate.dh_transposed, a.attention_output, d.intermediate.weight);
  linear_backward_residual<T>(g.dintermediate.dh, w.intermediate.backward, Write::Add, g.dresidual);

  residual_layer_norm_backward<T>(g.dresidual, masks_.attention_output(layer), p.attention_layer_norm.weight,
                                  a.attention_layer_norm, g.layer_norm_sums, g.dprojection);
  layer_norm_gradients(g.layer_norm_sums, d.attention_layer_norm);
  bias_gradient(g.dprojection.sums, d.attention_output.bias);
  weight_gradient(g.dprojection.dx_transposed, a.context, d.attention_output.weight);
  linear_backward_input<T>(g.dprojection.dx, w.attention_output.backward, g.dcontext);
}

// y = dropout(LayerNorm(word + position + token_type)): leaves the gradients of the sums, and so of the words, in
// `dhidden_states`.
template <typename T> void Encoder<T>::embeddings_backward() {
  const int64_t hidden = config_.hidden;
  const Matrix<float> dy = buffers_.dhidden_states;
  const LayerNormSums sums = buffers_.embeddings_layer_norm_sums(shape_);
  layer_norm_dropout_backward(dy, masks_.embeddings(), parameters_.embeddings_layer_norm.weight,
                              activations_.embeddings_layer_norm, sums);
  layer_norm_gradients(sums, gradients_.embeddings_layer_norm);
  const Matrix<float> dposition(gradients_.position_embeddings, config_.positions, hidden);
  const Matrix<float> dtoken_type(gradients_.token_type_embeddings, config_.token_types, hidden);
  if (!dposition.empty()) {
    position_gradient(dy, dposition);
  }
  if (!dtoken_type.empty()) { // every token has the first type
    if (write_ == Write::Over) {
      clear_rows(dtoken_type, 0, dtoken_type.rows);
    }
    add_chunks(dy, true, dtoken_type.data);
  }
}

// What this batch adds is summed up before it is added, as everywhere: then it does not matter who adds it, this process or
// another one that gets it.
template <typename T> void Encoder<T>::position_gradient(Matrix<const float> dy, Matrix<float> dposition) {
  if (write_ == Write::Over) {
    clear_rows(dposition, 0, dposition.rows);
    return scatter_add_rows(dy, batch_.position_ids, dposition);
  }
  std::vector<float> sums(dposition.rows * dposition.cols);
  scatter_add_rows(dy, batch_.position_ids, {sums.data(), dposition.rows, dposition.cols});
  for (size_t i = 0; i < sums.size(); ++i) {
    dposition.data[i] += sums[i];
  }
}

// The lowest layer that has a parameter to learn; -1 where the embeddings have one.
template <typename T> int64_t Encoder<T>::lowest_trained_layer() const {
  const EncoderParameters &d = gradients_;
  if (d.word_embeddings || d.position_embeddings || d.token_type_embeddings || d.embeddings_layer_norm.weight ||
      d.embeddings_layer_norm.bias) {
    return -1;
  }
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const LayerParameters &l = d.layers[layer];
    for (const LinearParameters *it : {&l.query_key_value, &l.attention_output, &l.intermediate, &l.output}) {
      if (it->weight || it->bias) {
        return layer;
      }
    }
    for (const LayerNormParameters *it : {&l.attention_layer_norm, &l.output_layer_norm}) {
      if (it->weight || it->bias) {
        return layer;
      }
    }
  }
  return config_.layers;
}

template <typename T>
void Encoder<T>::layer_norm_gradients(const LayerNormSums &sums, const LayerNormParameters &gradients) {
  bias_gradient(sums.dweight, gradients.weight);
  bias_gradient(sums.dbias, gradients.bias);
}

template <typename T> void Encoder<T>::bias_gradient(Matrix<const float> sums, float *dbias) {
  if (dbias != nullptr) {
    add_chunks(sums, write_ == Write::Add, dbias);
  }
}

template <typename T>
void Encoder<T>::weight_gradient(Matrix<const T> dy_transposed, Panels<const T> x, float *dweight) {
  if (dweight == nullptr) {
    return;
  }
  const Matrix<float> gradient(dweight, dy_transposed.rows, x.cols);
  const double sum_of_squares = linear_backward_weight<T>(dy_transposed, x, write_, gradient);
  matrix_gradients_.push_back({gradient, sum_of_squares});
}

template <typename T>
void Encoder<T>::weight_gradient(Matrix<const T> dy_transposed, Matrix<const T> x, float *dweight) {
  if (dweight == nullptr) {
    return;
  }
  const Panels<T> panels{buffers_.input_panels, x.rows, x.cols};
  pack_rows<T>(x, panels);
  weight_gradient(dy_transposed, panels, dweight);
}

template <typename T>
void Encoder<T>::linear_gradients(Matrix<const T> dy, Matrix<const T> x, const LinearParameters &gradients) {
  if (gradients.weight == nullptr && gradients.bias == nullptr) {
    return;
  }
  const Matrix<T> dy_transposed(buffers_.transposed_wide, dy.cols, dy.rows, buffers_.stride);
  const Matrix<float> sums(buffers_.sums, ceil_div(dy.rows, CHUNK), dy.cols);
  transpose_and_sum<T>(dy, dy_transposed, sums);
  bias_gradient(sums, gradients.bias);
  weight_gradient(dy_transposed, x, gradients.weight);
}

// A parameter of two matrices has two sums.
template <typename T> double Encoder<T>::sum_of_squares(const float *gradient, int64_t n) const {
  double total = 0;
  int64_t n_known = 0;
  for (const MatrixGradient &matrix : matrix_gradients_) {
    if (gradient <= matrix.gradient.data && matrix.gradient.data < gradient + n) {
      total += matrix.sum_of_squares, n_known += matrix.gradient.rows * matrix.gradient.cols;
    }
  }
  return n_known == n ? total : NAN;
}

template <typename T> void Encoder<T>::gradients_changed() {
  for (MatrixGradient &matrix : matrix_gradients_) {
    matrix.sum_of_squares = sum_of_squares_of_blocks<T>(matrix.gradient);
  }
}
