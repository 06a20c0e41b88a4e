// The optimizer's memory traffic in one pass: parameter, moments and gradient are each touched once.
//
// Formulas: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), as PyTorch's AdamW, Adam and SGD write
// them. Only AdamW decays apart from the gradient.

#include "internal.h"

namespace {

// Work is cut into pieces of this many numbers, whatever the number of threads.
constexpr int64_t PIECE = 1 << 15;

struct Piece {
  int64_t run, begin, end;
};

template <typename Size> std::vector<Piece> cut(int64_t n_runs, Size size_of) {
  std::vector<Piece> pieces;
  for (int64_t run = 0; run < n_runs; ++run) {
    for (int64_t begin = 0; begin < size_of(run); begin += PIECE) {
      pieces.push_back({run, begin, std::min(begin + PIECE, size_of(run))});
    }
  }
  return pieces;
}

template <int KIND, bool HAS_GRAD>
VECTORISED void update(float *__restrict p, const float *__restrict g, float *__restrict m, float *__restrict v, int64_t n,
                       float learning_rate, float weight_decay, const torch_ext_rule &rule) {
  const float beta1 = rule.beta1, beta2 = rule.beta2, eps = rule.eps, root = rule.bias_correction2_sqrt;
  const float of_first = rule.one_minus_beta1, of_second = rule.one_minus_beta2;
  const float grad_scale = rule.grad_scale, rate = learning_rate / rule.bias_correction1;
  const float decay = 1.0f - learning_rate * weight_decay;
  for (int64_t i = 0; i < n; ++i) {
    float grad = HAS_GRAD ? g[i] * grad_scale : 0.0f;
    if (KIND != TORCH_EXT_ADAMW) {
      grad += weight_decay * p[i];
    }
    if (KIND == TORCH_EXT_SGD) {
      p[i] -= learning_rate * grad;
    } else if (KIND == TORCH_EXT_SGD_MOMENTUM) {
      m[i] = m[i] * beta1 + grad;
      p[i] -= learning_rate * m[i];
    } else {
      m[i] = m[i] + (grad - m[i]) * of_first;
      v[i] = v[i] * beta2 + grad * grad * of_second;
      p[i] = (KIND == TORCH_EXT_ADAMW ? p[i] * decay : p[i]) - rate * m[i] / (std::sqrt(v[i]) / root + eps);
    }
  }
}

using Update = void (*)(float *, const float *, float *, float *, int64_t, float, float, const torch_ext_rule &);

template <int KIND> Update of_gradient(bool has_grad) { return has_grad ? update<KIND, true> : update<KIND, false>; }

Update choose(int32_t kind, bool has_grad) {
  switch (kind) {
  case TORCH_EXT_ADAM:
    return of_gradient<TORCH_EXT_ADAM>(has_grad);
  case TORCH_EXT_SGD:
    return of_gradient<TORCH_EXT_SGD>(has_grad);
  case TORCH_EXT_SGD_MOMENTUM:
    return of_gradient<TORCH_EXT_SGD_MOMENTUM>(has_grad);
  default:
    return of_gradient<TORCH_EXT_ADAMW>(has_grad);
  }
}

// A part of a buffer that may be absent.
template <typename T> T *part(T *buffer, int64_t at) { return buffer == nullptr ? nullptr : buffer + at; }

VECTORISED double sum_of_squares(const float *g, int64_t n) {
  constexpr int64_t LANES = 32;
  double sums[LANES] = {};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int64_t lane = 0; lane < LANES; ++lane) {
      sums[lane] += double(g[i + lane]) * double(g[i + lane]);
    }
  }
  double total = 0;
  for (; i < n; ++i) {
    total += double(g[i]) * double(g[i]);
  }
  for (double sum : sums) {
    total += sum;
  }
  return total;
}

} // namespace

void torch_ext_update(const torch_ext_run *runs, int64_t n_runs, const torch_ext_rule *rule) {
  const std::vector<Piece> pieces = cut(n_runs, [&](int64_t run) { return runs[run].n; });
  at::parallel_for(0, int64_t(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Piece piece = pieces[i];
      const torch_ext_run &run = runs[piece.run];
      const Update update = choose(rule->kind, run.grad != nullptr);
      update(run.param + piece.begin, part(run.grad, piece.begin), part(run.first, piece.begin),
             part(run.second, piece.begin), piece.end - piece.begin, run.learning_rate, run.weight_decay, *rule);
    }
  });
}

double torch_ext_sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs) {
  const std::vector<Piece> pieces = cut(n_runs, [&](int64_t run) { return sizes[run]; });
  std::vector<double> sums(pieces.size());
  at::parallel_for(0, int64_t(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      sums[i] = sum_of_squares(grads[pieces[i].run] + pieces[i].begin, pieces[i].end - pieces[i].begin);
    }
  });
  double total = 0;
  for (double sum : sums) {
    total += sum;
  }
  return total;
}
