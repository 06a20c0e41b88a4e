#include "feed_forward.h"

#include "internal.h"
#include "norm.h"

namespace {

using c10::BFloat16;

template <typename T>
VECTORISED void biased(const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *to, int64_t stride) {
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      store(to + row * stride + i, load(block + row * PANEL + i) + load(bias + i, left), left);
    }
  }
}

template <typename T>
VECTORISED void narrowed_rows(const float *block, int64_t n_rows, int64_t n_columns, T *to, int64_t stride) {
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      store(to + row * stride + i, load(block + row * PANEL + i), n_columns - i);
    }
  }
}

template <Activation KIND, typename T>
VECTORISED void activated(const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *inner, T *to,
                          int64_t stride) {
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t at = row * n_columns + i, left = n_columns - i;
      store(inner + at, load(block + row * PANEL + i) + load(bias + i, left), left);
      store(to + row * stride + i, activate<KIND>(load(inner + at, left)).value, left);
    }
  }
}

// Puts the rows of a block into a panel: as they are, or pairs of rows interleaved.
INLINE void put_rows(const float *rows, int64_t n_rows, int64_t n_columns, float *panel) {
  for (int64_t row = 0; row < n_rows; ++row) {
    std::memcpy(panel + row * n_columns, rows + row * PANEL, n_columns * sizeof(float));
  }
}

INLINE void put_rows(const BFloat16 *rows, int64_t n_rows, int64_t n_columns, BFloat16 *panel) {
  for (int64_t row = 0; row < n_rows; row += 2) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const BFloat16 *even = rows + row * PANEL + i;
      const Words16 pairs = paired(load_halves(even, LANES), load_halves(even + PANEL, LANES));
      store_words(panel + row * n_columns + 2 * i, pairs, n_columns - i);
    }
  }
}

template <Activation KIND, typename T>
VECTORISED void inner_gradient(const float *block, int64_t n_rows, int64_t n_columns, const T *inner,
                               const InnerGradient<T> &to) {
  T values[BLOCK_ROWS * PANEL], gradients[BLOCK_ROWS * PANEL];
  Floats sums[PANEL / LANES] = {};
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t at = row * PANEL + i, left = n_columns - i;
      const Activated f = activate<KIND>(load(inner + row * n_columns + i, left));
      const Floats gradient = load(block + at) * f.slope;
      sums[i / LANES] += gradient;
      store(values + at, f.value);
      store(gradients + at, gradient);
      store(to.rows + row * to.stride + i, gradient, left);
    }
  }
  for (int64_t i = 0; i < n_columns; i += LANES) {
    store(to.sums + i, sums[i / LANES], n_columns - i);
  }
  put_rows(values, n_rows, n_columns, to.activated);
  for (int64_t row = 0; row < n_rows; row += CHUNK) {
    transpose_rows(gradients + row * PANEL, std::min(CHUNK, n_rows - row), n_columns, PANEL, to.transposed + row,
                   to.transposed_stride);
  }
}

} // namespace

template <typename T>
void add_bias(const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *to, int64_t stride) {
  biased(block, n_rows, n_columns, bias, to, stride);
}

template <typename T> void narrow(const float *block, int64_t n_rows, int64_t n_columns, T *to, int64_t stride) {
  narrowed_rows(block, n_rows, n_columns, to, stride);
}

template <typename T>
void add_bias_and_activate(Activation kind, const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *inner,
                           T *to, int64_t stride) {
  switch (kind) {
  case Activation::Gelu:
    return activated<Activation::Gelu>(block, n_rows, n_columns, bias, inner, to, stride);
  case Activation::GeluNew:
    return activated<Activation::GeluNew>(block, n_rows, n_columns, bias, inner, to, stride);
  case Activation::Relu:
    return activated<Activation::Relu>(block, n_rows, n_columns, bias, inner, to, stride);
  }
}

template <typename T>
void activate_backward(Activation kind, const float *block, int64_t n_rows, int64_t n_columns, const T *inner,
                       const InnerGradient<T> &to) {
  switch (kind) {
  case Activation::Gelu:
    return inner_gradient<Activation::Gelu>(block, n_rows, n_columns, inner, to);
  case Activation::GeluNew:
    return inner_gradient<Activation::GeluNew>(block, n_rows, n_columns, inner, to);
  case Activation::Relu:
    return inner_gradient<Activation::Relu>(block, n_rows, n_columns, inner, to);
  }
}

#define FOR_TYPE(T)                                                                                                       \
  template void add_bias(const float *, int64_t, int64_t, const float *, T *, int64_t);                                   \
  template void narrow(const float *, int64_t, int64_t, T *, int64_t);                                                   \
  template void add_bias_and_activate(Activation, const float *, int64_t, int64_t, const float *, T *, T *, int64_t);     \
  template void activate_backward(Activation, const float *, int64_t, int64_t, const T *, const InnerGradient<T> &);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
