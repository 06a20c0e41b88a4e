#include "encoder.h"

#include "internal.h"

namespace {

using c10::BFloat16;

// Queries of the last layer are padded to whole tiles of the products.
constexpr int64_t ASKED_MULTIPLE = 16;

template <typename T> Linear<T> lay_out_linear(Arena &arena, int64_t n_out, int64_t n_in) {
  return {n_out, n_in, arena.take<T>(n_out * n_in), arena.take<T>(n_out * n_in)};
}

Normalised lay_out_norm(Arena &arena, int64_t rows, int64_t width) {
  return {arena.take<float>(rows * width), arena.take<float>(rows)};
}

template <typename T> void clear_rows(T *rows, int64_t begin, int64_t end, int64_t width) {
  std::memset(rows + begin * width, 0, (end - begin) * width * sizeof(T));
}

// The rows of first tokens, and zeros behind them.
template <typename T> void gather(const T *from, const int64_t *rows, int64_t n, int64_t padded, int64_t width, T *to) {
  for (int64_t i = 0; i < n; ++i) {
    std::memcpy(to + i * width, from + rows[i] * width, width * sizeof(T));
  }
  clear_rows(to, n, padded, width);
}

// to (n, n_out) = from (n, n_in) W^T + bias.
template <typename T, typename To> void apply(const Linear<T> &linear, const T *from, int64_t n, const float *bias, To *to) {
  multiply(from, linear.n_in, linear.forward, n, linear.n_out, linear.n_in,
           [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns, const float *block) {
             add_bias(block, n_rows, n_columns, bias + column, to + row * linear.n_out + column, linear.n_out);
           });
}

VECTORISED void sum_embeddings(const float *word, const float *position, const float *type, int64_t width, float *to) {
  for (int64_t i = 0; i < width; i += LANES) {
    const int64_t left = width - i;
    store(to + i, load(word + i, left) + load(position + i, left) + load(type + i, left), left);
  }
}

} // namespace

template <typename T> Encoder<T>::Encoder(const bert_kernels_encoder_shape &shape) : shape_(shape) {
  weights_ = weight_memory_.laid_out([this](Arena &arena) { return lay_out_weights(arena); });
}

template <typename T> std::vector<LayerWeights<T>> Encoder<T>::lay_out_weights(Arena &arena) const {
  const int64_t hidden = shape_.hidden, intermediate = shape_.intermediate;
  std::vector<LayerWeights<T>> layers;
  for (int64_t layer = 0; layer < shape_.layers; ++layer) {
    LayerWeights<T> weights;
    if (is_last(layer)) {
      weights.query = lay_out_linear<T>(arena, hidden, hidden);
    }
    weights.projection = lay_out_linear<T>(arena, (is_last(layer) ? 2 : 3) * hidden, hidden);
    weights.output = lay_out_linear<T>(arena, hidden, hidden);
    weights.inner = lay_out_linear<T>(arena, intermediate, hidden);
    weights.outer = lay_out_linear<T>(arena, hidden, intermediate);
    layers.push_back(weights);
  }
  return layers;
}

template <typename T> void Encoder<T>::read_weights(const float *const *leaves) {
  leaves_.assign(leaves, leaves + leaf_of(shape_.layers, 0));
  copies_.clear();
  const auto read = [this](const float *weight, const Linear<T> &linear) {
    if (linear.n_out > 0) {
      pack_weight(weight, linear.n_out, linear.n_in, linear.forward, linear.backward);
      copies_.push_back({weight, linear.n_out, linear.n_in, linear.forward, linear.backward});
    }
  };
  for (int64_t layer = 0; layer < shape_.layers; ++layer) {
    const LayerWeights<T> &weights = weights_[layer];
    const float *projection = leaves_[leaf_of(layer, QUERY_KEY_VALUE)];
    read(projection, weights.query);
    read(projection + weights.query.n_out * weights.query.n_in, weights.projection);
    read(leaves_[leaf_of(layer, OUTPUT)], weights.output);
    read(leaves_[leaf_of(layer, INNER)], weights.inner);
    read(leaves_[leaf_of(layer, OUTER)], weights.outer);
  }
}

template <typename T> std::vector<Copy> Encoder<T>::copies_of(const float *leaf) const {
  std::vector<Copy> found;
  const float *behind_query = leaf + shape_.hidden * shape_.hidden;
  const bool is_last_projection = leaf == leaves_[leaf_of(shape_.layers - 1, QUERY_KEY_VALUE)];
  for (const Copy &copy : copies_) {
    if (copy.weight == leaf || (is_last_projection && copy.weight == behind_query)) {
      found.push_back(copy);
    }
  }
  return found;
}

template <typename T> void Encoder<T>::pack_again(const Copy &copy, int64_t begin, int64_t end) const {
  pack_weight_rows(copy.weight, copy.n_out, copy.n_in, begin, end, static_cast<T *>(copy.forward),
                   static_cast<T *>(copy.backward));
}

template <typename T> LayerStates<T> Encoder<T>::lay_out_layer(Arena &arena, int64_t layer) const {
  const int64_t hidden = shape_.hidden, asked = n_rows(layer);
  LayerStates<T> states{};
  states.input = arena.take<T>(rows_ * hidden);
  states.asked_input = is_last(layer) ? arena.take<T>(asked * hidden) : states.input;
  states.projected = arena.take<T>(rows_ * (is_last(layer) ? 2 : 3) * hidden);
  states.query = is_last(layer) ? arena.take<T>(asked * hidden) : nullptr;
  states.stats = arena.take<float>(2 * asked * shape_.heads);
  states.context = arena.take<T>(asked * hidden);
  states.attention_norm = lay_out_norm(arena, asked, hidden);
  states.attended = arena.take<T>(asked * hidden);
  states.inner = arena.take<T>(asked * shape_.intermediate);
  states.feed_forward_norm = lay_out_norm(arena, asked, hidden);
  return states;
}

template <typename T> Pass<T> Encoder<T>::lay_out(Arena &arena, bool keep) const {
  const int64_t hidden = shape_.hidden, n_kept = keep ? shape_.layers : std::min<int64_t>(shape_.layers, 3);
  Pass<T> pass{};
  pass.embedding_norm = lay_out_norm(arena, rows_, hidden);
  // What is not kept is written over: two layers take turns, and the last one has a shape of its own.
  for (int64_t layer = shape_.layers - n_kept; layer < shape_.layers; ++layer) {
    pass.layers.push_back(lay_out_layer(arena, layer));
  }
  while (int64_t(pass.layers.size()) < shape_.layers) {
    pass.layers.insert(pass.layers.begin(), pass.layers[1]);
  }
  pass.stream = arena.take<float>(rows_ * hidden);
  pass.attended_stream = arena.take<float>(rows_ * hidden);
  pass.linear = arena.take<float>(rows_ * hidden);
  pass.activated = arena.take<T>(rows_ * shape_.intermediate);
  pass.last = arena.take<T>(asked_ * hidden);
  return pass;
}

template <typename T> int64_t Encoder<T>::memory(int64_t n_rows, int64_t batch) {
  const auto [rows, asked] = std::make_pair(rows_, asked_);
  rows_ = n_rows, asked_ = round_up(batch, ASKED_MULTIPLE);
  Arena counted;
  lay_out(counted, true);
  lay_out_return(counted);
  rows_ = rows, asked_ = asked;
  return weight_memory_.used() + counted.used();
}

template <typename T> const Mask *Encoder<T>::mask(double rate, uint64_t site, Mask &room) const {
  if (!drops_ || rate == 0.0) {
    return nullptr;
  }
  room = mask_of(rate, dropout_.key, dropout_.stream | site);
  return &room;
}

template <typename T> Attending Encoder<T>::attending(const Mask *mask, int64_t layer) const {
  return {batch_.cu_seqlens, batch_.batch, shape_.heads, shape_.hidden / shape_.heads, is_last(layer), mask};
}

template <typename T>
void Encoder<T>::forward(const bert_kernels_packed &batch, const bert_kernels_dropout_rates *dropout, bool keep, float *first) {
  batch_ = batch, rows_ = batch.n_rows, asked_ = round_up(batch.batch, ASKED_MULTIPLE);
  drops_ = dropout != nullptr;
  if (drops_) {
    dropout_ = *dropout;
  }
  pass_ = memory_.laid_out([&](Arena &arena) { return lay_out(arena, keep); });
  embed();
  for (int64_t layer = 0; layer < shape_.layers; ++layer) {
    attend_forward(layer);
    feed_forward(layer);
  }
  std::memcpy(first, pass_.stream, batch_.batch * shape_.hidden * sizeof(float));
}

template <typename T> void Encoder<T>::embed() {
  const int64_t hidden = shape_.hidden;
  share_out(rows_, [&](Items &items) {
    for (int64_t row; items.take(row);) {
      sum_embeddings(leaves_[WORDS] + batch_.input_ids[row] * hidden, leaves_[POSITIONS] + batch_.position_ids[row] * hidden,
                     leaves_[TOKEN_TYPES], hidden, pass_.embedding_norm.rows + row * hidden);
    }
  });
  Mask room;
  normalise_and_drop(mask(dropout_.hidden, EMBEDDING_SITE, room), norm_of(EMBEDDING_NORM), rows_, hidden,
                     pass_.embedding_norm, pass_.stream, pass_.layers[0].input);
}

template <typename T> void Encoder<T>::attend_forward(int64_t layer) {
  const int64_t hidden = shape_.hidden, asked = n_rows(layer);
  const LayerStates<T> &states = pass_.layers[layer];
  const LayerWeights<T> &weights = weights_[layer];
  const float *bias = leaves_[leaf_of(layer, QUERY_KEY_VALUE_BIAS)];
  if (is_last(layer)) {
    gather(states.input, batch_.cu_seqlens, batch_.batch, asked, hidden, states.asked_input);
    gather(pass_.stream, batch_.cu_seqlens, batch_.batch, asked, hidden, pass_.linear);
    std::swap(pass_.stream, pass_.linear);
    apply(weights.query, states.asked_input, asked, bias, states.query);
  }
  apply(weights.projection, states.input, rows_, bias + weights.query.n_out, states.projected);

  Mask room;
  Rows<const T> parts[3];
  split<const T>(layer, states.projected, states.query, parts);
  clear_rows(states.context, is_last(layer) ? batch_.batch : batch_.cu_seqlens[batch_.batch], asked, hidden);
  attend(attending(mask(dropout_.attention, first_site_of(layer), room), layer), parts[0], parts[1], parts[2],
         Rows<T>{states.context, hidden}, states.stats);

  apply(weights.output, states.context, asked, leaves_[leaf_of(layer, OUTPUT_BIAS)], pass_.linear);
  add_and_normalise(pass_.linear, pass_.stream, mask(dropout_.hidden, first_site_of(layer) + 1, room),
                    norm_of(leaf_of(layer, ATTENTION_NORM)), asked, hidden, states.attention_norm, pass_.attended_stream,
                    states.attended);
}

template <typename T> void Encoder<T>::feed_forward(int64_t layer) {
  const int64_t hidden = shape_.hidden, intermediate = shape_.intermediate, asked = n_rows(layer);
  const LayerStates<T> &states = pass_.layers[layer];
  const LayerWeights<T> &weights = weights_[layer];
  const float *inner_bias = leaves_[leaf_of(layer, INNER_BIAS)];
  multiply(states.attended, hidden, weights.inner.forward, asked, intermediate, hidden,
           [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns, const float *block) {
             add_bias_and_activate(Activation(shape_.activation), block, n_rows, n_columns, inner_bias + column,
                                   states.inner + column * asked + row * n_columns,
                                   pass_.activated + row * intermediate + column, intermediate);
           });
  apply(weights.outer, pass_.activated, asked, leaves_[leaf_of(layer, OUTER_BIAS)], pass_.linear);
  Mask room;
  add_and_normalise(pass_.linear, pass_.attended_stream, mask(dropout_.hidden, first_site_of(layer) + 2, room),
                    norm_of(leaf_of(layer, FEED_FORWARD_NORM)), asked, hidden, states.feed_forward_norm, pass_.stream,
                    is_last(layer) ? pass_.last : pass_.layers[layer + 1].input);
}

template class Encoder<float>;
template class Encoder<BFloat16>;
