#include "cpu/ops/linear_int8.h"

#include "cpu/ops/linear.h"

namespace {

// A block of a product, and what belongs to its rows and columns.
struct Int8Block {
  const int32_t *sums; // rows are PANEL numbers apart
  QuantizedRows x;
  QuantizedWeight weight;
  const float *bias;
  int64_t col;
  Matrix<float> y;
};

// y = f(dequantized block).
template <typename F> INLINE void dequantize(const Int8Block &block, const F &f) {
  const int64_t n_cols = block.y.cols;
  for (int64_t row = 0; row < block.y.rows; ++row) {
    const float x_scale = block.x.scales[row];
    const int32_t x_zero = block.x.zero_points[row];
    for (int64_t i = 0; i < n_cols; i += LANES) {
      const int64_t left = n_cols - i;
      const Ints sums = load_vector<int32_t>(block.sums + row * PANEL + i);
      const Ints weight_sums = load_ints(block.weight.sums + block.col + i, left);
      const Floats product = converted<float>(sums - weight_sums * x_zero);
      const Floats scales = load(block.weight.scales + block.col + i, left) * x_scale;
      store(block.y.at(row, i), f(product * scales + load(block.bias + block.col + i, left)), left);
    }
  }
}

// Calls `finish(block)` for every block of the product while it is in the cache.
template <typename Finish>
void multiply_int8(QuantizedRows x, QuantizedWeight weight, const float *bias, Matrix<float> y, const Finish &finish) {
  const Panels<int8_t> panels = weight.panels;
  for_blocks<uint8_t>(y.rows, y.cols, [&](int64_t row, int64_t n_rows, int64_t col, int64_t n_cols) {
    alignas(64) int32_t sums[BLOCK_ROWS * PANEL];
    const QuantizedRows rows = x.rows_from(row, n_rows);
    at::native::cpublas::brgemm(n_rows, n_cols, panels.rows, rows.values.stride, n_cols, PANEL, false, rows.values.data,
                                reinterpret_cast<const signed char *>(panels.panel(col)), sums, true);
    finish(Int8Block{sums, rows, weight, bias, col, y.block(row, col, n_rows, n_cols)});
  });
}

} // namespace

void linear_int8_forward(QuantizedRows x, QuantizedWeight weight, const float *bias, Matrix<float> y) {
  multiply_int8(x, weight, bias, y, [](const Int8Block &block) {
    dequantize(block, [](const Floats &h) INLINE_LAMBDA { return h; });
  });
}

void linear_int8_activation_forward(QuantizedRows x, QuantizedWeight weight, const float *bias, Activation f, Matrix<float> y) {
  with_activation(f, [&](auto kind) {
    multiply_int8(x, weight, bias, y, [](const Int8Block &block) {
      dequantize(block, [](const Floats &h) INLINE_LAMBDA { return activate<decltype(kind)::value>(h).value; });
    });
  });
}
