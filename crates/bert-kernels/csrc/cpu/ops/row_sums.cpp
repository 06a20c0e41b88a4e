#include "cpu/ops/row_sums.h"

#include "cpu/base/simd.h"

namespace {

void add_rows(Matrix<const float> rows, bool add, float *to) {
  const int64_t n = rows.rows, width = rows.stride, end = rows.cols;
  for (int64_t i = 0; i < end; i += LANES) {
    const int64_t left = end - i;
    Floats total{};
    for (int64_t row = 0; row < n; ++row) {
      total += load(rows.data + row * width + i, left);
    }
    store(to + i, add ? load(to + i, left) + total : total, left);
  }
}

} // namespace

void add_chunks(Matrix<const float> sums, bool add, float *total) { add_rows(sums, add, total); }
