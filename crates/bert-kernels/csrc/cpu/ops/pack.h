// Packing of matrices into the column panels that a blocked product reads, and the transposition of rows.
#pragma once

#include "cpu/base/matrix.h"
#include "cpu/base/simd.h"

// The two packed copies of a weight W (n_out, n_in) in the precision of the products, bfloat16 in interleaved pairs of rows.
template <typename T> struct PackedWeight {
  Panels<T> forward;  // W^T (n_in, n_out), for y = x W^T
  Panels<T> backward; // W (n_out, n_in), for dx = dy W

  bool empty() const { return forward.cols == 0; }
};

// Writes both copies of a weight, whose rows follow one another without a gap.
template <typename T> void pack_weight(Matrix<const float> weight, PackedWeight<T> packed);

// The same of rows `begin..end`, which are of one panel of W^T; begin is a multiple of LANES.
template <typename T>
void pack_weight_rows(Matrix<const float> weight, int64_t begin, int64_t end, PackedWeight<T> packed);

// How many rows of a weight are packed (and, by the optimizer, updated) at a time: 128 KiB of float32 are still in the second
// cache when they are read the second time. A divisor of PANEL, so that they are of one panel.
inline int64_t rows_per_piece(int64_t n_in) {
  constexpr int64_t NUMBERS = 1 << 15;
  int64_t n_rows = PANEL;
  while (n_rows > LANES && n_rows * n_in > NUMBERS) {
    n_rows /= 2;
  }
  return n_rows;
}

// Writes the panels of x (k, n) as the right operand of a product, bfloat16 in interleaved pairs of rows; k is even.
template <typename T> void pack_rows(Matrix<const T> x, Panels<T> panels);

// Rows that `transpose_rows` takes at once: a pair of vectors of bfloat16, or two squares of float32.
constexpr int64_t MAX_TRANSPOSED_ROWS = 32;

// transposed (width, n) = the transpose of rows (n, width).
void transpose_rows(Matrix<const c10::BFloat16> rows, Matrix<c10::BFloat16> transposed);
void transpose_rows(Matrix<const float> rows, Matrix<float> transposed);
