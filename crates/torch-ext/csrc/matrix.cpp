#include "matrix.h"

#include "internal.h"

namespace {

using c10::BFloat16;

// Numbers of the depth that one task packs.
constexpr int64_t STRETCH = 256;

INLINE Words16 bits_of(Floats x) { return __builtin_convertvector(narrowed(x), Words16); }

// Pairs of neighbouring numbers of a row as words.
INLINE void narrowed_pairs(const float *from, int64_t n_pairs, uint32_t *pairs) {
  BFloat16 narrow[2 * LANES];
  store(narrow, load(from, std::min(2 * n_pairs, LANES)));
  if (2 * n_pairs > LANES) {
    store(narrow + LANES, load(from + LANES, 2 * n_pairs - LANES));
  }
  std::memcpy(pairs, narrow, 2 * n_pairs * sizeof(BFloat16));
}

// Rows `begin..end` of the panel, which has `width` columns: a transposition, 32 numbers of each column at a time.
VECTORISED void pack_columns(const float *weight, int64_t k, int64_t width, int64_t begin, int64_t end, BFloat16 *panel) {
  for (int64_t at = begin; at < end; at += 2 * LANES) {
    const int64_t n_pairs = std::min(2 * LANES, end - at) / 2;
    BFloat16 *rows = panel + at * width;
    for (int64_t column = 0; column < width; ++column) {
      uint32_t pairs[LANES];
      narrowed_pairs(weight + column * k + at, n_pairs, pairs);
      for (int64_t pair = 0; pair < n_pairs; ++pair) {
        std::memcpy(rows + (pair * width + column) * 2, &pairs[pair], sizeof(uint32_t));
      }
    }
  }
}

VECTORISED void pack_columns(const float *weight, int64_t k, int64_t width, int64_t begin, int64_t end, float *panel) {
  for (int64_t at = begin; at < end; at += LANES) {
    const int64_t n = std::min(LANES, end - at);
    for (int64_t column = 0; column < width; ++column) {
      for (int64_t row = at; row < at + n; ++row) {
        panel[row * width + column] = weight[column * k + row];
      }
    }
  }
}

template <typename From>
VECTORISED void pack_rows(const From *from, int64_t stride, int64_t width, int64_t begin, int64_t end, BFloat16 *panel) {
  for (int64_t row = begin; row < end; row += 2) {
    const From *even = from + row * stride, *odd = even + stride;
    BFloat16 *to = panel + row * width;
    for (int64_t column = 0; column < width; column += LANES) {
      const int64_t n = std::min(LANES, width - column);
      const Words16 pairs = bits_of(load(even + column, n)) | bits_of(load(odd + column, n)) << 16;
      std::memcpy(to + 2 * column, &pairs, 2 * n * sizeof(BFloat16));
    }
  }
}

VECTORISED void pack_rows(const float *from, int64_t stride, int64_t width, int64_t begin, int64_t end, float *panel) {
  for (int64_t row = begin; row < end; ++row) {
    std::memcpy(panel + row * width, from + row * stride, width * sizeof(float));
  }
}

// Calls `task(column, width, begin, end)` for every panel and stretch of its rows.
template <typename Task> void for_panels(int64_t n, int64_t k, const Task &task) {
  const int64_t n_stretches = ceil_div(k, STRETCH);
  at::parallel_for(0, ceil_div(n, PANEL) * n_stretches, 1, [&](int64_t first, int64_t last) {
    for (int64_t item = first; item < last; ++item) {
      const int64_t column = item / n_stretches * PANEL, begin = item % n_stretches * STRETCH;
      task(column, std::min(PANEL, n - column), begin, std::min(begin + STRETCH, k));
    }
  });
}

} // namespace

template <typename T> void pack_transposed(const float *weight, int64_t n, int64_t k, T *panels) {
  for_panels(n, k, [&](int64_t column, int64_t width, int64_t begin, int64_t end) {
    pack_columns(weight + column * k, k, width, begin, end, panels + column * k);
  });
}

template <typename T, typename From> void pack(const From *weight, int64_t k, int64_t n, int64_t stride, T *panels) {
  for_panels(n, k, [&](int64_t column, int64_t width, int64_t begin, int64_t end) {
    pack_rows(weight + column, stride, width, begin, end, panels + column * k);
  });
}

template void pack_transposed(const float *, int64_t, int64_t, float *);
template void pack_transposed(const float *, int64_t, int64_t, BFloat16 *);
template void pack(const float *, int64_t, int64_t, int64_t, float *);
template void pack(const float *, int64_t, int64_t, int64_t, BFloat16 *);
template void pack(const BFloat16 *, int64_t, int64_t, int64_t, BFloat16 *);
