#include "cpu/ops/optimizer.h"

#include "cpu/base/simd.h"

#include <cmath>

namespace {

StepConstants constants(const bert_kernels_rule &rule, const bert_kernels_past_step &step, float weight_decay) {
  // The complements are those of the double numbers: 1 - 0.999f is 1.3e-5 off what 0.001f is.
  StepConstants c{float(rule.beta1),     float(rule.beta2), float(1.0 - rule.beta1),
                  float(1.0 - rule.beta2), float(rule.eps),   float(rule.grad_scale)};
  c.learning_rate = step.learning_rate;
  c.weight_decay = weight_decay;
  c.decay = 1.0f - step.learning_rate * weight_decay;
  c.rate = step.learning_rate / step.bias_correction1;
  c.inverse_root = 1.0f / step.bias_correction2_sqrt;
  return c;
}

INLINE Floats root(Floats x) {
  float y[LANES];
  store(y, x);
  for (int64_t lane = 0; lane < LANES; ++lane) {
    y[lane] = std::sqrt(y[lane]);
  }
  return load(y);
}

// One step of sixteen numbers.
template <int KIND> INLINE void step(Floats &p, Floats grad, Floats &m, Floats &v, const StepConstants &c) {
  if (KIND != BERT_KERNELS_ADAMW) {
    grad += c.weight_decay * p;
  }
  if (KIND == BERT_KERNELS_SGD) {
    p -= c.learning_rate * grad;
  } else if (KIND == BERT_KERNELS_SGD_MOMENTUM) {
    m = m * c.beta1 + grad;
    p -= c.learning_rate * m;
  } else {
    m += (grad - m) * c.one_minus_beta1;
    v = v * c.beta2 + grad * grad * c.one_minus_beta2;
    p = (KIND == BERT_KERNELS_ADAMW ? p * c.decay : p) - c.rate * m / (root(v) * c.inverse_root + c.eps);
  }
}

constexpr bool has_first(int kind) { return kind != BERT_KERNELS_SGD; }
constexpr bool has_second(int kind) { return kind == BERT_KERNELS_ADAMW || kind == BERT_KERNELS_ADAM; }

template <int KIND>
void update(float *p, const float *g, float *m, float *v, int64_t n, const StepConstants &c) {
  for (int64_t i = 0; i < n; i += LANES) {
    const int64_t left = n - i;
    Floats param = load(p + i, left), grad = g == nullptr ? Floats{} : load(g + i, left) * c.grad_scale;
    Floats first = has_first(KIND) ? load(m + i, left) : Floats{}, second = has_second(KIND) ? load(v + i, left) : Floats{};
    step<KIND>(param, grad, first, second, c);
    store(p + i, param, left);
    if (has_first(KIND)) {
      store(m + i, first, left);
    }
    if (has_second(KIND)) {
      store(v + i, second, left);
    }
  }
}

INLINE bool is_zero(const float *x, int64_t n) {
  Ints bits{};
  for (int64_t i = 0; i < n; i += LANES) {
    bits |= (Ints)load(x + i, n - i);
  }
  return sum((Floats)(bits & 0x7FFFFFFF)) == 0.0f;
}

// Steps without a gradient, number by number. A row that never had a gradient has moments of zero and decays alone.
template <int KIND>
void deferred_steps(float *p, float *m, float *v, int64_t n, const StepConstants *steps, int64_t n_steps) {
  const bool decays_alone = KIND == BERT_KERNELS_ADAMW && is_zero(m, n) && is_zero(v, n);
  for (int64_t i = 0; i < n; i += LANES) {
    const int64_t left = n - i;
    Floats param = load(p + i, left);
    Floats first = has_first(KIND) ? load(m + i, left) : Floats{}, second = has_second(KIND) ? load(v + i, left) : Floats{};
    for (int64_t i_step = 0; i_step < n_steps; ++i_step) {
      if (decays_alone) {
        param *= steps[i_step].decay;
      } else {
        step<KIND>(param, Floats{}, first, second, steps[i_step]);
      }
    }
    store(p + i, param, left);
    if (has_first(KIND)) {
      store(m + i, first, left);
    }
    if (has_second(KIND)) {
      store(v + i, second, left);
    }
  }
}

// Calls `task` with the kind as a constant.
template <typename Task> void with_kind(int32_t kind, const Task &task) {
  switch (UpdateKind(kind)) {
  case BERT_KERNELS_ADAMW:
    return task(std::integral_constant<int, BERT_KERNELS_ADAMW>());
  case BERT_KERNELS_ADAM:
    return task(std::integral_constant<int, BERT_KERNELS_ADAM>());
  case BERT_KERNELS_SGD:
    return task(std::integral_constant<int, BERT_KERNELS_SGD>());
  case BERT_KERNELS_SGD_MOMENTUM:
    return task(std::integral_constant<int, BERT_KERNELS_SGD_MOMENTUM>());
  }
  throw std::invalid_argument("the update rule " + std::to_string(kind) + " is not known to this kernel");
}

double sum_squares(const float *g, int64_t n) {
  Doubles total{};
  for (int64_t i = 0; i < n; i += LANES) {
    total += squares(load(g + i, n - i));
  }
  return sum(total);
}

} // namespace

void optimizer_step(const bert_kernels_rule &rule, const bert_kernels_run &run) {
  const bert_kernels_past_step step{run.learning_rate, rule.bias_correction1, rule.bias_correction2_sqrt};
  const StepConstants c = constants(rule, step, run.weight_decay);
  with_kind(rule.kind, [&](auto kind) { update<kind>(run.param, run.grad, run.first, run.second, run.n, c); });
}

std::vector<StepConstants> step_constants(const bert_kernels_rule &rule, const bert_kernels_past_step *steps, int64_t n_steps,
                                          float weight_decay) {
  std::vector<StepConstants> all;
  for (int64_t step = 0; step < n_steps; ++step) {
    all.push_back(constants(rule, steps[step], weight_decay));
  }
  return all;
}

void optimizer_deferred_steps(int32_t kind, const bert_kernels_run &row, const StepConstants *steps, int64_t n_steps) {
  with_kind(kind, [&](auto constant) { deferred_steps<constant>(row.param, row.first, row.second, row.n, steps, n_steps); });
}

double sum_of_squares(const float *x, int64_t n) { return sum_squares(x, n); }
