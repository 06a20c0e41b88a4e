#include "cpu/ops/optimizer.h"
#include "reference.h"
#include "test.h"

namespace {

constexpr double BETA1 = 0.9, BETA2 = 0.99, EPS = 1e-8, LEARNING_RATE = 1e-2, WEIGHT_DECAY = 0.1, GRAD_SCALE = 0.5;
constexpr int32_t KINDS[] = {BERT_KERNELS_ADAMW, BERT_KERNELS_ADAM, BERT_KERNELS_SGD, BERT_KERNELS_SGD_MOMENTUM};

bert_kernels_rule rule(int32_t kind, int64_t step) {
  const double bias_correction1 = 1 - std::pow(BETA1, step), bias_correction2 = 1 - std::pow(BETA2, step);
  return {kind,
          float(BETA1),
          float(BETA2),
          float(1 - BETA1),
          float(1 - BETA2),
          float(EPS),
          float(bias_correction1),
          float(std::sqrt(bias_correction2)),
          float(GRAD_SCALE)};
}

// Parameters with their moments; the second one is not negative.
struct State {
  at::Tensor p, m, v;

  explicit State(int64_t n)
      : p(random<float>({n}) * 0.2), m(random<float>({n}) * 0.01), v(random<float>({n}).square() * 0.01) {}
  State(const at::Tensor &p, const at::Tensor &m, const at::Tensor &v) : p(p), m(m), v(v) {}
  State clone() const { return {p.clone(), m.clone(), v.clone()}; }
  State to(at::ScalarType kind) const { return {p.to(kind), m.to(kind), v.to(kind)}; }
  bool equals(const State &other) const { return at::equal(p, other.p) && at::equal(m, other.m) && at::equal(v, other.v); }
  bert_kernels_run run(const float *grad) const {
    return {floats(p), grad, floats(m), floats(v), p.numel(), float(LEARNING_RATE), float(WEIGHT_DECAY)};
  }
};

// One step by the formulas of PyTorch's documentation, in the precision of the state.
void step_by_formula(int32_t kind, int64_t step, State &s, at::Tensor g) {
  const bool adam = kind == BERT_KERNELS_ADAMW || kind == BERT_KERNELS_ADAM;
  if (kind == BERT_KERNELS_ADAMW) {
    s.p = s.p * (1 - LEARNING_RATE * WEIGHT_DECAY);
  } else {
    g = g + s.p * WEIGHT_DECAY;
  }
  if (adam) {
    s.m = s.m * BETA1 + g * (1 - BETA1);
    s.v = s.v * BETA2 + g.square() * (1 - BETA2);
    const at::Tensor denominator = (s.v / (1 - std::pow(BETA2, step))).sqrt() + EPS;
    s.p = s.p - s.m / (1 - std::pow(BETA1, step)) / denominator * LEARNING_RATE;
  } else if (kind == BERT_KERNELS_SGD) {
    s.p = s.p - g * LEARNING_RATE;
  } else {
    s.m = s.m * BETA1 + g;
    s.p = s.p - s.m * LEARNING_RATE;
  }
}

TEST(optimizer_steps_follow_the_formulas) {
  for (const int32_t kind : KINDS) {
    for (const int64_t n : {1, 16, 1003}) {
      const State actual(n);
      State expected = actual.clone().to(at::kDouble);
      for (int64_t step = 3; step < 7; ++step) {
        const at::Tensor g = random<float>({n});
        optimizer_step(rule(kind, step), actual.run(floats(g)));
        step_by_formula(kind, step, expected, g.to(at::kDouble) * GRAD_SCALE);
      }
      EXPECT_CLOSE(actual.p, expected.p, FLOAT32_TOLERANCE);
      EXPECT_CLOSE(actual.m, expected.m, FLOAT32_TOLERANCE);
      EXPECT_CLOSE(actual.v, expected.v, FLOAT32_TOLERANCE);
    }
  }
}

// Steps without a gradient, taken at once, have the bits of those taken one by one.
TEST(deferred_steps_are_bit_for_bit_the_punctual_ones) {
  for (const int32_t kind : KINDS) {
    const State punctual(77), deferred = punctual.clone();
    std::vector<bert_kernels_past_step> past;
    for (int64_t step = 1; step <= 9; ++step) {
      const bert_kernels_rule r = rule(kind, step);
      optimizer_step(r, punctual.run(nullptr));
      past.push_back({float(LEARNING_RATE), r.bias_correction1, r.bias_correction2_sqrt});
    }
    const std::vector<StepConstants> steps = step_constants(rule(kind, 1), past.data(), 9, float(WEIGHT_DECAY));
    optimizer_deferred_steps(kind, deferred.run(nullptr), steps.data(), 4);
    EXPECT(!deferred.equals(punctual));
    optimizer_deferred_steps(kind, deferred.run(nullptr), steps.data() + 4, 5);
    EXPECT(deferred.equals(punctual));
  }
}

TEST(sum_of_squares_is_in_double_precision) {
  for (const int64_t n : {1, 15, 1 << 15}) {
    const at::Tensor x = random<float>({n});
    EXPECT(std::abs(sum_of_squares(floats(x), n) / x.to(at::kDouble).square().sum().item<double>() - 1.0) < 1e-13);
  }
}

} // namespace
