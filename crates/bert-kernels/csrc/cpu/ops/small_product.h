// Products of matrices of a few dozen rows, as heads of attention are, float32, in registers. A tile of 6 rows by two vectors
// has 12 sums; with two vectors of B and a number of A these are 15 of the 32 registers of AVX-512.
#pragma once

#include "cpu/base/simd.h"

#include <algorithm>

// A matrix whose element (i, k) is at i * row + k * column.
struct Strided {
  const float *data;
  int64_t row, column;
};

template <int ROWS, int VECTORS>
INLINE void product_tile(int64_t k, const Strided &a, const float *b, int64_t ldb, float *c, int64_t ldc, bool add) {
  Floats sums[ROWS][VECTORS];
  for (int row = 0; row < ROWS; ++row) {
    for (int v = 0; v < VECTORS; ++v) {
      sums[row][v] = add ? load(c + row * ldc + v * LANES) : Floats{};
    }
  }
  for (int64_t i = 0; i < k; ++i) {
    Floats b_row[VECTORS];
    for (int v = 0; v < VECTORS; ++v) {
      b_row[v] = load(b + i * ldb + v * LANES);
    }
    for (int row = 0; row < ROWS; ++row) {
      const float a_element = a.data[row * a.row + i * a.column];
      for (int v = 0; v < VECTORS; ++v) {
        sums[row][v] += a_element * b_row[v];
      }
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int v = 0; v < VECTORS; ++v) {
      store(c + row * ldc + v * LANES, sums[row][v]);
    }
  }
}

// Whole tiles of ROWS, of what is left.
template <int ROWS, int VECTORS>
INLINE void product_tiles(int64_t &m, int64_t k, Strided &a, const float *b, int64_t ldb, float *&c, int64_t ldc, bool add) {
  for (; m >= ROWS; m -= ROWS, a.data += ROWS * a.row, c += ROWS * ldc) {
    product_tile<ROWS, VECTORS>(k, a, b, ldb, c, ldc, add);
  }
}

template <int VECTORS>
INLINE void product_columns(int64_t m, int64_t k, Strided a, const float *b, int64_t ldb, float *c, int64_t ldc, bool add) {
  product_tiles<6, VECTORS>(m, k, a, b, ldb, c, ldc, add);
  product_tiles<3, VECTORS>(m, k, a, b, ldb, c, ldc, add);
  product_tiles<1, VECTORS>(m, k, a, b, ldb, c, ldc, add);
}

// C (m, n) = A (m, k) B (k, n), or C += A B. n is a multiple of LANES; B and C are row by row.
INLINE void small_product(int64_t m, int64_t n, int64_t k, const Strided &a, const float *b, int64_t ldb, float *c,
                          int64_t ldc, bool add = false) {
  int64_t column = 0;
  for (; column + 2 * LANES <= n; column += 2 * LANES) {
    product_columns<2>(m, k, a, b + column, ldb, c + column, ldc, add);
  }
  for (; column < n; column += LANES) {
    product_columns<1>(m, k, a, b + column, ldb, c + column, ldc, add);
  }
}
