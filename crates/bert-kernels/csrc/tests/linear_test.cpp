#include "cpu/ops/linear.h"
#include "cpu/ops/row_sums.h"
#include "reference.h"
#include "test.h"

namespace {

using c10::BFloat16;

struct Shape {
  int64_t n, n_in, n_out;
};

// One block, several with ragged ends, and deeper than one call of a kernel.
constexpr Shape SHAPES[] = {{16, 16, 16}, {80, 70, 100}, {48, 528, 66}, {1040, 34, 130}};

template <typename T> struct Layer {
  at::Tensor x, w, b, dy;
  Packed<T> packed;
  // In float64, with the gradients of x, w and b.
  at::Tensor y;
  std::vector<at::Tensor> expected;

  explicit Layer(const Shape &s)
      : x(random<T>({s.n, s.n_in})), w(random<T>({s.n_out, s.n_in})), b(random<float>({s.n_out})),
        dy(random<T>({s.n, s.n_out})), packed(w) {
    const std::vector<at::Tensor> inputs{in_float64(x), in_float64(w), in_float64(b)};
    y = at::linear(inputs[0], inputs[1], inputs[2]);
    expected = gradients(y, dy, inputs);
  }
};

template <typename T> void forward(const Shape &s) {
  const Layer<T> layer(s);
  const at::Tensor y = zeros<T>({s.n, s.n_out}), y_float32 = zeros<float>({s.n, s.n_out});
  linear_forward<T>(matrix<T>(layer.x), layer.packed.weight.forward, floats(layer.b), matrix<T>(y));
  linear_forward<T>(matrix<T>(layer.x), layer.packed.weight.forward, floats(layer.b), matrix<float>(y_float32));
  EXPECT_CLOSE(y, layer.y, tolerance<T>());
  EXPECT_CLOSE(y_float32, layer.y, FLOAT32_TOLERANCE);
}

template <typename T> void backward_input(const Shape &s) {
  const Layer<T> layer(s);
  const at::Tensor dx = zeros<T>({s.n, s.n_in}), residual = random<float>({s.n, s.n_in}), sum = residual.clone();
  linear_backward_input<T>(matrix<T>(layer.dy), layer.packed.weight.backward, matrix<T>(dx));
  EXPECT_CLOSE(dx, layer.expected[0], tolerance<T>());
  linear_backward_residual<T>(matrix<T>(layer.dy), layer.packed.weight.backward, Write::Add, matrix<float>(sum));
  EXPECT_CLOSE(sum, layer.expected[0] + residual, FLOAT32_TOLERANCE);
  linear_backward_residual<T>(matrix<T>(layer.dy), layer.packed.weight.backward, Write::Over, matrix<float>(sum));
  EXPECT_CLOSE(sum, layer.expected[0], FLOAT32_TOLERANCE);
}

template <typename T> void backward_weight(const Shape &s) {
  const Layer<T> layer(s);
  const int64_t n_chunks = ceil_div(s.n, CHUNK);
  const at::Tensor transposed = zeros<T>({s.n_out, s.n + 3}), sums = zeros<float>({n_chunks, s.n_out});
  const Matrix<T> dy_transposed = matrix<T>(transposed).columns_from(0, s.n);
  transpose_and_sum<T>(matrix<T>(layer.dy), dy_transposed, matrix<float>(sums));
  EXPECT(at::equal(transposed.narrow(1, 0, s.n), layer.dy.t()));
  const at::Tensor db = random<float>({s.n_out}), earlier = db.clone();
  add_chunks(matrix<float>(sums), true, floats(db));
  EXPECT_CLOSE(db, layer.expected[2] + earlier, FLOAT32_TOLERANCE);

  std::vector<T> memory(s.n * s.n_in);
  const Panels<T> panels{memory.data(), s.n, s.n_in};
  pack_rows<T>(matrix<T>(layer.x), panels);
  const at::Tensor dw = zeros<float>({s.n_out, s.n_in});
  const double squares = linear_backward_weight<T>(dy_transposed, panels, Write::Over, matrix<float>(dw));
  EXPECT_CLOSE(dw, layer.expected[1], FLOAT32_TOLERANCE);
  const double expected_squares = dw.to(at::kDouble).square().sum().item<double>();
  EXPECT(std::abs(squares / expected_squares - 1.0) < 1e-12);
  linear_backward_weight<T>(dy_transposed, panels, Write::Add, matrix<float>(dw));
  EXPECT_CLOSE(dw, layer.expected[1] * 2.0, FLOAT32_TOLERANCE);
}

template <typename T> void each(void (*test)(const Shape &)) {
  for (const Shape &shape : SHAPES) {
    const Context context("x (%ld, %ld), y (%ld)", shape.n, shape.n_in, shape.n_out);
    if (multiplies<T>()) {
      test(shape);
    }
  }
}

TEST(linear_forward_float32) { each<float>(forward<float>); }
TEST(linear_forward_bf16) { each<BFloat16>(forward<BFloat16>); }
TEST(linear_backward_input_float32) { each<float>(backward_input<float>); }
TEST(linear_backward_input_bf16) { each<BFloat16>(backward_input<BFloat16>); }
TEST(linear_backward_weight_float32) { each<float>(backward_weight<float>); }
TEST(linear_backward_weight_bf16) { each<BFloat16>(backward_weight<BFloat16>); }

// Products without oneDNN's code: whole tiles, and what is left of rows and columns; nothing is touched beside C.
TEST(products_in_registers) {
  constexpr int64_t SIZES[][3] = {{64, 64, 512}, {19, 32, 33}, {6, 22, 7}, {1, 3, 1}};
  for (const auto &[m, n, k] : SIZES) {
    const at::Tensor a = random<float>({m, k}), b = random<float>({k, n}), c = random<float>({m, n + 5}), before = c.clone();
    const Matrix<float> inner = matrix<float>(c).columns_from(0, n);
    const at::Tensor product = at::matmul(a.to(at::kDouble), b.to(at::kDouble));
    small_product({floats(a), k, 1}, matrix<float>(b), inner, true);
    EXPECT_CLOSE(c.narrow(1, 0, n), before.narrow(1, 0, n) + product, FLOAT32_TOLERANCE);
    const at::Tensor transposed = a.t().contiguous();
    small_product({floats(transposed), 1, m}, matrix<float>(b), inner);
    EXPECT_CLOSE(c.narrow(1, 0, n), product, FLOAT32_TOLERANCE);
    EXPECT(at::equal(c.narrow(1, n, 5), before.narrow(1, n, 5)));
  }
}

// A weight that has changed in some rows has the copies of one packed anew.
template <typename T> void packs_rows_again() {
  at::Tensor w = random<float>({130, 34});
  Packed<T> packed(w);
  w.narrow(0, 64, 32).add_(1.0);
  pack_weight_rows<T>(matrix<float>(w), 64, 96, packed.weight);
  const Packed<T> anew(w);
  EXPECT(std::equal(packed.forward.begin(), packed.forward.end(), anew.forward.begin()));
  EXPECT(std::equal(packed.backward.begin(), packed.backward.end(), anew.backward.begin()));
}

TEST(pack_weight_rows_float32) { packs_rows_again<float>(); }
TEST(pack_weight_rows_bf16) { packs_rows_again<BFloat16>(); }

} // namespace
