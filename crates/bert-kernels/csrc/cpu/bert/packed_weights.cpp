#include "cpu/bert/packed_weights.h"

namespace {

using c10::BFloat16;

// Counted once more in src/encoder_memory.rs.
template <typename T> PackedWeight<T> allocate(Arena &arena, int64_t n_out, int64_t n_in) {
  T *forward = arena.allocate<T>(n_out * n_in), *backward = arena.allocate<T>(n_out * n_in);
  return {{forward, n_in, n_out}, {backward, n_out, n_in}};
}

template <typename T>
std::vector<PackedLayer<T>> allocate_layers(Arena &arena, const bert_kernels_encoder_config &config) {
  const int64_t hidden = config.hidden, intermediate = config.intermediate;
  std::vector<PackedLayer<T>> layers(config.layers);
  for (PackedLayer<T> &layer : layers) {
    if (&layer == &layers.back()) {
      layer.query = allocate<T>(arena, hidden, hidden);
      layer.key_value = allocate<T>(arena, 2 * hidden, hidden);
    } else {
      layer.query_key_value = allocate<T>(arena, 3 * hidden, hidden);
    }
    layer.attention_output = allocate<T>(arena, hidden, hidden);
    layer.intermediate = allocate<T>(arena, intermediate, hidden);
    layer.output = allocate<T>(arena, hidden, intermediate);
  }
  return layers;
}

} // namespace

template <typename T> PackedWeights<T>::PackedWeights(const bert_kernels_encoder_config &config) : hidden_(config.hidden) {
  layers_ = arena_.reuse([&](Arena &arena) { return allocate_layers<T>(arena, config); });
}

template <typename T> void PackedWeights<T>::pack(const EncoderParameters &parameters) {
  copies_.clear();
  last_query_key_value_ = parameters.layers.back().query_key_value.weight;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerParameters &from = parameters.layers[i];
    pack_one(from.query_key_value.weight, layers_[i].query_key_value);
    pack_one(from.query_key_value.weight, layers_[i].query);
    pack_one(from.query_key_value.weight + hidden_ * hidden_, layers_[i].key_value);
    pack_one(from.attention_output.weight, layers_[i].attention_output);
    pack_one(from.intermediate.weight, layers_[i].intermediate);
    pack_one(from.output.weight, layers_[i].output);
  }
}

template <typename T> void PackedWeights<T>::pack_one(const float *weight, const PackedWeight<T> &packed) {
  if (packed.empty()) {
    return;
  }
  const Matrix<const float> matrix(weight, packed.backward.rows, packed.backward.cols);
  pack_weight(matrix, packed);
  copies_.push_back({matrix, packed.forward.data, packed.backward.data});
}

template <typename T> std::vector<WeightCopy> PackedWeights<T>::copies_of(const float *parameter) const {
  std::vector<WeightCopy> found;
  const float *behind_query = parameter + hidden_ * hidden_;
  const bool has_key_value_apart = parameter == last_query_key_value_;
  for (const WeightCopy &copy : copies_) {
    if (copy.weight.data == parameter || (has_key_value_apart && copy.weight.data == behind_query)) {
      found.push_back(copy);
    }
  }
  return found;
}

template <typename T> void pack_rows_again(const WeightCopy &copy, int64_t begin, int64_t end) {
  const int64_t n_out = copy.weight.rows, n_in = copy.weight.cols;
  T *forward = static_cast<T *>(copy.forward), *backward = static_cast<T *>(copy.backward);
  pack_weight_rows(copy.weight, begin, end, PackedWeight<T>{{forward, n_in, n_out}, {backward, n_out, n_in}});
}

template class PackedWeights<float>;
template class PackedWeights<BFloat16>;
template void pack_rows_again<float>(const WeightCopy &, int64_t, int64_t);
template void pack_rows_again<BFloat16>(const WeightCopy &, int64_t, int64_t);
