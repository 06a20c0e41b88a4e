// The encoder on the CPU, forward and backward, without a graph: embeddings, layers of attention and feed-forward, and of
// the last layer only what the first token of each sentence needs.
#pragma once

#include "arena.h"
#include "attention.h"
#include "feed_forward.h"
#include "norm.h"
#include "bert_kernels.h"

#include <vector>

// Places among the leaves: five of the embeddings, then twelve of each layer. The bias of a norm follows its weight.
enum : int64_t { WORDS, POSITIONS, TOKEN_TYPES, EMBEDDING_NORM, FIRST_LAYER = 5 };
enum : int64_t {
  QUERY_KEY_VALUE,
  QUERY_KEY_VALUE_BIAS,
  OUTPUT,
  OUTPUT_BIAS,
  ATTENTION_NORM,
  INNER = 6,
  INNER_BIAS,
  OUTER,
  OUTER_BIAS,
  FEED_FORWARD_NORM,
  LEAVES_OF_A_LAYER = 12
};

inline int64_t leaf_of(int64_t layer, int64_t place) { return FIRST_LAYER + layer * LEAVES_OF_A_LAYER + place; }

// The dropouts: of the embeddings, and three of each layer.
constexpr uint64_t EMBEDDING_SITE = 0;
inline uint64_t first_site_of(int64_t layer) { return 1 + 3 * uint64_t(layer); }

// A matrix (n_out, n_in) in the model's precision, packed for the products of both directions.
template <typename T> struct Linear {
  int64_t n_out = 0, n_in = 0;
  T *forward = nullptr, *backward = nullptr;
};

// The matrices of a layer. In the last one, where only first tokens ask, `query` is apart; elsewhere it is empty and
// `projection` makes query, key and value.
template <typename T> struct LayerWeights {
  Linear<T> query, projection, output, inner, outer;
};

// What the backward pass reads of a layer. `rows` are all tokens, `asked` those whose states are asked for.
template <typename T> struct LayerStates {
  T *input;       // (rows, hidden)
  T *asked_input; // (asked, hidden); the input but in the last layer
  T *projected;   // (rows, 3 hidden); in the last layer (rows, 2 hidden)
  T *query;       // (asked, hidden) in the last layer
  float *stats;   // (asked, heads, 2)
  T *context;     // (asked, hidden)
  Normalised attention_norm;
  T *attended; // (asked, hidden)
  T *inner;    // (intermediate / PANEL, asked, PANEL): before the activation, in columns as blocks are read
  Normalised feed_forward_norm;
};

// The memory of a forward pass.
template <typename T> struct Pass {
  Normalised embedding_norm;
  std::vector<LayerStates<T>> layers;
  float *stream, *attended_stream; // (rows, hidden): the states that residuals add to
  float *linear;                   // (rows, hidden)
  T *activated;                    // (rows, intermediate)
  T *last;                         // (asked, hidden)
};

// The memory of a backward pass, which every layer uses in turn.
template <typename T> struct Return {
  int64_t stride;           // of the transposed rows, in numbers
  float *stream, *asked;    // (rows, hidden), (asked, hidden): gradients of states
  T *rows, *context, *query; // (rows, hidden) each
  T *inner;                 // (rows, intermediate)
  T *projected;             // (rows, 3 hidden)
  T *transposed;            // (hidden, stride)
  T *transposed_wide;       // (max(3 hidden, intermediate), stride)
  T *panels, *inner_panels; // right operands: (rows, hidden), (rows, intermediate)
  RowSums norm_sums;        // (chunks, hidden)
  float *sums;              // (chunks, max(3 hidden, intermediate))
};

// A matrix and its packed copy, which another type knows how to write.
struct Copy {
  const float *weight;
  int64_t n_out, n_in;
  void *forward, *backward;
};

// The gradients of a matrix as the last backward pass left them.
struct MatrixGradient {
  const float *gradient;
  int64_t n;
  double sum_of_squares;
};

struct bert_kernels_encoder {
  virtual ~bert_kernels_encoder() = default;
  virtual void read_weights(const float *const *leaves) = 0;
  // Bytes, with a training pass over so many rows and sentences.
  virtual int64_t memory(int64_t n_rows, int64_t batch) = 0;
  // The copies of the matrices in a leaf; none where it has no matrix.
  virtual std::vector<Copy> copies_of(const float *leaf) const = 0;
  // Packs rows `begin..end`, as `pack_weight_rows`.
  virtual void pack_again(const Copy &copy, int64_t begin, int64_t end) const = 0;
  virtual void forward(const bert_kernels_packed &batch, const bert_kernels_dropout_rates *dropout, bool keep, float *first) = 0;
  virtual const float *backward(const float *of_first, float *const *gradients, bool add) = 0;
  // Of a leaf's gradients as the last backward pass left them; NaN where it did not add them up.
  virtual double sum_of_squares(const float *gradients, int64_t n) const = 0;
};

// The encoder in one precision.
template <typename T> class Encoder final : public bert_kernels_encoder {
public:
  explicit Encoder(const bert_kernels_encoder_shape &shape);
  void read_weights(const float *const *leaves) override;
  int64_t memory(int64_t n_rows, int64_t batch) override;
  std::vector<Copy> copies_of(const float *leaf) const override;
  void pack_again(const Copy &copy, int64_t begin, int64_t end) const override;
  void forward(const bert_kernels_packed &batch, const bert_kernels_dropout_rates *dropout, bool keep, float *first) override;
  const float *backward(const float *of_first, float *const *gradients, bool add) override;
  double sum_of_squares(const float *gradients, int64_t n) const override;

private:
  bool is_last(int64_t layer) const { return layer == shape_.layers - 1; }
  int64_t n_rows(int64_t layer) const { return is_last(layer) ? asked_ : rows_; }
  NormWeights norm_of(int64_t leaf) const { return {leaves_[leaf], leaves_[leaf + 1], shape_.layer_norm_eps}; }
  const Mask *mask(double rate, uint64_t site, Mask &room) const;
  Attending attending(const Mask *mask, int64_t layer) const;
  // Query, key, value of a layer in one of its passes.
  template <typename P> void split(int64_t layer, P *projected, P *query, Rows<P> (&parts)[3]) const;

  std::vector<LayerWeights<T>> lay_out_weights(Arena &arena) const;
  Pass<T> lay_out(Arena &arena, bool keep) const;
  LayerStates<T> lay_out_layer(Arena &arena, int64_t layer) const;
  Return<T> lay_out_return(Arena &arena) const;

  void embed();
  void attend_forward(int64_t layer);
  void feed_forward(int64_t layer);

  void feed_forward_backward(int64_t layer, float *gradient, float *const *gradients, bool add);
  void attention_backward(int64_t layer, float *gradient, float *const *gradients, bool add);
  void projection_backward(int64_t layer, float *gradient, float *const *gradients, bool add);
  void last_projection_backward(int64_t layer, float *gradient, float *const *gradients, bool add);
  void embeddings_backward(float *const *gradients, bool add);
  void norm_gradient(int64_t leaf, int64_t rows, float *const *gradients, bool add);
  void linear_gradient(const T *rows, int64_t n, int64_t n_out, const T *input, int64_t n_in, float *weight, float *bias,
                       bool add);
  void matrix_gradient(const T *transposed, int64_t n_out, const T *panels, int64_t n_in, int64_t rows, float *to, bool add);
  int64_t lowest_trained_layer(float *const *gradients) const;

  bert_kernels_encoder_shape shape_;
  std::vector<const float *> leaves_;
  Arena weight_memory_, memory_, return_memory_;
  std::vector<LayerWeights<T>> weights_;
  std::vector<Copy> copies_;

  bert_kernels_packed batch_{};
  int64_t rows_ = 0, asked_ = 0;
  bool drops_ = false;
  bert_kernels_dropout_rates dropout_{};
  Pass<T> pass_{};
  Return<T> return_{};
  std::vector<MatrixGradient> matrix_gradients_;
};

template <typename T>
template <typename P>
void Encoder<T>::split(int64_t layer, P *projected, P *query, Rows<P> (&parts)[3]) const {
  const int64_t hidden = shape_.hidden;
  if (is_last(layer)) {
    parts[0] = {query, hidden}, parts[1] = {projected, 2 * hidden}, parts[2] = {projected + hidden, 2 * hidden};
  } else {
    for (int64_t part = 0; part < 3; ++part) {
      parts[part] = {projected + part * hidden, 3 * hidden};
    }
  }
}
