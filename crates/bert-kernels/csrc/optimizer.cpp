// The optimizer's memory traffic in one pass: parameter, moments and gradient are each touched once.
//
// Formulas: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), as PyTorch's AdamW, Adam and SGD write
// them. Only AdamW decays apart from the gradient.

#include "encoder.h"
#include "internal.h"

#include <cmath>
#include <numeric>

namespace {

// Work is cut into pieces of this many numbers, whatever the number of threads.
constexpr int64_t PIECE = 1 << 15;

// A rule with what a step and a run bring to it.
struct Constants {
  float beta1, beta2, of_first, of_second, eps, grad_scale;
  float learning_rate, weight_decay, decay, rate, inverse_root;
};

Constants constants(const bert_kernels_rule &rule, const bert_kernels_past_step &step, float weight_decay) {
  Constants c{rule.beta1, rule.beta2, rule.one_minus_beta1, rule.one_minus_beta2, rule.eps, rule.grad_scale};
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
template <int KIND> INLINE void move(Floats &p, Floats grad, Floats &m, Floats &v, const Constants &c) {
  if (KIND != BERT_KERNELS_ADAMW) {
    grad += c.weight_decay * p;
  }
  if (KIND == BERT_KERNELS_SGD) {
    p -= c.learning_rate * grad;
  } else if (KIND == BERT_KERNELS_SGD_MOMENTUM) {
    m = m * c.beta1 + grad;
    p -= c.learning_rate * m;
  } else {
    m += (grad - m) * c.of_first;
    v = v * c.beta2 + grad * grad * c.of_second;
    p = (KIND == BERT_KERNELS_ADAMW ? p * c.decay : p) - c.rate * m / (root(v) * c.inverse_root + c.eps);
  }
}

constexpr bool has_first(int kind) { return kind != BERT_KERNELS_SGD; }
constexpr bool has_second(int kind) { return kind == BERT_KERNELS_ADAMW || kind == BERT_KERNELS_ADAM; }

template <int KIND>
VECTORISED void update(float *p, const float *g, float *m, float *v, int64_t n, const Constants &c) {
  for (int64_t i = 0; i < n; i += LANES) {
    const int64_t left = n - i;
    Floats param = load(p + i, left), grad = g == nullptr ? Floats{} : load(g + i, left) * c.grad_scale;
    Floats first = has_first(KIND) ? load(m + i, left) : Floats{}, second = has_second(KIND) ? load(v + i, left) : Floats{};
    move<KIND>(param, grad, first, second, c);
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

// The steps that a row has missed, number by number. A row that never had a gradient has moments of zero and decays alone.
template <int KIND>
VECTORISED void catch_up(float *p, float *m, float *v, int64_t n, const Constants *steps, int64_t n_steps) {
  const bool decays_alone = KIND == BERT_KERNELS_ADAMW && is_zero(m, n) && is_zero(v, n);
  for (int64_t i = 0; i < n; i += LANES) {
    const int64_t left = n - i;
    Floats param = load(p + i, left);
    Floats first = has_first(KIND) ? load(m + i, left) : Floats{}, second = has_second(KIND) ? load(v + i, left) : Floats{};
    for (int64_t step = 0; step < n_steps; ++step) {
      if (decays_alone) {
        param *= steps[step].decay;
      } else {
        move<KIND>(param, Floats{}, first, second, steps[step]);
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
  switch (kind) {
  case BERT_KERNELS_ADAM:
    return task(std::integral_constant<int, BERT_KERNELS_ADAM>());
  case BERT_KERNELS_SGD:
    return task(std::integral_constant<int, BERT_KERNELS_SGD>());
  case BERT_KERNELS_SGD_MOMENTUM:
    return task(std::integral_constant<int, BERT_KERNELS_SGD_MOMENTUM>());
  default:
    return task(std::integral_constant<int, BERT_KERNELS_ADAMW>());
  }
}

// A part of a buffer that may be absent.
template <typename T> T *part(T *buffer, int64_t at) { return buffer == nullptr ? nullptr : buffer + at; }

// A stretch of a run; with a copy, the rows of a matrix.
struct Piece {
  int64_t run, begin, end;
  const Copy *copy;
  int64_t first_row, end_row;
};

void add_stretches(int64_t run, int64_t n, std::vector<Piece> &pieces) {
  for (int64_t begin = 0; begin < n; begin += PIECE) {
    pieces.push_back({run, begin, std::min(begin + PIECE, n), nullptr, 0, 0});
  }
}

void add_rows(int64_t run, const float *begin, const Copy &copy, std::vector<Piece> &pieces) {
  const int64_t offset = copy.weight - begin, n_rows = rows_of_a_piece(copy.n_in);
  for (int64_t row = 0; row < copy.n_out; row += n_rows) {
    const int64_t end = std::min(row + n_rows, copy.n_out);
    pieces.push_back({run, offset + row * copy.n_in, offset + end * copy.n_in, &copy, row, end});
  }
}

VECTORISED double sum_of_squares(const float *g, int64_t n) {
  Doubles total{};
  for (int64_t i = 0; i < n; i += LANES) {
    total += squares(load(g + i, n - i));
  }
  return sum(total);
}

} // namespace

void bert_kernels_update(const bert_kernels_run *runs, int64_t n_runs, const bert_kernels_rule *rule,
                      bert_kernels_encoder *encoder) noexcept {
  std::vector<std::vector<Copy>> copies(n_runs);
  std::vector<Piece> pieces;
  for (int64_t run = 0; run < n_runs; ++run) {
    if (encoder != nullptr) {
      copies[run] = encoder->copies_of(runs[run].param);
    }
    for (const Copy &copy : copies[run]) {
      add_rows(run, runs[run].param, copy, pieces);
    }
    if (copies[run].empty()) {
      add_stretches(run, runs[run].n, pieces);
    }
  }
  with_kind(rule->kind, [&](auto kind) {
    share_out(int64_t(pieces.size()), [&](Items &items) {
      for (int64_t i; items.take(i);) {
        const Piece &piece = pieces[i];
        const bert_kernels_run &run = runs[piece.run];
        const bert_kernels_past_step step{run.learning_rate, rule->bias_correction1, rule->bias_correction2_sqrt};
        const Constants c = constants(*rule, step, run.weight_decay);
        update<kind>(run.param + piece.begin, part(run.grad, piece.begin), part(run.first, piece.begin),
                     part(run.second, piece.begin), piece.end - piece.begin, c);
        if (piece.copy != nullptr) {
          encoder->pack_again(*piece.copy, piece.first_row, piece.end_row);
        }
      }
    });
  });
}

void bert_kernels_catch_up(const bert_kernels_run *table, int64_t width, const int64_t *rows, int64_t n_rows, uint32_t *done,
                        const bert_kernels_past_step *past, int64_t n_past,
                        const bert_kernels_rule *rule) noexcept {
  std::vector<Constants> steps;
  for (int64_t step = 0; step < n_past; ++step) {
    steps.push_back(constants(*rule, past[step], table->weight_decay));
  }
  with_kind(rule->kind, [&](auto kind) {
    share_out(n_rows, [&](Items &items) {
      for (int64_t i; items.take(i);) {
        const int64_t row = rows[i], at = row * width, missed = n_past - done[row];
        catch_up<kind>(table->param + at, part(table->first, at), part(table->second, at), width,
                       steps.data() + done[row], missed);
        done[row] = uint32_t(n_past);
      }
    });
  });
}

double bert_kernels_sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                                const bert_kernels_encoder *encoder) noexcept {
  double known = 0;
  std::vector<Piece> pieces;
  for (int64_t run = 0; run < n_runs; ++run) {
    const double of_run = encoder == nullptr ? NAN : encoder->sum_of_squares(grads[run], sizes[run]);
    if (std::isnan(of_run)) {
      add_stretches(run, sizes[run], pieces);
    } else {
      known += of_run;
    }
  }
  std::vector<double> sums(pieces.size());
  share_out(int64_t(pieces.size()), [&](Items &items) {
    for (int64_t i; items.take(i);) {
      sums[i] = sum_of_squares(grads[pieces[i].run] + pieces[i].begin, pieces[i].end - pieces[i].begin);
    }
  });
  return std::accumulate(sums.begin(), sums.end(), known);
}
