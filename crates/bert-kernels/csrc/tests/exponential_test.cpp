#include "cpu/base/exponential.h"
#include "reference.h"
#include "test.h"

namespace {

void all_powers(const float *x, int64_t n, float *y) {
  for (int64_t i = 0; i < n; i += LANES) {
    store(y + i, exponential(load(x + i)));
  }
}

at::Tensor powers(const at::Tensor &x) {
  const at::Tensor y = zeros<float>({x.numel()});
  all_powers(floats(x), x.numel(), floats(y));
  return y;
}

// Relative to each result: sums of powers hide what is wrong with the small ones, and a softmax divides it out.
TEST(exponential_to_two_units_in_the_last_place) {
  const at::Tensor x = at::linspace(-87, 88, 1 << 16, at::kFloat);
  const at::Tensor difference = (powers(x).to(at::kDouble) / x.to(at::kDouble).exp() - 1.0).abs();
  const Context context("%g off at %g", difference.max().item<double>(), x[difference.argmax().item<int64_t>()].item<double>());
  EXPECT(difference.max().item<double>() <= 2 * 1.2e-7);
}

TEST(exponential_at_its_ends) {
  const at::Tensor low = powers(at::full({LANES}, -1000.0, at::kFloat));
  EXPECT(((low > 0) & (low < 1e-37)).all().item<bool>());
  EXPECT(powers(at::full({LANES}, NAN, at::kFloat)).isnan().all().item<bool>());
}

void all_normal(const float *x, int64_t n, float *cdf, float *density) {
  for (int64_t i = 0; i < n; i += LANES) {
    const auto law = normal(load(x + i));
    store(cdf + i, law.cdf), store(density + i, law.density);
  }
}

TEST(normal_law_to_three_in_ten_million) {
  const at::Tensor x = at::linspace(-12, 12, 1 << 14, at::kFloat), cdf = at::zeros_like(x), density = at::zeros_like(x);
  all_normal(floats(x), x.numel(), floats(cdf), floats(density));
  const at::Tensor exact = x.to(at::kDouble);
  const double off = (cdf.to(at::kDouble) - at::special_ndtr(exact)).abs().max().item<double>();
  const at::Tensor formula = (exact.square() * -0.5).exp() / std::sqrt(2.0 * M_PI);
  const double density_off = (density.to(at::kDouble) - formula).abs().max().item<double>();
  const Context context("%g and %g off", off, density_off);
  EXPECT(off <= 3e-7 && density_off <= 3e-7);
}

} // namespace
