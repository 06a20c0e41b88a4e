#include "matrix.h"

#include "internal.h"

namespace {

using c10::BFloat16;

// Rows of a task that packs rows.
constexpr int64_t STRETCH = 256;

// The panel of the transpose of `width` rows, of which `n_rows` from `weight` on become the columns from `first` on.
VECTORISED void pack_transposed(const float *weight, int64_t k, int64_t n_rows, int64_t first, int64_t width, BFloat16 *panel) {
  for (int64_t begin = 0; begin < n_rows; begin += LANES) {
    const int64_t n_columns = std::min(LANES, n_rows - begin);
    for (int64_t at = 0; at < k; at += 2 * LANES) {
      const int64_t n = std::min(2 * LANES, k - at);
      Words16 pairs[LANES] = {};
      for (int64_t i = 0; i < n_columns; ++i) {
        const float *row = weight + (begin + i) * k + at;
        const Halves halves[2] = {narrowed(load(row, n)), narrowed(n > LANES ? load(row + LANES, n - LANES) : Floats{})};
        std::memcpy(&pairs[i], halves, sizeof(halves));
      }
      transpose(pairs);
      for (int64_t pair = 0; pair < n / 2; ++pair) {
        store_words(panel + ((at / 2 + pair) * width + first + begin) * 2, pairs[pair], n_columns);
      }
    }
  }
}

INLINE Halves halves_of(const BFloat16 *from, int64_t n) { return load_halves(from, n); }
INLINE Halves halves_of(const float *from, int64_t n) { return narrowed(load(from, n)); }

// Rows `begin..end` of a panel, from rows that are `stride` apart.
template <typename From>
VECTORISED void pack_panel(const From *from, int64_t stride, int64_t width, int64_t begin, int64_t end, BFloat16 *panel) {
  for (int64_t row = begin; row < end; row += 2) {
    const From *even = from + row * stride, *odd = even + stride;
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      const Words16 pairs = paired(halves_of(even + column, n), halves_of(odd + column, n));
      store_words(panel + row * width + 2 * column, pairs, n);
    }
  }
}

VECTORISED void pack_panel(const float *from, int64_t stride, int64_t width, int64_t begin, int64_t end, float *panel) {
  for (int64_t row = begin; row < end; ++row) {
    std::memcpy(panel + row * width, from + row * stride, width * sizeof(float));
  }
}

VECTORISED void transposed(const BFloat16 *rows, int64_t n, int64_t width, int64_t row_stride, BFloat16 *to, int64_t stride) {
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    Words16 pairs[LANES] = {};
    for (int64_t row = 0; row < n; row += 2) {
      const BFloat16 *even = rows + row * row_stride + column;
      pairs[row / 2] = paired(load_halves(even, n_columns), load_halves(even + row_stride, n_columns));
    }
    transpose(pairs);
    for (int64_t i = 0; i < n_columns; ++i) {
      store_words(to + (column + i) * stride, pairs[i], n / 2);
    }
  }
}

VECTORISED void transposed(const float *rows, int64_t n, int64_t width, int64_t row_stride, float *to, int64_t stride) {
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    for (int64_t begin = 0; begin < n; begin += LANES) {
      const int64_t n_rows = std::min(LANES, n - begin);
      Words16 square[LANES] = {};
      for (int64_t row = 0; row < n_rows; ++row) {
        square[row] = (Words16)load(rows + (begin + row) * row_stride + column, n_columns);
      }
      transpose(square);
      for (int64_t i = 0; i < n_columns; ++i) {
        store_words(to + (column + i) * stride + begin, square[i], n_rows);
      }
    }
  }
}

void pack_transposed(const float *weight, int64_t k, int64_t n_rows, int64_t first, int64_t width, float *panel) {
  transposed(weight, n_rows, k, k, panel + first, width);
}

} // namespace

template <typename T>
void pack_weight_rows(const float *weight, int64_t n_out, int64_t n_in, int64_t begin, int64_t end, T *forward, T *backward) {
  const int64_t first = begin / PANEL * PANEL;
  pack_transposed(weight + begin * n_in, n_in, end - begin, begin - first, std::min(PANEL, n_out - first),
                  forward + first * n_in);
  for (int64_t column = 0; column < n_in; column += PANEL) {
    pack_panel(weight + column, n_in, std::min(PANEL, n_in - column), begin, end, backward + column * n_out);
  }
}

template <typename T> void pack_weight(const float *weight, int64_t n_out, int64_t n_in, T *forward, T *backward) {
  const int64_t n_rows = rows_of_a_piece(n_in);
  at::parallel_for(0, ceil_div(n_out, n_rows), 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece) {
      const int64_t begin = piece * n_rows;
      pack_weight_rows(weight, n_out, n_in, begin, std::min(begin + n_rows, n_out), forward, backward);
    }
  });
}

template <typename T> void pack_rows(const T *rows, int64_t k, int64_t n, T *panels) {
  const int64_t n_stretches = ceil_div(k, STRETCH);
  at::parallel_for(0, ceil_div(n, PANEL) * n_stretches, 1, [&](int64_t first, int64_t last) {
    for (int64_t item = first; item < last; ++item) {
      const int64_t column = item / n_stretches * PANEL, begin = item % n_stretches * STRETCH;
      pack_panel(rows + column, n, std::min(PANEL, n - column), begin, std::min(begin + STRETCH, k), panels + column * k);
    }
  });
}

void transpose_rows(const BFloat16 *rows, int64_t n, int64_t width, int64_t row_stride, BFloat16 *to, int64_t stride) {
  transposed(rows, n, width, row_stride, to, stride);
}

void transpose_rows(const float *rows, int64_t n, int64_t width, int64_t row_stride, float *to, int64_t stride) {
  transposed(rows, n, width, row_stride, to, stride);
}

#define FOR_TYPE(T)                                                                                                       \
  template void pack_weight(const float *, int64_t, int64_t, T *, T *);                                                   \
  template void pack_weight_rows(const float *, int64_t, int64_t, int64_t, int64_t, T *, T *);                            \
  template void pack_rows(const T *, int64_t, int64_t, T *);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
