#include "cpu/ops/pack.h"

#include "cpu/base/parallel.h"

namespace {

using c10::BFloat16;

// Rows of a task that packs rows: a panel of them, 32 KiB of bfloat16, is in the first cache, and a batch has enough of them
// for all threads.
constexpr int64_t ROWS_PER_TASK = 256;

// Where a store goes: weights are read in the next pass, by when the caches have forgotten them.
enum class Store { Cached, NonTemporal };

template <Store STORE> INLINE void put_words(void *to, Words16 x, int64_t n) {
  if (STORE == Store::NonTemporal) {
    store_nontemporal(to, x, n);
  } else {
    store_words(to, x, n);
  }
}

INLINE Words16 pairs(const BFloat16 *even, const BFloat16 *odd, int64_t n) {
  return paired(load_halves(even, n), load_halves(odd, n));
}
INLINE Words16 pairs(const float *even, const float *odd, int64_t n) { return paired(load(even, n), load(odd, n)); }

// Columns from `first_col` on of a panel of W^T, from as many rows of W; pairs of its rows interleaved.
void pack_transposed(Matrix<const float> rows, int64_t first_col, Matrix<BFloat16> to) {
  const float *weight = rows.data;
  BFloat16 *panel = to.data;
  const int64_t k = rows.cols, n_rows = rows.rows, width = to.cols;
  for (int64_t begin = 0; begin < n_rows; begin += LANES) {
    const int64_t n_columns = std::min(LANES, n_rows - begin);
    for (int64_t i = 0; i < k; i += 2 * LANES) {
      const int64_t n = std::min(2 * LANES, k - i);
      const auto row = [=](int64_t lane) INLINE_LAMBDA {
        const float *from = weight + (begin + lane) * k + i;
        return joined(load(from, n), n > LANES ? load(from + LANES, n - LANES) : Floats{});
      };
      transpose_square(n_columns, row, n / 2, [=](int64_t pair, Words16 words) INLINE_LAMBDA {
        store_nontemporal(panel + ((i / 2 + pair) * width + first_col + begin) * 2, words, n_columns);
      });
    }
  }
}

// Rows `begin..end` of a panel; pairs of them interleaved.
template <Store STORE, typename From>
void pack_panel(Matrix<const From> x, int64_t begin, int64_t end, BFloat16 *panel) {
  const From *from = x.data;
  const int64_t stride = x.stride, width = x.cols;
  for (int64_t row = begin; row < end; row += 2) {
    const From *even = from + row * stride, *odd = even + stride;
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      put_words<STORE>(panel + row * width + 2 * column, pairs(even + column, odd + column, n), n);
    }
  }
}

template <Store STORE> void pack_panel(Matrix<const float> x, int64_t begin, int64_t end, float *panel) {
  const float *from = x.data;
  const int64_t stride = x.stride, width = x.cols;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      put_words<STORE>(panel + row * width + column, (Words16)load(from + row * stride + column, n), n);
    }
  }
}

void transpose(Matrix<const BFloat16> from, Matrix<BFloat16> transposed) {
  const BFloat16 *rows = from.data;
  BFloat16 *to = transposed.data;
  const int64_t n = from.rows, width = from.cols, row_stride = from.stride, stride = transposed.stride;
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    const auto pair = [=](int64_t i) INLINE_LAMBDA {
      const BFloat16 *even = rows + 2 * i * row_stride + column;
      return pairs(even, even + row_stride, n_columns);
    };
    transpose_square(n / 2, pair, n_columns, [=](int64_t i, Words16 words) INLINE_LAMBDA {
      store_words(to + (column + i) * stride, words, n / 2);
    });
  }
}

template <Store STORE> void transpose(Matrix<const float> from, Matrix<float> transposed) {
  const float *rows = from.data;
  float *to = transposed.data;
  const int64_t n = from.rows, width = from.cols, row_stride = from.stride, stride = transposed.stride;
  for (int64_t column = 0; column < width; column += LANES) {
    const int64_t n_columns = std::min(LANES, width - column);
    for (int64_t begin = 0; begin < n; begin += LANES) {
      const int64_t n_rows = std::min(LANES, n - begin);
      const auto row = [=](int64_t i) INLINE_LAMBDA {
        return (Words16)load(rows + (begin + i) * row_stride + column, n_columns);
      };
      transpose_square(n_rows, row, n_columns, [=](int64_t i, Words16 words) INLINE_LAMBDA {
        put_words<STORE>(to + (column + i) * stride + begin, words, n_rows);
      });
    }
  }
}

// A panel of float32 is the transpose as it is.
void pack_transposed(Matrix<const float> rows, int64_t first_col, Matrix<float> panel) {
  transpose<Store::NonTemporal>(rows, panel.columns_from(first_col, rows.rows));
}

} // namespace

template <typename T>
void pack_weight_rows(Matrix<const float> weight, int64_t begin, int64_t end, PackedWeight<T> packed) {
  const int64_t first = begin / PANEL * PANEL, n_in = weight.cols;
  const Matrix<T> panel(packed.forward.panel(first), n_in, packed.forward.width(first));
  pack_transposed(weight.rows_from(begin, end - begin), begin - first, panel);
  for (int64_t col = 0; col < n_in; col += PANEL) {
    const Matrix<const float> columns = weight.columns_from(col, packed.backward.width(col));
    pack_panel<Store::NonTemporal>(columns, begin, end, packed.backward.panel(col));
  }
}

template <typename T> void pack_weight(Matrix<const float> weight, PackedWeight<T> packed) {
  const int64_t n_rows = rows_per_piece(weight.cols);
  parallel_for(ceil_div(weight.rows, n_rows), [&](WorkQueue &queue) {
    for (int64_t piece; queue.next(piece);) {
      const int64_t begin = piece * n_rows;
      pack_weight_rows(weight, begin, std::min(begin + n_rows, weight.rows), packed);
    }
  });
}

template <typename T> void pack_rows(Matrix<const T> x, Panels<T> panels) {
  const int64_t n_tasks = ceil_div(x.rows, ROWS_PER_TASK);
  parallel_for(ceil_div(x.cols, PANEL) * n_tasks, [&](WorkQueue &queue) {
    for (int64_t task; queue.next(task);) {
      const int64_t col = task / n_tasks * PANEL, begin = task % n_tasks * ROWS_PER_TASK;
      const int64_t end = std::min(begin + ROWS_PER_TASK, x.rows);
      pack_panel<Store::Cached>(x.columns_from(col, panels.width(col)), begin, end, panels.panel(col));
    }
  });
}

void transpose_rows(Matrix<const BFloat16> rows, Matrix<BFloat16> transposed) { transpose(rows, transposed); }

void transpose_rows(Matrix<const float> rows, Matrix<float> transposed) { transpose<Store::Cached>(rows, transposed); }

#define FOR_TYPE(T)                                                                                                       \
  template void pack_weight(Matrix<const float>, PackedWeight<T>);                                                        \
  template void pack_weight_rows(Matrix<const float>, int64_t, int64_t, PackedWeight<T>);                                 \
  template void pack_rows(Matrix<const T>, Panels<T>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
