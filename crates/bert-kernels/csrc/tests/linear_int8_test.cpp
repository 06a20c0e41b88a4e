// Linear layers with products of bytes: against the formula in float64, and what quantization loses.

#include "cpu/ops/linear_int8.h"
#include "reference.h"
#include "test.h"

namespace {

struct Shape {
  int64_t n, n_in, n_out;
};

// Whole blocks; ends of panels, of blocks and of quadruples; one row.
constexpr Shape SHAPES[] = {{64, 64, 64}, {130, 70, 150}, {1, 4, 1}, {33, 22, 130}};

bool multiplies_bytes() {
  static const bool runs = bert_kernels_int8_encoder_runs() != 0;
  static const bool said = runs || std::printf("skipped: this processor has no products of bytes\n") > 0;
  return said && runs;
}

struct QuantizedLayer {
  Shape shape;
  at::Tensor x, w, b;
  std::vector<uint8_t> values;
  std::vector<int8_t> panels;
  std::vector<float> row_scales, output_scales;
  std::vector<int32_t> zero_points, sums;
  QuantizedRows rows;
  QuantizedWeight weight;

  explicit QuantizedLayer(const Shape &s)
      : shape(s), x(random<float>({s.n, s.n_in}) + 0.5), w(random<float>({s.n_out, s.n_in})), b(random<float>({s.n_out})) {
    const int64_t depth = round_up(s.n_in, INTERLEAVED_BYTES);
    values.assign(s.n * depth, 77), panels.assign(depth * s.n_out, 77);
    row_scales.resize(s.n), zero_points.resize(s.n), output_scales.resize(s.n_out), sums.resize(s.n_out);
    rows = {{values.data(), s.n, depth}, row_scales.data(), zero_points.data()};
    weight = {{panels.data(), depth, s.n_out}, output_scales.data(), sums.data()};
    quantize_rows(matrix<float>(x), rows);
    quantize_weight(matrix<float>(w), weight);
  }

  // What the bytes stand for.
  at::Tensor dequantized_x() const {
    const at::Tensor q = at::from_blob(const_cast<uint8_t *>(values.data()), {shape.n, rows.values.cols}, at::kByte);
    const at::Tensor scales = at::tensor(row_scales).unsqueeze(1), zeros = at::tensor(zero_points).unsqueeze(1);
    return (q.narrow(1, 0, shape.n_in).to(at::kDouble) - zeros) * scales.to(at::kDouble);
  }
  at::Tensor dequantized_w() const {
    const at::Tensor y = at::zeros({shape.n_out, shape.n_in}, at::kDouble);
    for (int64_t j = 0; j < shape.n_out; ++j) {
      for (int64_t k = 0; k < shape.n_in; ++k) {
        const int64_t col = j / PANEL * PANEL, at = k / 4 * 4 * weight.panels.width(col) + (j - col) * 4 + k % 4;
        y.data_ptr<double>()[j * shape.n_in + k] = double(weight.panels.panel(col)[at]) * output_scales[j];
      }
    }
    return y;
  }
};

TEST(quantize_weight_of_normal_numbers) {
  for (const Shape &s : SHAPES) {
    const Context context("x (%ld, %ld), y (%ld)", s.n, s.n_in, s.n_out);
    const QuantizedLayer layer(s);
    const at::Tensor off = (layer.dequantized_w() - layer.w).abs(), scales = at::tensor(layer.output_scales).unsqueeze(1);
    EXPECT((off <= scales * 0.50001).all().item<bool>());
    EXPECT_CLOSE(scales.squeeze(1), std::get<0>(layer.w.abs().max(1)) / 127.0, 1e-6);
    const at::Tensor sums = (layer.dequantized_w() / scales).sum(1).round();
    EXPECT(at::equal(sums, at::tensor(layer.sums).to(at::kDouble)));
  }
}

TEST(quantize_rows_of_normal_numbers) {
  for (const Shape &s : SHAPES) {
    const Context context("x (%ld, %ld), y (%ld)", s.n, s.n_in, s.n_out);
    const QuantizedLayer layer(s);
    const at::Tensor scales = at::tensor(layer.row_scales).unsqueeze(1);
    // Both ends of a range round to the side of the zero point's own rounding.
    EXPECT(((layer.dequantized_x() - layer.x).abs() <= scales * 1.0001).all().item<bool>());
    EXPECT(((layer.dequantized_x() - layer.x).abs() <= scales * 0.51).to(at::kDouble).mean().item<double>() > 0.9);
  }
}

TEST(quantize_rows_of_zeros_and_of_no_numbers) {
  const float infinite = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{0, 0, 0, 0, 1, infinite, 2, 3, 1, none, 2, 3, 1, 2, 3, 4};
  std::vector<uint8_t> values(16);
  std::vector<float> scales(4);
  std::vector<int32_t> zero_points(4);
  quantize_rows({x.data(), 4, 4}, {{values.data(), 4, 4}, scales.data(), zero_points.data()});
  EXPECT(scales[0] == 0.0f && zero_points[0] == 0);
  EXPECT(std::isnan(scales[1]) && std::isnan(scales[2]));
  EXPECT(scales[3] == 4.0f / 255.0f && zero_points[3] == 0 && values[15] == 255);
}

TEST(linear_int8_by_formula) {
  for (const Shape &s : SHAPES) {
    const Context context("x (%ld, %ld), y (%ld)", s.n, s.n_in, s.n_out);
    if (!multiplies_bytes()) {
      return;
    }
    const QuantizedLayer layer(s);
    const at::Tensor y = zeros<float>({s.n, s.n_out}), exact = at::linear(layer.dequantized_x(), layer.dequantized_w(),
                                                                         layer.b.to(at::kDouble));
    linear_int8_forward(layer.rows, layer.weight, floats(layer.b), matrix<float>(y));
    EXPECT_CLOSE(y, exact, FLOAT32_TOLERANCE);
    EXPECT_CLOSE(y, at::linear(layer.x, layer.w, layer.b), 0.1); // least in the smallest
    linear_int8_activation_forward(layer.rows, layer.weight, floats(layer.b), Activation::Gelu, matrix<float>(y));
    EXPECT_CLOSE(y, at::gelu(exact), FLOAT32_TOLERANCE);
    linear_int8_activation_forward(layer.rows, layer.weight, floats(layer.b), Activation::Relu, matrix<float>(y));
    EXPECT_CLOSE(y, at::relu(exact), FLOAT32_TOLERANCE);
  }
}

} // namespace
