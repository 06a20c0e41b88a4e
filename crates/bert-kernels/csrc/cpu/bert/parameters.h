// The encoder's parameters, or their gradients, by name, and the masks of its dropouts.
#pragma once

#include "bert_kernels.h"
#include "cpu/ops/dropout_mask.h"

#include <vector>

using LinearParameters = bert_kernels_linear_parameters;
using LayerNormParameters = bert_kernels_layer_norm_parameters;
using LayerParameters = bert_kernels_layer_parameters;

// `bert_kernels_encoder_parameters` with layers of its own. The numbers stay the caller's.
struct EncoderParameters {
  float *word_embeddings = nullptr, *position_embeddings = nullptr, *token_type_embeddings = nullptr;
  LayerNormParameters embeddings_layer_norm{};
  std::vector<LayerParameters> layers;

  EncoderParameters() = default;
  EncoderParameters(const bert_kernels_encoder_parameters &from, int64_t n_layers)
      : word_embeddings(from.word_embeddings), position_embeddings(from.position_embeddings),
        token_type_embeddings(from.token_type_embeddings), embeddings_layer_norm(from.embeddings_layer_norm),
        layers(from.layers, from.layers + n_layers) {}
};

// The masks of one pass, each null where nothing is dropped: one of the embeddings, three of each layer.
class DropoutMasks {
public:
  DropoutMasks() = default;
  // dropout: null to evaluate.
  DropoutMasks(const bert_kernels_encoder_dropout *dropout, int64_t n_layers) {
    if (dropout == nullptr) {
      return;
    }
    hidden_ = dropout->hidden != 0.0, attention_ = dropout->attention != 0.0;
    for (int64_t stream = 0; stream < 1 + 3 * n_layers; ++stream) {
      const bool of_probabilities = stream % 3 == 1;
      const double p = of_probabilities ? dropout->attention : dropout->hidden;
      masks_.push_back(dropout_mask(p, dropout->key, dropout->rng_stream | uint64_t(stream)));
    }
  }

  const DropoutMask *embeddings() const { return mask(hidden_, 0); }
  const DropoutMask *probabilities(int64_t layer) const { return mask(attention_, 1 + 3 * layer); }
  const DropoutMask *attention_output(int64_t layer) const { return mask(hidden_, 2 + 3 * layer); }
  const DropoutMask *output(int64_t layer) const { return mask(hidden_, 3 + 3 * layer); }

private:
  const DropoutMask *mask(bool drops, int64_t stream) const { return drops ? &masks_[stream] : nullptr; }

  bool hidden_ = false, attention_ = false;
  std::vector<DropoutMask> masks_;
};
