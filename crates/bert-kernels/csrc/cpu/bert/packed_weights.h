// Packed weights: the matrices of the layers in the precision of the products, for both directions.
#pragma once

#include "cpu/base/arena.h"
#include "cpu/bert/parameters.h"
#include "cpu/ops/pack.h"

template <typename T> struct PackedLayer {
  PackedWeight<T> query_key_value;  // (3 hidden, hidden); empty in the last layer,
  PackedWeight<T> query, key_value; // where only first tokens have queries: (hidden, hidden), (2 hidden, hidden)
  PackedWeight<T> attention_output; // (hidden, hidden)
  PackedWeight<T> intermediate;     // (intermediate, hidden)
  PackedWeight<T> output;           // (hidden, intermediate)
};

// A matrix and its packed copies, whose type the encoder knows.
struct WeightCopy {
  Matrix<const float> weight;
  void *forward, *backward;
};

template <typename T> class PackedWeights {
public:
  explicit PackedWeights(const bert_kernels_encoder_config &config);

  void pack(const EncoderParameters &parameters);
  const PackedLayer<T> &layer(int64_t layer) const { return layers_[layer]; }
  // The copies of the matrices of a parameter: two where query is apart, none of what is not packed.
  std::vector<WeightCopy> copies_of(const float *parameter) const;
  int64_t memory() const { return arena_.used(); } // bytes

private:
  void pack_one(const float *weight, const PackedWeight<T> &packed);

  int64_t hidden_;
  Arena arena_;
  std::vector<PackedLayer<T>> layers_;
  const float *last_query_key_value_ = nullptr;
  std::vector<WeightCopy> copies_;
};

// Packs rows `begin..end` of a matrix that has changed, as `pack_weight_rows`.
template <typename T> void pack_rows_again(const WeightCopy &copy, int64_t begin, int64_t end);
