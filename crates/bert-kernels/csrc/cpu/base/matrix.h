// Views of matrices: row by row (Matrix), and in column panels as a blocked product reads them (Panels). Neither owns
// memory; both are passed by value, so that a compiler may keep their fields in registers beside stores of any type.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Element (i, j) is data[i * stride + j].
template <typename T> struct Matrix {
  T *data = nullptr;
  int64_t rows = 0, cols = 0, stride = 0;

  Matrix() = default;
  Matrix(T *data, int64_t rows, int64_t cols, int64_t stride) : data(data), rows(rows), cols(cols), stride(stride) {}
  // Rows that follow one another without a gap.
  Matrix(T *data, int64_t rows, int64_t cols) : Matrix(data, rows, cols, cols) {}
  operator Matrix<const T>() const { return {data, rows, cols, stride}; }

  bool empty() const { return data == nullptr; }
  T *at(int64_t row, int64_t col) const { return data + row * stride + col; }
  T *row(int64_t row) const { return at(row, 0); }
  Matrix block(int64_t row, int64_t col, int64_t n_rows, int64_t n_cols) const {
    return {at(row, col), n_rows, n_cols, stride};
  }
  Matrix rows_from(int64_t begin, int64_t n_rows) const { return block(begin, 0, n_rows, cols); }
  Matrix columns_from(int64_t begin, int64_t n_cols) const { return block(0, begin, rows, n_cols); }
};

// Columns of a panel: of float32 these are four vectors of AVX-512 or four tiles of AMX side by side, as many as a kernel of
// oneDNN sums up in registers at once.
constexpr int64_t PANEL = 64;

// A matrix (rows, cols) whose columns lie in panels of PANEL, the last one narrower, one panel after the other, each row by
// row and without a gap. The right operand of a product in bfloat16 interleaves pairs of rows, as the dot-product
// instructions want them; whoever writes the panels says so.
template <typename T> struct Panels {
  T *data = nullptr;
  int64_t rows = 0, cols = 0;

  operator Panels<const T>() const { return {data, rows, cols}; }

  // The panel that begins at a column: (rows, width(col)).
  T *panel(int64_t col) const { return data + col * rows; }
  int64_t width(int64_t col) const { return cols - col < PANEL ? cols - col : PANEL; }
  // From a row on in the panel that begins at a column.
  T *at(int64_t row, int64_t col) const { return panel(col) + row * width(col); }
};

template <typename T> void clear_rows(Matrix<T> x, int64_t begin, int64_t end) {
  std::memset(x.row(begin), 0, (end - begin) * x.stride * sizeof(T));
}
