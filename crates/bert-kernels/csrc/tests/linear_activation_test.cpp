#include "cpu/ops/linear_activation.h"
#include "cpu/ops/row_sums.h"
#include "reference.h"
#include "test.h"

namespace {

using c10::BFloat16;

struct Shape {
  int64_t n, n_in, n_out, n_next;
};

constexpr Shape SHAPES[] = {{16, 16, 16, 16}, {80, 34, 100, 50}, {144, 66, 200, 70}};

at::Tensor activation(Activation f, const at::Tensor &h) {
  switch (f) {
  case Activation::Gelu:
    return at::gelu(h);
  case Activation::GeluNew:
    return at::gelu(h, "tanh");
  case Activation::Relu:
    return at::relu(h);
  }
  throw std::invalid_argument("an activation without its formula");
}

// h = x W^T + b, y = f(h), z = y V^T. In bfloat16 both sides go on from the h that was kept, rounded.
template <typename T> void forward_and_backward(Activation f, const Shape &s) {
  const at::Tensor x = random<T>({s.n, s.n_in}), w = (random<T>({s.n_out, s.n_in}).div(std::sqrt(double(s.n_in))));
  const at::Tensor b = random<float>({s.n_out}), v = random<T>({s.n_next, s.n_out}), dz = random<T>({s.n, s.n_next});
  const Packed<T> packed(w), next(v);
  std::vector<T> h_memory(s.n * s.n_out);
  const Panels<T> h{h_memory.data(), s.n, s.n_out};
  const at::Tensor y = zeros<T>({s.n, s.n_out});
  linear_activation_forward<T>(matrix<T>(x), packed.weight.forward, floats(b), f, h, matrix<T>(y));
  const at::Tensor kept = from_panels<T>(h), h64 = in_float64(kept);
  EXPECT_CLOSE(kept, at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble)), tolerance<T>());
  EXPECT_CLOSE(y, activation(f, h64), tolerance<T>());

  const at::Tensor dh = zeros<T>({s.n, s.n_out}), transposed = zeros<T>({s.n_out, s.n + 32});
  const at::Tensor sums = zeros<float>({ceil_div(s.n, BLOCK_ROWS), s.n_out});
  std::vector<T> y_memory(s.n * s.n_out), expected_panels(s.n * s.n_out);
  const ActivationGradient<T> out{matrix<T>(dh), matrix<T>(transposed).columns_from(0, s.n), matrix<float>(sums),
                                  {y_memory.data(), s.n, s.n_out}};
  linear_activation_backward<T>(matrix<T>(dz), next.weight.backward, f, h, out);
  const at::Tensor dy = at::matmul(dz.to(at::kDouble), v.to(at::kDouble));
  const at::Tensor expected = gradients(activation(f, h64), dy, {h64})[0];
  EXPECT_CLOSE(dh, expected, tolerance<T>());
  EXPECT(at::equal(transposed.narrow(1, 0, s.n), dh.t()));
  const at::Tensor db = zeros<float>({s.n_out});
  add_chunks(matrix<float>(sums), false, floats(db));
  EXPECT_CLOSE(db, expected.sum(0), 2 * FLOAT32_TOLERANCE);
  pack_rows<T>(matrix<T>(y), {expected_panels.data(), s.n, s.n_out});
  EXPECT(std::equal(y_memory.begin(), y_memory.end(), expected_panels.begin()));
}

template <typename T> void each(Activation f) {
  for (const Shape &shape : SHAPES) {
    const Context context("x (%ld, %ld), y (%ld)", shape.n, shape.n_in, shape.n_out);
    if (multiplies<T>()) {
      forward_and_backward<T>(f, shape);
    }
  }
}

TEST(gelu_float32) { each<float>(Activation::Gelu); }
TEST(gelu_bf16) { each<BFloat16>(Activation::Gelu); }
TEST(gelu_new_float32) { each<float>(Activation::GeluNew); }
TEST(gelu_new_bf16) { each<BFloat16>(Activation::GeluNew); }
TEST(relu_float32) { each<float>(Activation::Relu); }
TEST(relu_bf16) { each<BFloat16>(Activation::Relu); }

// An activation itself, where products of this T may be missing.
template <Activation F> void activate_all(const float *x, int64_t n, float *y) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(y + i, activate<F>(load(x + i)).value);
  }
}

template <Activation F> void is_close_everywhere() {
  const int64_t n = 4096;
  const at::Tensor x = at::linspace(-12, 12, n, at::kFloat), y = zeros<float>({n});
  activate_all<F>(floats(x), n, floats(y));
  EXPECT((y.to(at::kDouble) - activation(F, x.to(at::kDouble))).abs().max().item<double>() < 2e-6);
}

TEST(gelu_is_close_everywhere) { is_close_everywhere<Activation::Gelu>(); }
TEST(gelu_new_is_close_everywhere) { is_close_everywhere<Activation::GeluNew>(); }
TEST(relu_is_close_everywhere) { is_close_everywhere<Activation::Relu>(); }

} // namespace
