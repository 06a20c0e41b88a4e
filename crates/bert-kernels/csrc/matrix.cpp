#include "matrix.h"

#include "internal.h"

namespace {

using c10::BFloat16;

// Rows of a task that packs rows.
constexpr int64_t STRETCH = 256;

// When what is written will be read: weights in the next step, by when the caches have forgotten them.
enum class Read { Soon, Late };

template <Read READ> INLINE void put_words(void *to, Words16 x, int64_t n) {
  if (READ == Read::Late) {
    stream_words(to, x, n);
  } else {
    store_words(to, x, n);
  }
}

INLINE Halves halves_of(const BFloat16 *from, int64_t n) { return load_halves(from, n); }
INLINE Halves halves_of(const float *from, int64_t n) { return narrowed(load(from, n)); }

// The panel of the transpose of `width` rows, of which `n_rows` from `weight` on become the columns from `first` on.
VECTORISED void pack_transposed(const float *weight, int64_t k, int64_t n_rows, int64_t first, int64_t width, BFloat16 *panel) {
  for (int64_t begin = 0; begin < n_rows; begin += LANES) {
    const int64_t n_columns = std::min(LANES, n_rows - begin);
    for (int64_t at = 0; at < k; at += 2 * LANES) {
      const int64_t n = std::min(2 * LANES, k - at);
      const auto row = [=](int64_t i) INLINE_LAMBDA {
        const float *from = weight + (begin + i) * k + at;
        return joined(halves_of(from, n), n > LANES ? halves_of(from + LANES, n - LANES) : Halves{});
      };
      transpose_square(n_columns, row, n / 2, [=](int64_t pair, Words16 words) INLINE_LAMBDA {
        stream_words(panel + ((at / 2 + pair) * width + first + begin) * 2, words, n_columns);
      });
    }
  }
}

// Rows `begin..end` of a panel, from rows that are `stride` apart.
template <Read READ, typename From>
VECTORISED void pack_panel(const From *from, int64_t stride, int64_t width, int64_t begin, int64_t end, BFloat16 *panel) {
  for (int64_t row = begin; row < end; row += 2) {
    const From *even = from + row * stride, *odd = even + stride;
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      const Words16 pairs = paired(halves_of(even + column, n), halves_of(odd + column, n));
      put_words<READ>(panel + row * width + 2 * column, pairs, n);
    }
  }
}

template <Read READ>
VECTORISED void pack_panel(const float *from, int64_t stride, int64_t width, int64_t begin, int64_t end, float *panel) {
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      put_words<READ>(panel + row * width + column, (Words16)load(from + row * stride + column, n), n);
    }
  }
}

VECTORISED void transposed(const BFloat16 *rows, int64_t n, int64_t width, int64_t row_stride, BFloat16 *to, int64_t stride) {
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    const auto pair = [=](int64_t i) INLINE_LAMBDA {
      const BFloat16 *even = rows + 2 * i * row_stride + column;
      return paired(load_halves(even, n_columns), load_halves(even + row_stride, n_columns));
    };
    transpose_square(n / 2, pair, n_columns, [=](int64_t i, Words16 words) INLINE_LAMBDA {
      store_words(to + (column + i) * stride, words, n / 2);
    });
  }
}

template <Read READ>
VECTORISED void transposed(const float *rows, int64_t n, int64_t width, int64_t row_stride, float *to, int64_t stride) {
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    for (int64_t begin = 0; begin < n; begin += LANES) {
      const int64_t n_rows = std::min(LANES, n - begin);
      const auto row = [=](int64_t i) INLINE_LAMBDA {
        return (Words16)load(rows + (begin + i) * row_stride + column, n_columns);
      };
      transpose_square(n_rows, row, n_columns, [=](int64_t i, Words16 words) INLINE_LAMBDA {
        put_words<READ>(to + (column + i) * stride + begin, words, n_rows);
      });
    }
  }
}

void pack_transposed(const float *weight, int64_t k, int64_t n_rows, int64_t first, int64_t width, float *panel) {
  transposed<Read::Late>(weight, n_rows, k, k, panel + first, width);
}

} // namespace

template <typename T>
void pack_weight_rows(const float *weight, int64_t n_out, int64_t n_in, int64_t begin, int64_t end, T *forward, T *backward) {
  const int64_t first = begin / PANEL * PANEL;
  pack_transposed(weight + begin * n_in, n_in, end - begin, begin - first, std::min(PANEL, n_out - first),
                  forward + first * n_in);
  for (int64_t column = 0; column < n_in; column += PANEL) {
    pack_panel<Read::Late>(weight + column, n_in, std::min(PANEL, n_in - column), begin, end, backward + column * n_out);
  }
}

template <typename T> void pack_weight(const float *weight, int64_t n_out, int64_t n_in, T *forward, T *backward) {
  const int64_t n_rows = rows_of_a_piece(n_in);
  share_out(ceil_div(n_out, n_rows), [&](Items &items) {
    for (int64_t piece; items.take(piece);) {
      const int64_t begin = piece * n_rows;
      pack_weight_rows(weight, n_out, n_in, begin, std::min(begin + n_rows, n_out), forward, backward);
    }
  });
}

template <typename T> void pack_rows(const T *rows, int64_t k, int64_t n, T *panels) {
  const int64_t n_stretches = ceil_div(k, STRETCH);
  share_out(ceil_div(n, PANEL) * n_stretches, [&](Items &items) {
    for (int64_t item; items.take(item);) {
      const int64_t column = item / n_stretches * PANEL, begin = item % n_stretches * STRETCH;
      const int64_t end = std::min(begin + STRETCH, k);
      pack_panel<Read::Soon>(rows + column, n, std::min(PANEL, n - column), begin, end, panels + column * k);
    }
  });
}

void transpose_rows(const BFloat16 *rows, int64_t n, int64_t width, int64_t row_stride, BFloat16 *to, int64_t stride) {
  transposed(rows, n, width, row_stride, to, stride);
}

void transpose_rows(const float *rows, int64_t n, int64_t width, int64_t row_stride, float *to, int64_t stride) {
  transposed<Read::Soon>(rows, n, width, row_stride, to, stride);
}

#define FOR_TYPE(T)                                                                                                       \
  template void pack_weight(const float *, int64_t, int64_t, T *, T *);                                                   \
  template void pack_weight_rows(const float *, int64_t, int64_t, int64_t, int64_t, T *, T *);                            \
  template void pack_rows(const T *, int64_t, int64_t, T *);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
