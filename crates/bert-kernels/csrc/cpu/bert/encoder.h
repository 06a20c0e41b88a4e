// The BERT encoder on the CPU (Devlin et al. 2019), forward and backward, without an autograd graph: `forward.cpp` and
// `backward.cpp` tell how. Sentences are packed, and of the last layer only the first token's hidden states are computed.
#pragma once

#include "cpu/bert/activations.h"
#include "cpu/bert/packed_weights.h"
#include "cpu/bert/parameters.h"

// What the ABI calls an encoder, of either precision.
struct AnyEncoder {
  virtual ~AnyEncoder() = default;
  virtual void read_weights(const bert_kernels_encoder_parameters &parameters) = 0;
  // Bytes, with a training pass over so many rows and sentences.
  virtual int64_t memory(int64_t n_rows, int64_t batch) = 0;
  virtual void forward(const bert_kernels_packed_batch &batch, const bert_kernels_encoder_dropout *dropout, bool keep,
                       float *first) = 0;
  virtual const float *backward(const float *dfirst, const bert_kernels_backward_options &options,
                                const bert_kernels_encoder_parameters &gradients) = 0;

  // For the optimizer: the packed copies of a parameter; packs rows `begin..end` of one again.
  virtual std::vector<WeightCopy> copies_of(const float *parameter) const = 0;
  virtual void pack_again(const WeightCopy &copy, int64_t begin, int64_t end) const = 0;
  // Of a parameter's gradient as the last backward pass left it; NaN where that did not add it up.
  virtual double sum_of_squares(const float *gradient, int64_t n) const = 0;
  // Adds the squares of those gradients up again: somebody has changed them.
  virtual void gradients_changed() = 0;
};

// The gradient of a matrix as the last backward pass left it.
struct MatrixGradient {
  Matrix<const float> gradient;
  double sum_of_squares;
};

// The encoder with products of T.
template <typename T> class Encoder final : public AnyEncoder {
public:
  explicit Encoder(const bert_kernels_encoder_config &config);
  void read_weights(const bert_kernels_encoder_parameters &parameters) override;
  int64_t memory(int64_t n_rows, int64_t batch) override;
  void forward(const bert_kernels_packed_batch &batch, const bert_kernels_encoder_dropout *dropout, bool keep,
               float *first) override;
  const float *backward(const float *dfirst, const bert_kernels_backward_options &options,
                        const bert_kernels_encoder_parameters &gradients) override;
  std::vector<WeightCopy> copies_of(const float *parameter) const override;
  void pack_again(const WeightCopy &copy, int64_t begin, int64_t end) const override;
  double sum_of_squares(const float *gradient, int64_t n) const override;
  void gradients_changed() override;

private:
  void embeddings_forward();
  void layer_forward(int64_t layer);
  void last_layer_forward(int64_t layer);
  void layer_output_forward(int64_t layer);

  void embeddings_backward();
  void layer_backward(int64_t layer);
  void last_layer_backward(int64_t layer);
  void layer_output_backward(int64_t layer, const LayerGradients<T> &g);

  LayerNorm layer_norm(const LayerNormParameters &parameters) const;
  AttentionOptions attention_options(int64_t layer) const;
  int64_t n_tokens() const { return batch_.cu_seqlens[batch_.batch]; }

  int64_t lowest_trained_layer() const;
  // These write the gradients of parameters, or add to them, where they are learned. The last two pack x first.
  void position_gradient(Matrix<const float> dy, Matrix<float> dposition);
  void layer_norm_gradients(const LayerNormSums &sums, const LayerNormParameters &gradients);
  void bias_gradient(Matrix<const float> sums, float *dbias);
  void weight_gradient(Matrix<const T> dy_transposed, Panels<const T> x, float *dweight);
  void weight_gradient(Matrix<const T> dy_transposed, Matrix<const T> x, float *dweight);
  void linear_gradients(Matrix<const T> dy, Matrix<const T> x, const LinearParameters &gradients);

  bert_kernels_encoder_config config_;
  EncoderParameters parameters_;
  PackedWeights<T> weights_;
  Arena activation_memory_, gradient_memory_;

  // The last forward pass.
  bert_kernels_packed_batch batch_{};
  PassShape shape_;
  DropoutMasks masks_;
  Activations<T> activations_;

  // The last backward pass.
  GradientBuffers<T> buffers_{};
  EncoderParameters gradients_;
  Write write_ = Write::Over;
  std::vector<MatrixGradient> matrix_gradients_;
};
