// The optimizer's memory traffic in one pass: parameter, both moments and gradient are each touched once.
//
// Formulas: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), as PyTorch's AdamW writes them.

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

VECTORISED void adamw_with_grad(float *__restrict p, const float *__restrict g, float *__restrict m, float *__restrict v,
                                int64_t n, float decay, float rate, const torch_ext_adamw_step &step) {
  const float beta1 = step.beta1, beta2 = step.beta2, eps = step.eps, root = step.bias_correction2_sqrt;
  const float grad_scale = step.grad_scale;
  for (int64_t i = 0; i < n; ++i) {
    const float grad = g[i] * grad_scale;
    m[i] = m[i] + (grad - m[i]) * (1.0f - beta1);
    v[i] = v[i] * beta2 + grad * grad * (1.0f - beta2);
    p[i] = p[i] * decay - rate * m[i] / (std::sqrt(v[i]) / root + eps);
  }
}

VECTORISED void adamw_without_grad(float *__restrict p, float *__restrict m, float *__restrict v, int64_t n, float decay,
                                   float rate, const torch_ext_adamw_step &step) {
  const float beta1 = step.beta1, beta2 = step.beta2, eps = step.eps, root = step.bias_correction2_sqrt;
  for (int64_t i = 0; i < n; ++i) {
    m[i] = m[i] - m[i] * (1.0f - beta1);
    v[i] = v[i] * beta2;
    p[i] = p[i] * decay - rate * m[i] / (std::sqrt(v[i]) / root + eps);
  }
}

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

void torch_ext_adamw(const torch_ext_run *runs, int64_t n_runs, const torch_ext_adamw_step *step) {
  const std::vector<Piece> pieces = cut(n_runs, [&](int64_t run) { return runs[run].n; });
  at::parallel_for(0, int64_t(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Piece piece = pieces[i];
      const torch_ext_run &run = runs[piece.run];
      const float decay = 1.0f - run.learning_rate * run.weight_decay;
      const float rate = run.learning_rate / step->bias_correction1;
      const int64_t at = piece.begin, n = piece.end - piece.begin;
      if (run.grad != nullptr) {
        adamw_with_grad(run.param + at, run.grad + at, run.exp_avg + at, run.exp_avg_sq + at, n, decay, rate, *step);
      } else {
        adamw_without_grad(run.param + at, run.exp_avg + at, run.exp_avg_sq + at, n, decay, rate, *step);
      }
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
