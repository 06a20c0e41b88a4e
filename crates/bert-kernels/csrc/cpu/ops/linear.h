// Linear layers as blocked matrix products over packed panels, with what happens to a block while it is in the cache.
//
//   y = x W^T + b:  dx = dy W,  dW = dy^T x,  db = sum of dy over the rows
//
// x (n, n_in), W (n_out, n_in), b (n_out), y (n, n_out). Operands are T (float32 or bfloat16), sums float32. The products of
// blocks come from oneDNN's generated kernels, which choose AVX2, AVX-512, AVX512_BF16 or AMX, and where it generates none, on 64-bit
// Arm and on older x86-64, from small_product.h; the loops are here.
#pragma once

#include "cpu/base/matrix.h"
#include "cpu/base/parallel.h"
#include "cpu/ops/small_product.h"

#include <ATen/native/CPUBlas.h>
#include <c10/util/BFloat16.h>

// Rows of a block of a product: with PANEL columns of float32 it has 16 KiB, half of the smallest first cache.
constexpr int64_t BLOCK_ROWS = 64;
// The depth of one call of a kernel. The depth of a weight's gradient is a batch's number of tokens, and oneDNN generates a
// kernel for each depth that it meets: in steps of 512 there are few. src/encoder_memory.rs counts with it.
constexpr int64_t DEPTH = 512;

// A block of a product (m, n): rows `row..row + n_rows`, columns `col..col + n_cols`; its own rows are PANEL numbers apart.
struct Block {
  const float *data;
  int64_t row, n_rows, col, n_cols;

  // The same part of a matrix of the product's shape.
  template <typename T> Matrix<T> of(Matrix<T> x) const { return x.block(row, col, n_rows, n_cols); }
};

enum class Write { Over, Add };

// Whether the right operand of a product of T interleaves rows: pairs of bfloat16, four of bytes.
template <typename T> constexpr bool interleaves() { return !std::is_same<T, float>::value; }

// y (n, n_out) = x W^T + b, in T or float32. weight: the panels of W^T.
template <typename T, typename Y>
void linear_forward(Matrix<const T> x, Panels<const T> weight, const float *bias, Matrix<Y> y);

// y = x W^T + b: dx = dy W, in T. weight: the panels of W.
template <typename T> void linear_backward_input(Matrix<const T> dy, Panels<const T> weight, Matrix<T> dx);

// y = x W^T + b: dx = dy W, in float32, written over dx or added to it, as where a residual adds x to y.
template <typename T> void linear_backward_residual(Matrix<const T> dy, Panels<const T> weight, Write write, Matrix<float> dx);

// y = x W^T + b: dW = dy^T x. dy_transposed (n_out, n); x: the panels of (n, n_in). Returns the sum of squares of dW, in
// double precision, the same for every number of threads.
template <typename T>
double linear_backward_weight(Matrix<const T> dy_transposed, Panels<const T> x, Write write, Matrix<float> dweight);

// The sum that `linear_backward_weight` returned, to the bit, of a dW that has changed since.
template <typename T> double sum_of_squares_of_blocks(Matrix<const float> dweight);

// What the gradients of weight and bias read of dy (n, n_out), in one pass over it: dy^T (n_out, n), and the sums of each
// chunk of rows, (chunks, n_out).
template <typename T> void transpose_and_sum(Matrix<const T> dy, Matrix<T> dy_transposed, Matrix<float> sums);

// Whether oneDNN generates products of float32 for this processor. Where it does not, ATen would call a BLAS, whose threads are its
// own, and whose sums depend on them.
INLINE bool generates_float32_products() {
#if defined(LEVEL_V3) || defined(LEVEL_V4)
  return true;
#elif defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

// c = a b, or c += a b. a (m, k), b (k, n): one panel, c (m, n).
template <typename T>
inline void multiply_block(Matrix<const T> a, Matrix<const T> b, Write write, Matrix<float> c) {
  for (int64_t begin = 0; begin < a.cols; begin += DEPTH) {
    const int64_t depth = std::min(DEPTH, a.cols - begin);
    const bool add = write == Write::Add || begin > 0;
    if constexpr (std::is_same<T, float>::value) {
      if (!generates_float32_products()) {
        small_product({a.data + begin, a.stride, 1}, {b.row(begin), depth, b.cols, b.stride}, c, add);
        continue;
      }
    }
    at::native::cpublas::brgemm(a.rows, b.cols, depth, a.stride, b.stride, c.stride, add, a.data + begin,
                                b.data + begin * b.stride, c.data, interleaves<T>());
  }
}

// Calls `task(row, n_rows, col, n_cols)` for every block of a product (m, n) of T, those of a panel one after the other. The
// same blocks for every number of threads.
template <typename T, typename Task> void for_blocks(int64_t m, int64_t n, const Task &task) {
  const int64_t n_chunks = ceil_div(m, BLOCK_ROWS);
  parallel_for(ceil_div(n, PANEL) * n_chunks, [&](WorkQueue &queue) {
    for (int64_t item; queue.next(item);) {
      const int64_t col = item / n_chunks * PANEL, row = item % n_chunks * BLOCK_ROWS;
      task(row, std::min(BLOCK_ROWS, m - row), col, std::min(PANEL, n - col));
    }
    at::native::cpublas::brgemm_release(interleaves<T>());
  });
}

// a (m, k) times the panels of b (k, n); `finish(block)` gets every block of the product while it is in the cache.
template <typename T, typename Finish> void multiply(Matrix<const T> a, Panels<const T> b, const Finish &finish) {
  for_blocks<T>(a.rows, b.cols, [&](int64_t row, int64_t n_rows, int64_t col, int64_t n_cols) {
    alignas(64) float block[BLOCK_ROWS * PANEL];
    const Matrix<const T> panel(b.panel(col), b.rows, n_cols);
    multiply_block(a.rows_from(row, n_rows), panel, Write::Over, {block, n_rows, n_cols, PANEL});
    finish(Block{block, row, n_rows, col, n_cols});
  });
}

// c (m, n) = a b, or c += a b, without anything in between.
template <typename T> void multiply_into(Matrix<const T> a, Panels<const T> b, Write write, Matrix<float> c) {
  for_blocks<T>(a.rows, b.cols, [&](int64_t row, int64_t n_rows, int64_t col, int64_t n_cols) {
    const Matrix<const T> panel(b.panel(col), b.rows, n_cols);
    multiply_block(a.rows_from(row, n_rows), panel, write, c.block(row, col, n_rows, n_cols));
  });
}
