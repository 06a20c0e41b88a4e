#include "cpu/bert/int8_encoder.h"

#include "cpu/ops/embedding.h"

namespace {

QuantizedWeight allocate_quantized(Arena &arena, int64_t n_out, int64_t n_in) {
  const int64_t depth = round_up(n_in, INTERLEAVED_BYTES);
  int8_t *panels = arena.allocate<int8_t>(depth * n_out);
  float *scales = arena.allocate<float>(n_out);
  return {{panels, depth, n_out}, scales, arena.allocate<int32_t>(n_out)};
}

std::vector<QuantizedLayer> allocate_quantized_layers(Arena &arena, const bert_kernels_encoder_config &config) {
  const int64_t hidden = config.hidden, intermediate = config.intermediate;
  std::vector<QuantizedLayer> layers(config.layers);
  for (QuantizedLayer &layer : layers) {
    if (&layer == &layers.back()) {
      layer.query = allocate_quantized(arena, hidden, hidden);
      layer.key_value = allocate_quantized(arena, 2 * hidden, hidden);
    } else {
      layer.query_key_value = allocate_quantized(arena, 3 * hidden, hidden);
    }
    layer.attention_output = allocate_quantized(arena, hidden, hidden);
    layer.intermediate = allocate_quantized(arena, intermediate, hidden);
    layer.output = allocate_quantized(arena, hidden, intermediate);
  }
  return layers;
}

} // namespace

Int8Encoder::Int8Encoder(const bert_kernels_encoder_config &config, const bert_kernels_encoder_parameters &parameters)
    : config_(config), parameters_(parameters, config.layers) {
  layers_ = weight_memory_.reuse([&](Arena &arena) { return allocate_quantized_layers(arena, config); });
  const int64_t hidden = config.hidden, intermediate = config.intermediate;
  const auto quantize = [](const float *weight, int64_t n_in, QuantizedWeight to) {
    quantize_weight({weight, to.panels.cols, n_in}, to);
  };
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerParameters &from = parameters_.layers[i];
    const QuantizedLayer &to = layers_[i];
    if (i + 1 == layers_.size()) {
      quantize(from.query_key_value.weight, hidden, to.query);
      quantize(from.query_key_value.weight + hidden * hidden, hidden, to.key_value);
    } else {
      quantize(from.query_key_value.weight, hidden, to.query_key_value);
    }
    quantize(from.attention_output.weight, hidden, to.attention_output);
    quantize(from.intermediate.weight, hidden, to.intermediate);
    quantize(from.output.weight, intermediate, to.output);
  }
}

Int8Encoder::Buffers Int8Encoder::allocate(Arena &arena, const PassShape &shape) {
  const int64_t rows = std::max(shape.rows, shape.cls_rows), hidden = shape.hidden;
  const int64_t widest = round_up(std::max(hidden, shape.intermediate), INTERLEAVED_BYTES);
  Buffers b;
  b.layer_norm = {arena.matrix<float>(rows, hidden), arena.allocate<float>(rows)};
  b.hidden_states = arena.matrix<float>(rows, hidden);
  b.attention_output = arena.matrix<float>(rows, hidden);
  b.projection = arena.matrix<float>(rows, hidden);
  b.context = arena.matrix<float>(rows, hidden);
  b.query_key_value = arena.matrix<float>(rows, 3 * hidden);
  b.activated = arena.matrix<float>(rows, shape.intermediate);
  b.cls_rows = arena.matrix<float>(shape.cls_rows, hidden);
  b.cls_query = arena.matrix<float>(shape.cls_rows, hidden);
  b.softmax_stats = arena.matrix<float>(rows, 2 * shape.heads);
  b.quantized = {arena.matrix<uint8_t>(rows, widest), arena.allocate<float>(rows), arena.allocate<int32_t>(rows)};
  return b;
}

void Int8Encoder::forward(const bert_kernels_packed_batch &batch, float *first) {
  batch_ = batch, shape_ = PassShape(config_, batch.n_rows, batch.batch);
  buffers_ = buffer_memory_.reuse([&](Arena &arena) { return allocate(arena, shape_); });
  const EmbeddingTables tables{parameters_.word_embeddings, parameters_.position_embeddings,
                               parameters_.token_type_embeddings};
  const LayerNormActivations norm = layer_norm_buffers(shape_.rows);
  const Matrix<float> input = buffers_.hidden_states.rows_from(0, shape_.rows);
  embedding_forward(tables, batch_.input_ids, batch_.position_ids, norm.normalized);
  layer_norm_dropout_forward<float>(nullptr, layer_norm(parameters_.embeddings_layer_norm), norm, {input, input});
  const int64_t last = config_.layers - 1;
  for (int64_t layer = 0; layer < last; ++layer) {
    layer_forward(layer);
  }
  last_layer_forward(last);
  std::memcpy(first, buffers_.cls_rows.data, batch_.batch * config_.hidden * sizeof(float));
}

void Int8Encoder::layer_forward(int64_t layer) {
  const int64_t n = shape_.rows, hidden = config_.hidden;
  const Matrix<float> x = buffers_.hidden_states.rows_from(0, n), qkv = buffers_.query_key_value.rows_from(0, n);
  const Matrix<float> context = buffers_.context.rows_from(0, n);
  linear_int8_forward(quantized(x), layers_[layer].query_key_value, parameters_.layers[layer].query_key_value.bias, qkv);
  clear_rows(context, batch_.cu_seqlens[batch_.batch], n);
  const auto third = [&](int64_t i) { return qkv.columns_from(i * hidden, hidden); };
  const AttentionOptions options{batch_.cu_seqlens, batch_.batch, config_.heads, hidden / config_.heads, false, nullptr};
  attention_forward<float>(options, QueryKeyValue<float>{third(0), third(1), third(2)}, context,
                           buffers_.softmax_stats.rows_from(0, n));
  layer_output_forward(layer, context, x);
}

// The last layer has keys and values of all tokens, and everything else of the first tokens alone.
void Int8Encoder::last_layer_forward(int64_t layer) {
  const int64_t n = shape_.cls_rows, hidden = config_.hidden;
  const float *bias = parameters_.layers[layer].query_key_value.bias;
  const Matrix<float> x = buffers_.hidden_states.rows_from(0, shape_.rows), cls_rows = buffers_.cls_rows;
  const Matrix<float> key_value(buffers_.query_key_value.data, shape_.rows, 2 * hidden), context = buffers_.context.rows_from(0, n);
  gather_rows<float>(x, batch_.cu_seqlens, batch_.batch, cls_rows);
  linear_int8_forward(quantized(x), layers_[layer].key_value, bias + hidden, key_value);
  linear_int8_forward(quantized(cls_rows), layers_[layer].query, bias, buffers_.cls_query);
  clear_rows(context, batch_.batch, n);
  const AttentionOptions options{batch_.cu_seqlens, batch_.batch, config_.heads, hidden / config_.heads, true, nullptr};
  const QueryKeyValue<float> operands{buffers_.cls_query, key_value.columns_from(0, hidden),
                                      key_value.columns_from(hidden, hidden)};
  attention_forward<float>(options, operands, context, buffers_.softmax_stats.rows_from(0, n));
  layer_output_forward(layer, context, cls_rows);
}

void Int8Encoder::layer_output_forward(int64_t layer, Matrix<const float> context, Matrix<float> residual) {
  const LayerParameters &p = parameters_.layers[layer];
  const QuantizedLayer &w = layers_[layer];
  const int64_t n = context.rows;
  const LayerNormActivations norm = layer_norm_buffers(n);
  const Matrix<float> projection = buffers_.projection.rows_from(0, n), h = buffers_.attention_output.rows_from(0, n);
  const Matrix<float> activated = buffers_.activated.rows_from(0, n);
  linear_int8_forward(quantized(context), w.attention_output, p.attention_output.bias, projection);
  residual_layer_norm_forward<float>(projection, residual, nullptr, layer_norm(p.attention_layer_norm), norm, {h, h});
  linear_int8_activation_forward(quantized(h), w.intermediate, p.intermediate.bias, Activation(config_.activation), activated);
  linear_int8_forward(quantized(activated), w.output, p.output.bias, projection);
  residual_layer_norm_forward<float>(projection, h, nullptr, layer_norm(p.output_layer_norm), norm, {residual, residual});
}

QuantizedRows Int8Encoder::quantized(Matrix<const float> x) {
  const QuantizedRows &all = buffers_.quantized;
  const int64_t stride = round_up(x.cols, INTERLEAVED_BYTES);
  const QuantizedRows rows{{all.values.data, x.rows, stride}, all.scales, all.zero_points};
  quantize_rows(x, rows);
  return rows;
}

LayerNorm Int8Encoder::layer_norm(const LayerNormParameters &parameters) const {
  return {parameters.weight, parameters.bias, config_.layer_norm_eps};
}

LayerNormActivations Int8Encoder::layer_norm_buffers(int64_t n) const {
  return {buffers_.layer_norm.normalized.rows_from(0, n), buffers_.layer_norm.factors};
}
