// Matrix products over packed operands.
//
// The right operand lies in panels of 64 columns, each contiguous, so that a product reads it in the order it multiplies;
// bfloat16 panels interleave pairs of rows, as the dot-product instructions want them. The small products come from
// oneDNN's generated kernels, which choose AVX2, AVX-512, AVX512_BF16 or AMX; the loops and what happens to a block
// while it is in the cache are here.
#pragma once

#include "simd.h"

#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>

#include <algorithm>

constexpr int64_t PANEL = 64;
// Rows of a block of a product.
constexpr int64_t BLOCK_ROWS = 64;
// The left operand of a product over tokens has rows of this many tokens at a time, so that few kernels are generated.
constexpr int64_t DEPTH = 512;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Writes the panels of W^T, where W is (n, k), rows contiguous: the right operand of x W^T.
template <typename T> void pack_transposed(const float *weight, int64_t n, int64_t k, T *panels);
// Writes the panels of W, where W is (k, n), rows contiguous: the right operand of y W.
template <typename T, typename From> void pack(const From *weight, int64_t k, int64_t n, int64_t stride, T *panels);

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

// A (m, k), row by row, times the panels of B (k, n); `finish(row, n_rows, column, n_columns, block)` gets every block of
// the product, in rows of PANEL numbers, while it is in the cache. The same blocks for every number of threads.
template <typename T, typename Finish>
void multiply(const T *a, int64_t lda, const T *panels, int64_t m, int64_t n, int64_t k, const Finish &finish) {
  const int64_t n_chunks = ceil_div(m, BLOCK_ROWS);
  at::parallel_for(0, ceil_div(n, PANEL) * n_chunks, 1, [&](int64_t begin, int64_t end) {
    alignas(64) float block[BLOCK_ROWS * PANEL];
    for (int64_t item = begin; item < end; ++item) {
      const int64_t column = item / n_chunks * PANEL, row = item % n_chunks * BLOCK_ROWS;
      const int64_t n_columns = std::min(PANEL, n - column), n_rows = std::min(BLOCK_ROWS, m - row);
      multiply_block(n_rows, n_columns, k, a + row * lda, lda, panels + column * k, block, PANEL, false);
      finish(row, n_rows, column, n_columns, block);
    }
    at::native::cpublas::brgemm_release(std::is_same<T, c10::BFloat16>::value);
  });
}

// The same into C (m, n), float32, or added to it.
template <typename T>
void multiply_into(const T *a, int64_t lda, const T *panels, int64_t m, int64_t n, int64_t k, float *c, bool add) {
  const int64_t n_chunks = ceil_div(m, BLOCK_ROWS);
  at::parallel_for(0, ceil_div(n, PANEL) * n_chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t column = item / n_chunks * PANEL, row = item % n_chunks * BLOCK_ROWS;
      const int64_t n_columns = std::min(PANEL, n - column), n_rows = std::min(BLOCK_ROWS, m - row);
      multiply_block(n_rows, n_columns, k, a + row * lda, lda, panels + column * k, c + row * n + column, n, add);
    }
    at::native::cpublas::brgemm_release(std::is_same<T, c10::BFloat16>::value);
  });
}
