#include "cpu/bert/activations.h"

namespace {

using c10::BFloat16;

// What is allocated here src/encoder_memory.rs counts once more, in this order, before libtorch is loaded.

// The first tokens are padded to whole tiles of AMX, and to pairs of bfloat16.
constexpr int64_t CLS_ROWS_MULTIPLE = 16;

static_assert(BLOCK_ROWS >= CHUNK, "the sums of blocks lie in the memory of those of chunks");

LayerNormActivations allocate_layer_norm(Arena &arena, int64_t rows, int64_t width) {
  const Matrix<float> normalized = arena.matrix<float>(rows, width);
  return {normalized, arena.allocate<float>(rows)};
}

template <typename T> LayerActivations<T> allocate_layer(Arena &arena, const PassShape &shape, int64_t layer) {
  const int64_t hidden = shape.hidden, rows = shape.rows, n = shape.n_rows(layer);
  LayerActivations<T> a;
  a.input = arena.matrix<T>(rows, hidden);
  if (shape.is_last(layer)) {
    a.cls_input = arena.matrix<T>(n, hidden);
    a.key_value = arena.matrix<T>(rows, 2 * hidden);
    a.query = arena.matrix<T>(n, hidden);
  } else {
    a.query_key_value = arena.matrix<T>(rows, 3 * hidden);
  }
  a.softmax_stats = arena.matrix<float>(n, 2 * shape.heads);
  a.context = arena.matrix<T>(n, hidden);
  a.attention_layer_norm = allocate_layer_norm(arena, n, hidden);
  a.attention_output = arena.matrix<T>(n, hidden);
  a.intermediate = {arena.allocate<T>(n * shape.intermediate), n, shape.intermediate};
  a.output_layer_norm = allocate_layer_norm(arena, n, hidden);
  return a;
}

// The buffers that every layer uses in turn, and their views by a layer's names.
template <typename T> void share_buffers(Arena &arena, const PassShape &shape, std::vector<LayerActivations<T>> &layers) {
  const Matrix<float> hidden_states = arena.matrix<float>(shape.rows, shape.hidden);
  const Matrix<float> attention_residual = arena.matrix<float>(shape.rows, shape.hidden);
  const Matrix<float> projection = arena.matrix<float>(shape.rows, shape.hidden);
  const Matrix<T> activated = arena.matrix<T>(shape.rows, shape.intermediate);
  const Matrix<T> last = arena.matrix<T>(shape.cls_rows, shape.hidden);
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    const bool is_last = shape.is_last(layer);
    const int64_t n = shape.n_rows(layer);
    LayerActivations<T> &a = layers[layer];
    a.input_residual = hidden_states;
    // The last layer gathers its residual where others project, and then projects where the gathered rows were.
    a.residual = (is_last ? projection : hidden_states).rows_from(0, n);
    a.projection = (is_last ? hidden_states : projection).rows_from(0, n);
    a.attention_residual = attention_residual.rows_from(0, n);
    a.output_residual = a.residual;
    a.activated = activated.rows_from(0, n);
    a.output = is_last ? last : layers[layer + 1].input;
  }
}

} // namespace

PassShape::PassShape(const bert_kernels_encoder_config &config, int64_t n_rows, int64_t batch)
    : layers(config.layers), hidden(config.hidden), heads(config.heads), intermediate(config.intermediate), rows(n_rows),
      cls_rows(round_up(batch, CLS_ROWS_MULTIPLE)) {}

template <typename T> QueryKeyValue<T> LayerActivations<T>::attention_operands() const {
  const int64_t hidden = input.cols;
  if (query_key_value.cols > 0) {
    const auto third = [&](int64_t i) { return query_key_value.columns_from(i * hidden, hidden); };
    return {third(0), third(1), third(2)};
  }
  return {query, key_value.columns_from(0, hidden), key_value.columns_from(hidden, hidden)};
}

template <typename T> Activations<T> allocate_activations(Arena &arena, const PassShape &shape, bool keep) {
  Activations<T> activations;
  activations.embeddings_layer_norm = allocate_layer_norm(arena, shape.rows, shape.hidden);
  // What is not kept is written over: two layers take turns, and the last one has a shape of its own.
  const int64_t n_kept = keep ? shape.layers : std::min<int64_t>(shape.layers, 3);
  std::vector<LayerActivations<T>> &layers = activations.layers;
  for (int64_t layer = shape.layers - n_kept; layer < shape.layers; ++layer) {
    layers.push_back(allocate_layer<T>(arena, shape, layer));
  }
  while (int64_t(layers.size()) < shape.layers) {
    layers.insert(layers.begin(), layers[1]);
  }
  share_buffers(arena, shape, layers);
  return activations;
}

template <typename T> GradientBuffers<T> allocate_gradients(Arena &arena, const PassShape &shape) {
  const int64_t hidden = shape.hidden, intermediate = shape.intermediate, n = std::max(shape.rows, shape.cls_rows);
  const int64_t widest = std::max(3 * hidden, intermediate), n_chunks = ceil_div(n, CHUNK);
  GradientBuffers<T> buffers{};
  // oneDNN generates a kernel for each stride, and a power of two would put all rows into the same sets of a cache.
  buffers.stride = round_up(n, DEPTH) + 32;
  buffers.dhidden_states = {arena.allocate<float>(n * hidden), shape.rows, hidden};
  buffers.dcls_rows = arena.matrix<float>(shape.cls_rows, hidden);
  buffers.dprojection = arena.allocate<T>(n * hidden);
  buffers.dcontext = arena.allocate<T>(n * hidden);
  buffers.dquery = arena.allocate<T>(shape.cls_rows * hidden);
  buffers.dintermediate = arena.allocate<T>(n * intermediate);
  buffers.dquery_key_value = arena.allocate<T>(n * 3 * hidden);
  buffers.transposed = arena.allocate<T>(hidden * buffers.stride);
  buffers.transposed_wide = arena.allocate<T>(widest * buffers.stride);
  buffers.input_panels = arena.allocate<T>(n * hidden);
  buffers.activated_panels = arena.allocate<T>(n * intermediate);
  buffers.dweight_sums = arena.allocate<float>(n_chunks * hidden);
  buffers.dbias_sums = arena.allocate<float>(n_chunks * hidden);
  buffers.sums = arena.allocate<float>(n_chunks * widest);
  return buffers;
}

template <typename T> LayerGradients<T> GradientBuffers<T>::of_layer(const PassShape &shape, int64_t layer) const {
  const int64_t hidden = shape.hidden, intermediate = shape.intermediate, rows = shape.rows, n = shape.n_rows(layer);
  const int64_t n_chunks = ceil_div(n, CHUNK);
  LayerGradients<T> g;
  g.dresidual = shape.is_last(layer) ? dcls_rows : dhidden_states;
  g.layer_norm_sums = {{dweight_sums, n_chunks, hidden}, {dbias_sums, n_chunks, hidden}};
  g.dprojection = {{dprojection, n, hidden}, {transposed, hidden, n, stride}, {sums, n_chunks, hidden}};
  g.dintermediate.dh = {dintermediate, n, intermediate};
  g.dintermediate.dh_transposed = {transposed_wide, intermediate, n, stride};
  g.dintermediate.dh_sums = {sums, ceil_div(n, BLOCK_ROWS), intermediate};
  g.dintermediate.y = {activated_panels, n, intermediate};
  g.dcontext = {dcontext, n, hidden};
  if (shape.is_last(layer)) {
    g.dquery = {dquery, n, hidden};
    g.dkey_value = {dquery_key_value, rows, 2 * hidden};
  } else {
    g.dquery_key_value = {dquery_key_value, rows, 3 * hidden};
  }
  return g;
}

template <typename T> LayerNormSums GradientBuffers<T>::embeddings_layer_norm_sums(const PassShape &shape) const {
  const int64_t n_chunks = ceil_div(shape.rows, CHUNK);
  return {{dweight_sums, n_chunks, shape.hidden}, {dbias_sums, n_chunks, shape.hidden}};
}

#define FOR_TYPE(T)                                                                                                       \
  template struct LayerActivations<T>;                                                                                    \
  template struct GradientBuffers<T>;                                                                                     \
  template Activations<T> allocate_activations(Arena &, const PassShape &, bool);                                         \
  template GradientBuffers<T> allocate_gradients(Arena &, const PassShape &);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
