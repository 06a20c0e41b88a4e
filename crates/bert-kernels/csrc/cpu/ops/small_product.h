// Products of matrices of a few dozen rows, as heads of attention are, and the blocks of larger ones where oneDNN generates no code,
// float32, in registers. A tile of 6 rows by two of the machine's vectors has 12 sums; with two vectors of B and a number of A these
// are 15 registers: of the 32 of AVX-512, of the 16 of AVX2. Of NEON's 32 a tile of 6 by four takes 29, of SSE's 16 one of 3 by four
// takes 14. Every element is summed up in the order of k, whatever the tiles.
#pragma once

#include "cpu/base/matrix.h"
#include "cpu/base/simd.h"

#include <algorithm>

#if defined(__x86_64__)
constexpr int TILE_ROWS = PARTS == 4 ? 3 : 6;
#else
constexpr int TILE_ROWS = 6;
#endif

// A left operand whose element (i, k) is at i * row + k * column: a matrix, or the transpose of one.
struct Strided {
  const float *data;
  int64_t row, column;
};

// A tile of C, ROWS by VECTORS * LANES, at the beginning of the views; of the last vector the first n_last lanes.
template <int ROWS, int VECTORS>
INLINE void product_tile(const Strided &a, const Matrix<const float> &b, const Matrix<float> &c, bool add, int64_t n_last) {
  const auto lanes = [&](int v) INLINE_LAMBDA { return v == VECTORS - 1 ? n_last : LANES; };
  Floats sums[ROWS][VECTORS];
  for (int row = 0; row < ROWS; ++row) {
    for (int v = 0; v < VECTORS; ++v) {
      sums[row][v] = add ? load(c.at(row, v * LANES), lanes(v)) : Floats{};
    }
  }
  for (int64_t k = 0; k < b.rows; ++k) {
    Floats b_row[VECTORS];
    for (int v = 0; v < VECTORS; ++v) {
      b_row[v] = load(b.at(k, v * LANES), lanes(v));
    }
    for (int row = 0; row < ROWS; ++row) {
      const float a_element = a.data[row * a.row + k * a.column];
      for (int v = 0; v < VECTORS; ++v) {
        sums[row][v] += a_element * b_row[v];
      }
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int v = 0; v < VECTORS; ++v) {
      store(c.at(row, v * LANES), sums[row][v], lanes(v));
    }
  }
}

// Whole tiles of ROWS, of the rows of C that are left; both views then begin behind them.
template <int ROWS, int VECTORS>
INLINE void product_tiles(Strided &a, const Matrix<const float> &b, Matrix<float> &c, bool add, int64_t n_last) {
  for (; c.rows >= ROWS; c.rows -= ROWS, a.data += ROWS * a.row, c.data += ROWS * c.stride) {
    product_tile<ROWS, VECTORS>(a, b, c, add, n_last);
  }
}

template <int VECTORS>
INLINE void product_columns(Strided a, const Matrix<const float> &b, Matrix<float> c, bool add, int64_t n_last = LANES) {
  product_tiles<TILE_ROWS, VECTORS>(a, b, c, add, n_last);
  product_tiles<3, VECTORS>(a, b, c, add, n_last);
  product_tiles<1, VECTORS>(a, b, c, add, n_last);
}

// C (m, n) = A (m, k) B (k, n), or C += A B.
INLINE void small_product(const Strided &a, const Matrix<const float> &b, const Matrix<float> &c, bool add = false) {
  int64_t column = 0;
  if constexpr (PARTS == 1) {
    for (; column + 2 * LANES <= c.cols; column += 2 * LANES) {
      product_columns<2>(a, b.columns_from(column, 2 * LANES), c.columns_from(column, 2 * LANES), add);
    }
  }
  for (; column + LANES <= c.cols; column += LANES) {
    product_columns<1>(a, b.columns_from(column, LANES), c.columns_from(column, LANES), add);
  }
  if (const int64_t left = c.cols - column; left > 0) {
    product_columns<1>(a, b.columns_from(column, left), c.columns_from(column, left), add, left);
  }
}
