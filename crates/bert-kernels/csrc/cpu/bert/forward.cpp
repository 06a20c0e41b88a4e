// The encoder's forward pass: from token ids to the hidden states of each sentence's first token.

#include "cpu/bert/encoder.h"

#include "cpu/ops/embedding.h"

using c10::BFloat16;

template <typename T>
void Encoder<T>::forward(const bert_kernels_packed_batch &batch, const bert_kernels_encoder_dropout *dropout, bool keep,
                         float *first) {
  batch_ = batch, shape_ = PassShape(config_, batch.n_rows, batch.batch);
  masks_ = DropoutMasks(dropout, config_.layers);
  activations_ = activation_memory_.reuse([&](Arena &arena) { return allocate_activations<T>(arena, shape_, keep); });
  const int64_t last = config_.layers - 1;
  embeddings_forward();
  for (int64_t layer = 0; layer < last; ++layer) {
    layer_forward(layer);
  }
  last_layer_forward(last);
  std::memcpy(first, activations_.layers[last].output_residual.data, batch_.batch * config_.hidden * sizeof(float));
}

// y = dropout(LayerNorm(word + position + token_type)), the input of the first layer.
template <typename T> void Encoder<T>::embeddings_forward() {
  const LayerActivations<T> &first = activations_.layers[0];
  const LayerNormActivations &a = activations_.embeddings_layer_norm;
  const EmbeddingTables tables{parameters_.word_embeddings, parameters_.position_embeddings,
                               parameters_.token_type_embeddings};
  embedding_forward(tables, batch_.input_ids, batch_.position_ids, a.normalized);
  layer_norm_dropout_forward<T>(masks_.embeddings(), layer_norm(parameters_.embeddings_layer_norm), a,
                                {first.input_residual, first.input});
}

// h = LayerNorm(x + dropout(Attention(x Wq, x Wk, x Wv) Wo + bo))
// y = LayerNorm(h + dropout(f(h W1 + b1) W2 + b2))
template <typename T> void Encoder<T>::layer_forward(int64_t layer) {
  const LayerParameters &p = parameters_.layers[layer];
  const PackedLayer<T> &w = weights_.layer(layer);
  const LayerActivations<T> &a = activations_.layers[layer];
  linear_forward<T>(a.input, w.query_key_value.forward, p.query_key_value.bias, a.query_key_value);
  clear_rows(a.context, n_tokens(), shape_.rows);
  attention_forward<T>(attention_options(layer), a.attention_operands(), a.context, a.softmax_stats);
  layer_output_forward(layer);
}

// The last layer has keys and values of all tokens, and everything else of the first tokens alone.
template <typename T> void Encoder<T>::last_layer_forward(int64_t layer) {
  const LayerParameters &p = parameters_.layers[layer];
  const PackedLayer<T> &w = weights_.layer(layer);
  const LayerActivations<T> &a = activations_.layers[layer];
  gather_rows<T>(a.input, batch_.cu_seqlens, batch_.batch, a.cls_input);
  gather_rows<float>(a.input_residual, batch_.cu_seqlens, batch_.batch, a.residual);
  linear_forward<T>(a.cls_input, w.query.forward, p.query_key_value.bias, a.query);
  linear_forward<T>(a.input, w.key_value.forward, p.query_key_value.bias + config_.hidden, a.key_value);
  clear_rows(a.context, batch_.batch, shape_.cls_rows);
  attention_forward<T>(attention_options(layer), a.attention_operands(), a.context, a.softmax_stats);
  layer_output_forward(layer);
}

// What follows attention in every layer: its output projection, and the feed-forward block.
template <typename T> void Encoder<T>::layer_output_forward(int64_t layer) {
  const LayerParameters &p = parameters_.layers[layer];
  const PackedLayer<T> &w = weights_.layer(layer);
  const LayerActivations<T> &a = activations_.layers[layer];
  linear_forward<T>(a.context, w.attention_output.forward, p.attention_output.bias, a.projection);
  residual_layer_norm_forward<T>(a.projection, a.residual, masks_.attention_output(layer),
                                 layer_norm(p.attention_layer_norm), a.attention_layer_norm,
                                 {a.attention_residual, a.attention_output});
  linear_activation_forward<T>(a.attention_output, w.intermediate.forward, p.intermediate.bias,
                               Activation(config_.activation), a.intermediate, a.activated);
  linear_forward<T>(a.activated, w.output.forward, p.output.bias, a.projection);
  residual_layer_norm_forward<T>(a.projection, a.attention_residual, masks_.output(layer), layer_norm(p.output_layer_norm),
                                 a.output_layer_norm, {a.output_residual, a.output});
}

template <typename T> LayerNorm Encoder<T>::layer_norm(const LayerNormParameters &parameters) const {
  return {parameters.weight, parameters.bias, config_.layer_norm_eps};
}

template <typename T> AttentionOptions Encoder<T>::attention_options(int64_t layer) const {
  const int64_t size = config_.hidden / config_.heads;
  return {batch_.cu_seqlens, batch_.batch, config_.heads, size, shape_.is_last(layer), masks_.probabilities(layer)};
}

template <typename T> Encoder<T>::Encoder(const bert_kernels_encoder_config &config) : config_(config), weights_(config) {}

template <typename T> void Encoder<T>::read_weights(const bert_kernels_encoder_parameters &parameters) {
  parameters_ = EncoderParameters(parameters, config_.layers);
  weights_.pack(parameters_);
}

template <typename T> int64_t Encoder<T>::memory(int64_t n_rows, int64_t batch) {
  const PassShape shape(config_, n_rows, batch);
  Arena counted;
  allocate_activations<T>(counted, shape, true);
  allocate_gradients<T>(counted, shape);
  return weights_.memory() + counted.used();
}

template <typename T> std::vector<WeightCopy> Encoder<T>::copies_of(const float *parameter) const {
  return weights_.copies_of(parameter);
}

template <typename T> void Encoder<T>::pack_again(const WeightCopy &copy, int64_t begin, int64_t end) const {
  pack_rows_again<T>(copy, begin, end);
}
