#include "cpu/ops/linear.h"

#include "cpu/base/simd.h"
#include "cpu/ops/pack.h"
#include "cpu/ops/row_sums.h"

#include <numeric>

namespace {

using c10::BFloat16;

static_assert(CHUNK <= MAX_TRANSPOSED_ROWS, "a chunk of dy is transposed at once");

// y = block + bias.
template <typename Y> void add_bias(Block product, const float *bias, Matrix<Y> y) {
  const float *block = product.data;
  const int64_t n_columns = product.n_cols;
  for (int64_t row = 0; row < product.n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      store(y.at(row, i), load(block + row * PANEL + i) + load(bias + i, left), left);
    }
  }
}

// x = block.
template <typename T> void copy_block(Block product, Matrix<T> x) {
  const float *block = product.data;
  const int64_t n_columns = product.n_cols;
  for (int64_t row = 0; row < product.n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      store(x.at(row, i), load(block + row * PANEL + i), n_columns - i);
    }
  }
}

// The sum of squares of a block that lies in memory, as `write_block` returns it.
double squares_of_block(Matrix<const float> x) {
  Doubles total{};
  for (int64_t row = 0; row < x.rows; ++row) {
    for (int64_t i = 0; i < x.cols; i += LANES) {
      total += squares(load(x.at(row, i), x.cols - i));
    }
  }
  return sum(total);
}

// x = block, past the caches, which will have forgotten it when it is read again; or x += block. Returns the sum of the
// result's squares.
double write_block(Block product, Matrix<float> x, bool add) {
  const float *block = product.data;
  const int64_t n_columns = product.n_cols;
  Doubles total{};
  for (int64_t row = 0; row < product.n_rows; ++row) {
    for (int64_t i = 0; i < n_columns; i += LANES) {
      const int64_t left = n_columns - i;
      float *to = x.at(row, i);
      Floats value = load(block + row * PANEL + i, left);
      if (add) {
        value += load(to, left);
        store(to, value, left);
      } else {
        store_nontemporal(to, (Words16)value, left);
      }
      total += squares(value);
    }
  }
  return sum(total);
}

template <typename T> void transpose_and_sum_chunk(Matrix<const T> rows, Matrix<T> transposed, float *sums) {
  const int64_t width = rows.cols;
  std::memset(sums, 0, width * sizeof(float));
  for (int64_t row = 0; row < rows.rows; ++row) {
    for (int64_t i = 0; i < width; i += LANES) {
      const int64_t left = width - i;
      store(sums + i, load(sums + i, left) + load(rows.at(row, i), left), left);
    }
  }
  transpose_rows(rows, transposed);
}

} // namespace

// A sum for each block of a product, added up in one order.
class BlockSums {
public:
  explicit BlockSums(Matrix<const float> product)
      : n_chunks_(ceil_div(product.rows, BLOCK_ROWS)), sums_(ceil_div(product.cols, PANEL) * n_chunks_) {}
  double &of(int64_t row, int64_t col) { return sums_[col / PANEL * n_chunks_ + row / BLOCK_ROWS]; }
  double total() const { return std::accumulate(sums_.begin(), sums_.end(), 0.0); }

private:
  int64_t n_chunks_;
  std::vector<double> sums_;
};

template <typename T, typename Y>
void linear_forward(Matrix<const T> x, Panels<const T> weight, const float *bias, Matrix<Y> y) {
  multiply(x, weight, [&](const Block &block) { add_bias(block, bias + block.col, block.of(y)); });
}

template <typename T> void linear_backward_input(Matrix<const T> dy, Panels<const T> weight, Matrix<T> dx) {
  multiply(dy, weight, [&](const Block &block) { copy_block(block, block.of(dx)); });
}

template <typename T>
void linear_backward_residual(Matrix<const T> dy, Panels<const T> weight, Write write, Matrix<float> dx) {
  multiply_into(dy, weight, write, dx);
}

template <typename T>
double linear_backward_weight(Matrix<const T> dy_transposed, Panels<const T> x, Write write, Matrix<float> dweight) {
  BlockSums sums(dweight);
  multiply(dy_transposed, x, [&](const Block &block) {
    sums.of(block.row, block.col) = write_block(block, block.of(dweight), write == Write::Add);
  });
  return sums.total();
}

template <typename T> double sum_of_squares_of_blocks(Matrix<const float> dweight) {
  BlockSums sums(dweight);
  for_blocks<T>(dweight.rows, dweight.cols, [&](int64_t row, int64_t n_rows, int64_t col, int64_t n_cols) {
    sums.of(row, col) = squares_of_block(dweight.block(row, col, n_rows, n_cols));
  });
  return sums.total();
}

template <typename T> void transpose_and_sum(Matrix<const T> dy, Matrix<T> dy_transposed, Matrix<float> sums) {
  parallel_for(ceil_div(dy.rows, CHUNK), [&](WorkQueue &queue) {
    for (int64_t chunk; queue.next(chunk);) {
      const int64_t row = chunk * CHUNK, n = std::min(CHUNK, dy.rows - row);
      transpose_and_sum_chunk(dy.rows_from(row, n), dy_transposed.columns_from(row, n), sums.row(chunk));
    }
  });
}

template void linear_forward(Matrix<const float>, Panels<const float>, const float *, Matrix<float>);
template void linear_forward(Matrix<const BFloat16>, Panels<const BFloat16>, const float *, Matrix<float>);
template void linear_forward(Matrix<const BFloat16>, Panels<const BFloat16>, const float *, Matrix<BFloat16>);

#define FOR_TYPE(T)                                                                                                       \
  template void linear_backward_input(Matrix<const T>, Panels<const T>, Matrix<T>);                                       \
  template void linear_backward_residual(Matrix<const T>, Panels<const T>, Write, Matrix<float>);                         \
  template double linear_backward_weight(Matrix<const T>, Panels<const T>, Write, Matrix<float>);                         \
  template double sum_of_squares_of_blocks<T>(Matrix<const float>);                                                       \
  template void transpose_and_sum(Matrix<const T>, Matrix<T>, Matrix<float>);
FOR_TYPE(float)
FOR_TYPE(BFloat16)
#undef FOR_TYPE
