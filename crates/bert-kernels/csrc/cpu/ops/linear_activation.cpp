#include "cpu/ops/linear_activation.h"

#include "cpu/ops/pack.h"
#include "cpu/ops/row_sums.h"

namespace {

using c10::BFloat16;

// Columns of a block that are activated in turn.
constexpr int64_t COLUMNS_IN_TURN = IN_TURN * LANES;

// h = block + bias, y = f(h); the rows of h follow one another.
template <Activation KIND, typename T>
void activate_block(Block product, const float *bias, T *h, Matrix<T> y) {
  const int64_t n_columns = product.n_cols;
  for (int64_t row = 0; row < product.n_rows; ++row, h += n_columns) {
    const float *block = product.data + row * PANEL;
    T *activated = y.row(row);
    int64_t i = 0;
    for (; i + COLUMNS_IN_TURN <= n_columns; i += COLUMNS_IN_TURN) {
      store(h + i, load_in_turn(block + i) + load_in_turn(bias + i));
      store(activated + i, activate<KIND>(load_in_turn(h + i)).value);
    }
    for (; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      store(h + i, load(block + i) + load(bias + i, left), left);
      store(activated + i, activate<KIND>(load(h + i, left)).value, left);
    }
  }
}

// Writes the rows of a block into a panel: as they are, or pairs of rows interleaved.
INLINE void write_rows(const float *rows, int64_t n_rows, int64_t n_columns, float *panel) {
  for (int64_t row = 0; row < n_rows; ++row) {
    std::memcpy(panel + row * n_columns, rows + row * PANEL, n_columns * sizeof(float));
  }
}

INLINE void write_rows(const BFloat16 *rows, int64_t n_rows, int64_t n_columns, BFloat16 *panel) {
  for (int64_t row = 0; row < n_rows; row += 2) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const BFloat16 *even = rows + row * PANEL + i;
      const Words16 pairs = paired(load_halves(even, LANES), load_halves(even + PANEL, LANES));
      store_words(panel + row * n_columns + 2 * i, pairs, n_columns - i);
    }
  }
}

// The part of an ActivationGradient that a block writes.
template <typename T> struct BlockGradient {
  Matrix<T> dh, dh_transposed;
  float *dh_sums;
  T *y;
};

template <typename T> BlockGradient<T> part_of(const ActivationGradient<T> &whole, const Block &block) {
  return {block.of(whole.dh), whole.dh_transposed.block(block.col, block.row, block.n_cols, block.n_rows),
          whole.dh_sums.at(block.row / BLOCK_ROWS, block.col), whole.y.at(block.row, block.col)};
}

template <Activation KIND, typename T>
void activate_block_backward(Block product, const T *h, BlockGradient<T> to) {
  const int64_t n_rows = product.n_rows, n_columns = product.n_cols;
  T values[BLOCK_ROWS * PANEL], gradients[BLOCK_ROWS * PANEL];
  float sums[PANEL] = {};
  for (int64_t row = 0; row < n_rows; ++row, h += n_columns) {
    const float *block = product.data + row * PANEL;
    T *value = values + row * PANEL, *gradient = gradients + row * PANEL, *dh = to.dh.row(row);
    int64_t i = 0;
    for (; i + COLUMNS_IN_TURN <= n_columns; i += COLUMNS_IN_TURN) {
      const auto f = activate<KIND>(load_in_turn(h + i));
      const VectorsInTurn<float> g = load_in_turn(block + i) * f.derivative;
      store(sums + i, load_in_turn(sums + i) + g);
      store(value + i, f.value), store(gradient + i, g), store(dh + i, g);
    }
    for (; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      const auto f = activate<KIND>(load(h + i, left));
      const Floats g = load(block + i) * f.derivative;
      store(sums + i, load(sums + i) + g);
      store(value + i, f.value), store(gradient + i, g), store(dh + i, g, left);
    }
  }
  std::memcpy(to.dh_sums, sums, n_columns * sizeof(float));
  write_rows(values, n_rows, n_columns, to.y);
  for (int64_t row = 0; row < n_rows; row += MAX_TRANSPOSED_ROWS) {
    const int64_t n = std::min(MAX_TRANSPOSED_ROWS, n_rows - row);
    transpose_rows(Matrix<const T>(gradients + row * PANEL, n, n_columns, PANEL), to.dh_transposed.columns_from(row, n));
  }
}

} // namespace

template <typename T>
void linear_activation_forward(Matrix<const T> x, Panels<const T> weight, const float *bias, Activation f, Panels<T> h,
                               Matrix<T> y) {
  with_activation(f, [&](auto kind) {
    multiply(x, weight, [&](const Block &block) {
      activate_block<kind>(block, bias + block.col, h.at(block.row, block.col), block.of(y));
    });
  });
}

template <typename T>
void linear_activation_backward(Matrix<const T> dz, Panels<const T> weight, Activation f, Panels<const T> h,
                                ActivationGradient<T> out) {
  with_activation(f, [&](auto kind) {
    multiply(dz, weight, [&](const Block &block) {
      activate_block_backward<kind>(block, h.at(block.row, block.col), part_of(out, block));
    });
  });
}

#define FOR_TYPE(T)                                                                                                       \
  template void linear_activation_forward(Matrix<const T>, Panels<const T>, const float *, Activation, Panels<T>,         \
                                          Matrix<T>);                                                                     \
  template void linear_activation_backward(Matrix<const T>, Panels<const T>, Activation, Panels<const T>,                 \
                                           ActivationGradient<T>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
