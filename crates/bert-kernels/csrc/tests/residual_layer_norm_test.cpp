#include "cpu/ops/residual_layer_norm.h"
#include "reference.h"
#include "test.h"

namespace {

using c10::BFloat16;

constexpr float EPS = 1e-5f;

struct Shape {
  int64_t n, width;
};

constexpr Shape SHAPES[] = {{1, 16}, {16, 33}, {70, 50}, {96, 768}};

template <typename T> struct Case {
  Shape s;
  at::Tensor x, residual, w, b, normalized, row_factors, y, y_bf16, dweight_sums, dbias_sums;
  LayerNorm norm;
  LayerNormActivations kept;
  HiddenStates<T> out;
  LayerNormSums sums;

  explicit Case(const Shape &shape)
      : s(shape), x(random<float>({s.n, s.width})), residual(random<float>({s.n, s.width})), w(random<float>({s.width})),
        b(random<float>({s.width})), normalized(zeros<float>({s.n, s.width})), row_factors(zeros<float>({s.n})),
        y(zeros<float>({s.n, s.width})), y_bf16(zeros<T>({s.n, s.width})),
        dweight_sums(zeros<float>({ceil_div(s.n, CHUNK), s.width})),
        dbias_sums(zeros<float>({ceil_div(s.n, CHUNK), s.width})), norm{floats(w), floats(b), EPS},
        kept{matrix<float>(normalized), floats(row_factors)}, out{matrix<float>(y), matrix<T>(y_bf16)},
        sums{matrix<float>(dweight_sums), matrix<float>(dbias_sums)} {}

  void expect_parameter_gradients(const at::Tensor &dw, const at::Tensor &db) const {
    EXPECT_CLOSE(dweight_sums.sum(0), dw, 2 * FLOAT32_TOLERANCE);
    EXPECT_CLOSE(dbias_sums.sum(0), db, 2 * FLOAT32_TOLERANCE);
  }
};

// y = LayerNorm(residual + dropout(x))
template <typename T> void residual_case(const Shape &s, const DropoutMask *mask) {
  Case<T> c(s);
  residual_layer_norm_forward<T>(matrix<float>(c.x), matrix<float>(c.residual), mask, c.norm, c.kept, c.out);
  const std::vector<at::Tensor> inputs{in_float64(c.x), in_float64(c.residual), in_float64(c.w), in_float64(c.b)};
  const at::Tensor sum = inputs[1] + inputs[0] * dropout_factors(mask, 0, {s.n, s.width});
  const at::Tensor expected = at::layer_norm(sum, {s.width}, inputs[2], inputs[3], EPS);
  EXPECT_CLOSE(c.y, expected, FLOAT32_TOLERANCE);
  EXPECT_CLOSE(c.y_bf16, expected, tolerance<T>());

  const at::Tensor dy = random<float>({s.n, s.width}), dx = zeros<T>({s.n, s.width});
  const std::vector<at::Tensor> d = gradients(expected, dy, inputs);
  const at::Tensor transposed = zeros<T>({s.width, s.n + 5}), chunk_sums = zeros<float>({ceil_div(s.n, CHUNK), s.width});
  const DroppedGradient<T> out{matrix<T>(dx), matrix<T>(transposed).columns_from(0, s.n), matrix<float>(chunk_sums)};
  residual_layer_norm_backward<T>(matrix<float>(dy), mask, floats(c.w), c.kept, c.sums, out);
  EXPECT_CLOSE(dy, d[1], 4 * FLOAT32_TOLERANCE);
  EXPECT_CLOSE(dx, d[0], is_bf16<T>() ? tolerance<T>() : 4 * FLOAT32_TOLERANCE);
  EXPECT(at::equal(transposed.narrow(1, 0, s.n), dx.t()));
  EXPECT((chunk_sums.sum(0) - d[0].sum(0)).abs().max().template item<double>() <
         4 * FLOAT32_TOLERANCE * d[0].abs().sum(0).max().template item<double>());
  c.expect_parameter_gradients(d[2], d[3]);
}

// y = dropout(LayerNorm(x))
template <typename T> void dropout_case(const Shape &s, const DropoutMask *mask) {
  Case<T> c(s);
  c.normalized.copy_(c.x);
  layer_norm_dropout_forward<T>(mask, c.norm, c.kept, c.out);
  const std::vector<at::Tensor> inputs{in_float64(c.x), in_float64(c.w), in_float64(c.b)};
  const at::Tensor expected = at::layer_norm(inputs[0], {s.width}, inputs[1], inputs[2], EPS) * dropout_factors(mask, 0, {s.n, s.width});
  EXPECT_CLOSE(c.y, expected, FLOAT32_TOLERANCE);
  EXPECT_CLOSE(c.y_bf16, expected, tolerance<T>());

  const at::Tensor dy = random<float>({s.n, s.width});
  const std::vector<at::Tensor> d = gradients(expected, dy, inputs);
  layer_norm_dropout_backward(matrix<float>(dy), mask, floats(c.w), c.kept, c.sums);
  EXPECT_CLOSE(dy, d[0], 4 * FLOAT32_TOLERANCE);
  c.expect_parameter_gradients(d[1], d[2]);
}

void each(void (*test)(const Shape &, const DropoutMask *)) {
  const DropoutMask mask = dropout_mask(0.2, 3, 14);
  for (const Shape &shape : SHAPES) {
    const Context context("%ld rows of %ld", shape.n, shape.width);
    if (shape.n % 2 == 0) { // bfloat16 is transposed in pairs of rows
      test(shape, nullptr);
      test(shape, &mask);
    }
  }
}

TEST(residual_layer_norm_float32) {
  each(residual_case<float>);
  residual_case<float>(SHAPES[0], nullptr);
}
TEST(residual_layer_norm_bf16) { each(residual_case<BFloat16>); }
TEST(layer_norm_dropout_float32) { each(dropout_case<float>); }
TEST(layer_norm_dropout_bf16) { each(dropout_case<BFloat16>); }

} // namespace
