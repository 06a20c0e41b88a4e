// The way back through the encoder: from the gradients of the first tokens' states to those of every weight.

#include "encoder.h"

#include "internal.h"

#include <cmath>
#include <numeric>

namespace {

using c10::BFloat16;

// The transpose of rows (n, width) and their sums, chunk by chunk.
template <typename T>
VECTORISED void transpose_and_sum(const T *rows, int64_t n, int64_t width, T *transposed, int64_t stride, float *sums) {
  std::memset(sums, 0, width * sizeof(float));
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t left = width - i;
      store(sums + i, load(sums + i, left) + load(rows + row * width + i, left), left);
    }
  }
  transpose_rows(rows, n, width, width, transposed, stride);
}

template <typename T>
void transpose_all(const T *rows, int64_t n, int64_t width, T *transposed, int64_t stride, float *sums) {
  share_out(ceil_div(n, CHUNK), [&](Items &items) {
    for (int64_t chunk; items.take(chunk);) {
      const int64_t row = chunk * CHUNK;
      transpose_and_sum(rows + row * width, std::min(CHUNK, n - row), width, transposed + row, stride, sums + chunk * width);
    }
  });
}

// Writes a block of a product to a matrix, which has left the caches when it is read again, or adds it to what is there;
// returns the sum of the result's squares.
VECTORISED double write_block(const float *block, int64_t n_rows, int64_t n_columns, float *to, int64_t stride, bool add) {
  Doubles total{};
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      float *place = to + row * stride + i;
      Floats x = load(block + row * PANEL + i, left);
      if (add) {
        x += load(place, left);
        store(place, x, left);
      } else {
        stream_words(place, (Words16)x, left);
      }
      total += squares(x);
    }
  }
  return sum(total);
}

// Adds row i of `from` to row places[i] of `to`.
void scatter_add(const float *from, const int64_t *places, int64_t n, int64_t width, float *to) {
  for (int64_t i = 0; i < n; ++i) {
    float *row = to + places[i] * width;
    for (int64_t column = 0; column < width; ++column) {
      row[column] += from[i * width + column];
    }
  }
}

} // namespace

template <typename T> Return<T> Encoder<T>::lay_out_return(Arena &arena) const {
  const int64_t hidden = shape_.hidden, intermediate = shape_.intermediate, most = std::max(rows_, asked_);
  const int64_t widest = std::max(3 * hidden, intermediate), n_chunks = ceil_div(most, CHUNK);
  Return<T> memory{};
  memory.stride = round_up(most, DEPTH) + 32; // few strides, and none a power of two
  memory.stream = arena.take<float>(most * hidden);
  memory.asked = arena.take<float>(asked_ * hidden);
  memory.rows = arena.take<T>(most * hidden);
  memory.context = arena.take<T>(most * hidden);
  memory.query = arena.take<T>(asked_ * hidden);
  memory.inner = arena.take<T>(most * intermediate);
  memory.projected = arena.take<T>(most * 3 * hidden);
  memory.transposed = arena.take<T>(hidden * memory.stride);
  memory.transposed_wide = arena.take<T>(widest * memory.stride);
  memory.panels = arena.take<T>(most * hidden);
  memory.inner_panels = arena.take<T>(most * intermediate);
  memory.norm_sums = {arena.take<float>(n_chunks * hidden), arena.take<float>(n_chunks * hidden)};
  memory.sums = arena.take<float>(n_chunks * widest);
  return memory;
}

template <typename T> const float *Encoder<T>::backward(const float *of_first, float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden;
  matrix_gradients_.clear();
  return_ = return_memory_.laid_out([this](Arena &arena) { return lay_out_return(arena); });
  std::memcpy(return_.asked, of_first, batch_.batch * hidden * sizeof(float));
  std::memset(return_.asked + batch_.batch * hidden, 0, (asked_ - batch_.batch) * hidden * sizeof(float));
  const int64_t lowest = lowest_trained_layer(gradients);
  for (int64_t layer = shape_.layers - 1; layer >= std::max<int64_t>(lowest, 0); --layer) {
    float *gradient = is_last(layer) ? return_.asked : return_.stream;
    feed_forward_backward(layer, gradient, gradients, add);
    attention_backward(layer, gradient, gradients, add);
    if (is_last(layer)) {
      last_projection_backward(layer, gradient, gradients, add);
    } else {
      projection_backward(layer, gradient, gradients, add);
    }
  }
  if (lowest < 0) {
    embeddings_backward(gradients, add);
  }
  return return_.stream;
}

// The lowest layer whose weights are learned; -1 where an embedding's are.
template <typename T> int64_t Encoder<T>::lowest_trained_layer(float *const *gradients) const {
  for (int64_t leaf = 0; leaf < leaf_of(shape_.layers, 0); ++leaf) {
    if (gradients[leaf] != nullptr) {
      return leaf < FIRST_LAYER ? -1 : (leaf - FIRST_LAYER) / LEAVES_OF_A_LAYER;
    }
  }
  return shape_.layers;
}

// to (n_out, n_in) = the gradients of a product's result, transposed, times its left operand.
template <typename T>
void Encoder<T>::matrix_gradient(const T *transposed, int64_t n_out, const T *panels, int64_t n_in, int64_t rows, float *to,
                                 bool add) {
  const int64_t n_chunks = ceil_div(n_out, BLOCK_ROWS);
  std::vector<double> sums(ceil_div(n_in, PANEL) * n_chunks);
  multiply(transposed, return_.stride, panels, n_out, n_in, rows,
           [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns, const float *block) {
             sums[column / PANEL * n_chunks + row / BLOCK_ROWS] =
                 write_block(block, n_rows, n_columns, to + row * n_in + column, n_in, add);
           });
  matrix_gradients_.push_back({to, n_out * n_in, std::accumulate(sums.begin(), sums.end(), 0.0)});
}

// A leaf of two matrices has two sums.
template <typename T> double Encoder<T>::sum_of_squares(const float *gradients, int64_t n) const {
  double total = 0;
  int64_t n_known = 0;
  for (const MatrixGradient &matrix : matrix_gradients_) {
    if (gradients <= matrix.gradient && matrix.gradient < gradients + n) {
      total += matrix.sum_of_squares, n_known += matrix.n;
    }
  }
  return n_known == n ? total : NAN;
}

template <typename T> void Encoder<T>::norm_gradient(int64_t leaf, int64_t rows, float *const *gradients, bool add) {
  const int64_t n_chunks = ceil_div(rows, CHUNK);
  if (gradients[leaf] != nullptr) {
    reduce(return_.norm_sums.weight, n_chunks, shape_.hidden, gradients[leaf], add);
  }
  if (gradients[leaf + 1] != nullptr) {
    reduce(return_.norm_sums.bias, n_chunks, shape_.hidden, gradients[leaf + 1], add);
  }
}

template <typename T>
void Encoder<T>::feed_forward_backward(int64_t layer, float *gradient, float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden, intermediate = shape_.intermediate, rows = n_rows(layer), stride = return_.stride;
  const LayerStates<T> &states = pass_.layers[layer];
  const LayerWeights<T> &weights = weights_[layer];
  const auto of = [&](int64_t place) { return gradients[leaf_of(layer, place)]; };
  T *of_outer = return_.transposed, *of_inner = return_.transposed_wide;
  Mask room;
  add_and_normalise_backward(gradient, mask(dropout_.hidden, first_site_of(layer) + 2, room),
                             leaves_[leaf_of(layer, FEED_FORWARD_NORM)], rows, hidden, states.feed_forward_norm,
                             return_.norm_sums, return_.rows, of_outer, stride, return_.sums);
  norm_gradient(leaf_of(layer, FEED_FORWARD_NORM), rows, gradients, add);
  if (of(OUTER_BIAS) != nullptr) {
    reduce(return_.sums, ceil_div(rows, CHUNK), hidden, of(OUTER_BIAS), add);
  }
  multiply(return_.rows, hidden, weights.outer.backward, rows, intermediate, hidden,
           [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns, const float *block) {
             const int64_t in_panel = column * rows + row * n_columns;
             const InnerGradient<T> to{return_.inner + row * intermediate + column,
                                       intermediate,
                                       of_inner + column * stride + row,
                                       stride,
                                       return_.inner_panels + in_panel,
                                       return_.sums + row / BLOCK_ROWS * intermediate + column};
             activate_backward(Activation(shape_.activation), block, n_rows, n_columns, states.inner + in_panel, to);
           });
  if (of(INNER_BIAS) != nullptr) {
    reduce(return_.sums, ceil_div(rows, BLOCK_ROWS), intermediate, of(INNER_BIAS), add);
  }
  if (of(OUTER) != nullptr) {
    matrix_gradient(of_outer, hidden, return_.inner_panels, intermediate, rows, of(OUTER), add);
  }
  if (of(INNER) != nullptr) {
    pack_rows(states.attended, rows, hidden, return_.panels);
    matrix_gradient(of_inner, intermediate, return_.panels, hidden, rows, of(INNER), add);
  }
  multiply_into(return_.inner, intermediate, weights.inner.backward, rows, hidden, intermediate, gradient, true);
}

template <typename T>
void Encoder<T>::attention_backward(int64_t layer, float *gradient, float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden, rows = n_rows(layer);
  const LayerStates<T> &states = pass_.layers[layer];
  const auto of = [&](int64_t place) { return gradients[leaf_of(layer, place)]; };
  Mask room;
  add_and_normalise_backward(gradient, mask(dropout_.hidden, first_site_of(layer) + 1, room),
                             leaves_[leaf_of(layer, ATTENTION_NORM)], rows, hidden, states.attention_norm,
                             return_.norm_sums, return_.rows, return_.transposed, return_.stride, return_.sums);
  norm_gradient(leaf_of(layer, ATTENTION_NORM), rows, gradients, add);
  if (of(OUTPUT_BIAS) != nullptr) {
    reduce(return_.sums, ceil_div(rows, CHUNK), hidden, of(OUTPUT_BIAS), add);
  }
  if (of(OUTPUT) != nullptr) {
    pack_rows(states.context, rows, hidden, return_.panels);
    matrix_gradient(return_.transposed, hidden, return_.panels, hidden, rows, of(OUTPUT), add);
  }
  T *of_context = return_.context;
  multiply(return_.rows, hidden, weights_[layer].output.backward, rows, hidden, hidden,
           [=](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns, const float *block) {
             narrow(block, n_rows, n_columns, of_context + row * hidden + column, hidden);
           });

  Rows<const T> parts[3];
  Rows<T> of_parts[3];
  split<const T>(layer, states.projected, states.query, parts);
  split<T>(layer, return_.projected, return_.query, of_parts);
  const int64_t used = batch_.cu_seqlens[batch_.batch], width = weights_[layer].projection.n_out;
  std::memset(return_.projected + used * width, 0, (rows_ - used) * width * sizeof(T));
  std::memset(return_.query + batch_.batch * hidden, 0, (asked_ - batch_.batch) * hidden * sizeof(T));
  attend_backward(attending(mask(dropout_.attention, first_site_of(layer), room), layer), parts[0], parts[1], parts[2],
                  Rows<const T>{of_context, hidden}, states.stats, of_parts[0], of_parts[1], of_parts[2]);
}

// The gradients of a linear layer with the result's gradients `rows` (n, n_out) and the left operand `input` (n, n_in).
template <typename T>
void Encoder<T>::linear_gradient(const T *rows, int64_t n, int64_t n_out, const T *input, int64_t n_in, float *weight,
                                 float *bias, bool add) {
  if (weight == nullptr && bias == nullptr) {
    return;
  }
  transpose_all(rows, n, n_out, return_.transposed_wide, return_.stride, return_.sums);
  if (bias != nullptr) {
    reduce(return_.sums, ceil_div(n, CHUNK), n_out, bias, add);
  }
  if (weight != nullptr) {
    pack_rows(input, n, n_in, return_.panels);
    matrix_gradient(return_.transposed_wide, n_out, return_.panels, n_in, n, weight, add);
  }
}

template <typename T>
void Encoder<T>::projection_backward(int64_t layer, float *gradient, float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden;
  linear_gradient(return_.projected, rows_, 3 * hidden, pass_.layers[layer].input, hidden,
                  gradients[leaf_of(layer, QUERY_KEY_VALUE)], gradients[leaf_of(layer, QUERY_KEY_VALUE_BIAS)], add);
  multiply_into(return_.projected, 3 * hidden, weights_[layer].projection.backward, rows_, hidden, 3 * hidden, gradient,
                true);
}

template <typename T>
void Encoder<T>::last_projection_backward(int64_t layer, float *gradient, float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden;
  const LayerStates<T> &states = pass_.layers[layer];
  const LayerWeights<T> &weights = weights_[layer];
  float *weight = gradients[leaf_of(layer, QUERY_KEY_VALUE)], *bias = gradients[leaf_of(layer, QUERY_KEY_VALUE_BIAS)];
  const auto behind_query = [](float *whole, int64_t n) { return whole == nullptr ? nullptr : whole + n; };
  linear_gradient(return_.query, asked_, hidden, states.asked_input, hidden, weight, bias, add);
  linear_gradient(return_.projected, rows_, 2 * hidden, states.input, hidden, behind_query(weight, hidden * hidden),
                  behind_query(bias, hidden), add);
  multiply_into(return_.query, hidden, weights.query.backward, asked_, hidden, hidden, gradient, true);
  multiply_into(return_.projected, 2 * hidden, weights.projection.backward, rows_, hidden, 2 * hidden, return_.stream, false);
  scatter_add(gradient, batch_.cu_seqlens, batch_.batch, hidden, return_.stream);
}

// Leaves the gradients of the tokens' sums of embeddings in the stream.
template <typename T> void Encoder<T>::embeddings_backward(float *const *gradients, bool add) {
  const int64_t hidden = shape_.hidden;
  Mask room;
  normalise_and_drop_backward(return_.stream, mask(dropout_.hidden, EMBEDDING_SITE, room), leaves_[EMBEDDING_NORM], rows_,
                              hidden, pass_.embedding_norm, return_.norm_sums);
  norm_gradient(EMBEDDING_NORM, rows_, gradients, add);
  for (const int64_t table : {POSITIONS, TOKEN_TYPES}) {
    if (gradients[table] != nullptr && !add) {
      const int64_t n = table == POSITIONS ? shape_.positions : shape_.token_types;
      std::memset(gradients[table], 0, n * hidden * sizeof(float));
    }
  }
  if (gradients[POSITIONS] != nullptr) {
    scatter_add(return_.stream, batch_.position_ids, rows_, hidden, gradients[POSITIONS]);
  }
  if (gradients[TOKEN_TYPES] != nullptr) { // every token has the first type
    reduce(return_.stream, rows_, hidden, gradients[TOKEN_TYPES], true);
  }
}

template class Encoder<float>;
template class Encoder<BFloat16>;
