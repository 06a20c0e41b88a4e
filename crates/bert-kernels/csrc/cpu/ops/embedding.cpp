#include "cpu/ops/embedding.h"

#include "cpu/base/parallel.h"
#include "cpu/base/simd.h"

namespace {

void sum_rows(const float *word, const float *position, const float *type, int64_t width, float *to) {
  for (int64_t i = 0; i < width; i += LANES) {
    const int64_t left = width - i;
    store(to + i, load(word + i, left) + load(position + i, left) + load(type + i, left), left);
  }
}

} // namespace

void embedding_forward(const EmbeddingTables &tables, const int64_t *input_ids, const int64_t *position_ids, Matrix<float> y) {
  const int64_t hidden = y.cols;
  parallel_for(y.rows, [&](WorkQueue &queue) {
    for (int64_t row; queue.next(row);) {
      sum_rows(tables.word + input_ids[row] * hidden, tables.position + position_ids[row] * hidden, tables.token_type, hidden,
               y.row(row));
    }
  });
}

template <typename T> void gather_rows(Matrix<const T> x, const int64_t *index, int64_t n, Matrix<T> y) {
  for (int64_t i = 0; i < n; ++i) {
    std::memcpy(y.row(i), x.row(index[i]), x.cols * sizeof(T));
  }
  clear_rows(y, n, y.rows);
}

void scatter_add_rows(Matrix<const float> x, const int64_t *index, Matrix<float> y) {
  for (int64_t i = 0; i < x.rows; ++i) {
    float *row = y.row(index[i]);
    for (int64_t column = 0; column < x.cols; ++column) {
      row[column] += x.at(i, column)[0];
    }
  }
}

template void gather_rows(Matrix<const float>, const int64_t *, int64_t, Matrix<float>);
template void gather_rows(Matrix<const c10::BFloat16>, const int64_t *, int64_t, Matrix<c10::BFloat16>);
