// Matrix products over packed operands.
//
// The right operand lies in panels of 64 columns, each contiguous, so that a product reads it in the order it multiplies;
// bfloat16 panels interleave pairs of rows, as the dot-product instructions want them. The small products come from
// oneDNN's generated kernels, which choose AVX2, AVX-512, AVX512_BF16 or AMX; the loops and what happens to a block
// while it is in the cache are here.
#pragma once

#include "parallel.h"
#include "simd.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>

constexpr int64_t PANEL = 64;
// Rows of a block of a product.
constexpr int64_t BLOCK_ROWS = 64;
// The left operand of a product over tokens has rows of this many tokens at a time, so that few kernels are generated.
constexpr int64_t DEPTH = 512;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Writes the panels of a weight W (n_out, n_in), of W^T for x W^T and of W for y W.
template <typename T> void pack_weight(const float *weight, int64_t n_out, int64_t n_in, T *forward, T *backward);
// The same of rows `begin..end`, which are of one panel of W^T; begin is a multiple of LANES.
template <typename T>
void pack_weight_rows(const float *weight, int64_t n_out, int64_t n_in, int64_t begin, int64_t end, T *forward, T *backward);
// How many rows of a weight are a good piece of work: they are in the second cache, and, as a divisor of PANEL, in one panel.
inline int64_t rows_of_a_piece(int64_t n_in) {
  constexpr int64_t NUMBERS = 1 << 15;
  int64_t n_rows = PANEL;
  while (n_rows > LANES && n_rows * n_in > NUMBERS) {
    n_rows /= 2;
  }
  return n_rows;
}
// Writes the panels of rows (k, n).
template <typename T> void pack_rows(const T *rows, int64_t k, int64_t n, T *panels);

// to (width, stride) = the transpose of rows (n, width), which are `row_stride` apart; n is at most 32.
void transpose_rows(const c10::BFloat16 *rows, int64_t n, int64_t width, int64_t row_stride, c10::BFloat16 *to, int64_t stride);
void transpose_rows(const float *rows, int64_t n, int64_t width, int64_t row_stride, float *to, int64_t stride);

// C (m, n) = A (m, k) B, or C += A B. A has rows of `lda`, B is a panel with rows of `n`, C has rows of `ldc`.
template <typename T>
inline void multiply_block(int64_t m, int64_t n, int64_t k, const T *a, int64_t lda, const T *panel, float *c, int64_t ldc,
                           bool add) {
  for (int64_t begin = 0; begin < k; begin += DEPTH) {
    const int64_t depth = std::min(DEPTH, k - begin);
    at::native::cpublas::brgemm(m, n, depth, lda, n, ldc, add || begin > 0, a + begin, panel + begin * n, c,
                                std::is_same<T, c10::BFloat16>::value);
  }
}

// Calls `task(row, n_rows, column, n_columns)` for every block of a product (m, n) of T, those of a panel one after the other.
// The same blocks for every number of threads.
template <typename T, typename Task> void for_blocks(int64_t m, int64_t n, const Task &task) {
  const int64_t n_chunks = ceil_div(m, BLOCK_ROWS);
  share_out(ceil_div(n, PANEL) * n_chunks, [&](Items &items) {
    for (int64_t item; items.take(item);) {
      const int64_t column = item / n_chunks * PANEL, row = item % n_chunks * BLOCK_ROWS;
      task(row, std::min(BLOCK_ROWS, m - row), column, std::min(PANEL, n - column));
    }
    at::native::cpublas::brgemm_release(std::is_same<T, c10::BFloat16>::value);
  });
}

// A (m, k), row by row, times the panels of B (k, n); `finish(row, n_rows, column, n_columns, block)` gets every block of
// the product, in rows of PANEL numbers, while it is in the cache.
template <typename T, typename Finish>
void multiply(const T *a, int64_t lda, const T *panels, int64_t m, int64_t n, int64_t k, const Finish &finish) {
  for_blocks<T>(m, n, [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns) {
    alignas(64) float block[BLOCK_ROWS * PANEL];
    multiply_block(n_rows, n_columns, k, a + row * lda, lda, panels + column * k, block, PANEL, false);
    finish(row, n_rows, column, n_columns, block);
  });
}

// The same into C (m, n), float32, or added to it.
template <typename T>
void multiply_into(const T *a, int64_t lda, const T *panels, int64_t m, int64_t n, int64_t k, float *c, bool add) {
  for_blocks<T>(m, n, [&](int64_t row, int64_t n_rows, int64_t column, int64_t n_columns) {
    multiply_block(n_rows, n_columns, k, a + row * lda, lda, panels + column * k, c + row * n + column, n, add);
  });
}
