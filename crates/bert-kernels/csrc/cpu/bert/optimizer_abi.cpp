// The C ABI of the optimizer: all parameters of a model in one parallel loop, with the encoder's packed copies kept up to date.

#include "cpu/base/parallel.h"
#include "cpu/bert/abi.h"
#include "cpu/bert/encoder.h"
#include "cpu/ops/optimizer.h"

#include <cmath>
#include <numeric>

namespace {

// Numbers of a piece of a run, whatever the number of threads: with a gradient and two moments 512 KiB, in the second cache.
constexpr int64_t PIECE = 1 << 15;

// Numbers `begin..end` of a run; with a copy, they are rows `first_row..end_row` of a matrix that is packed again.
struct Piece {
  int64_t run, begin, end;
  const WeightCopy *copy;
  int64_t first_row, end_row;
};

void add_pieces(int64_t run, int64_t n, std::vector<Piece> &pieces) {
  for (int64_t begin = 0; begin < n; begin += PIECE) {
    pieces.push_back({run, begin, std::min(begin + PIECE, n), nullptr, 0, 0});
  }
}

void add_pieces_of_rows(int64_t run, const float *begin, const WeightCopy &copy, std::vector<Piece> &pieces) {
  const int64_t n_out = copy.weight.rows, n_in = copy.weight.cols;
  const int64_t offset = copy.weight.data - begin, n_rows = rows_per_piece(n_in);
  for (int64_t row = 0; row < n_out; row += n_rows) {
    const int64_t end = std::min(row + n_rows, n_out);
    pieces.push_back({run, offset + row * n_in, offset + end * n_in, &copy, row, end});
  }
}

// A part of a buffer that may be absent.
template <typename T> T *part(T *buffer, int64_t offset) { return buffer == nullptr ? nullptr : buffer + offset; }

bert_kernels_run part_of(const bert_kernels_run &run, int64_t begin, int64_t n) {
  return {run.param + begin, part(run.grad, begin), part(run.first, begin), part(run.second, begin), n,
          run.learning_rate, run.weight_decay};
}

} // namespace

void update(const bert_kernels_run *runs, int64_t n_runs, const bert_kernels_rule *rule,
            bert_kernels_encoder *of_runs) noexcept {
  const AnyEncoder *encoder = opened(of_runs);
  std::vector<std::vector<WeightCopy>> copies(n_runs);
  std::vector<Piece> pieces;
  for (int64_t run = 0; run < n_runs; ++run) {
    if (encoder != nullptr) {
      copies[run] = encoder->copies_of(runs[run].param);
    }
    for (const WeightCopy &copy : copies[run]) {
      add_pieces_of_rows(run, runs[run].param, copy, pieces);
    }
    if (copies[run].empty()) {
      add_pieces(run, runs[run].n, pieces);
    }
  }
  parallel_for(int64_t(pieces.size()), [&](WorkQueue &queue) {
    for (int64_t i; queue.next(i);) {
      const Piece &piece = pieces[i];
      optimizer_step(*rule, part_of(runs[piece.run], piece.begin, piece.end - piece.begin));
      if (piece.copy != nullptr) {
        encoder->pack_again(*piece.copy, piece.first_row, piece.end_row);
      }
    }
  });
}

void apply_deferred(const bert_kernels_run *table, int64_t width, const bert_kernels_deferred_rows *deferred,
                    const bert_kernels_rule *rule) noexcept {
  const int64_t n_past = deferred->n_past;
  const std::vector<StepConstants> steps = step_constants(*rule, deferred->past, n_past, table->weight_decay);
  parallel_for(deferred->n_rows, [&](WorkQueue &queue) {
    for (int64_t i; queue.next(i);) {
      const int64_t row = deferred->rows[i], n_done = deferred->done[row];
      const bert_kernels_run numbers = part_of(*table, row * width, width);
      optimizer_deferred_steps(rule->kind, numbers, steps.data() + n_done, n_past - n_done);
      deferred->done[row] = uint32_t(n_past);
    }
  });
}

double sum_of_squares(const float *const *grads, const int64_t *sizes, int64_t n_runs,
                      const bert_kernels_encoder *of_grads) noexcept {
  const AnyEncoder *encoder = opened(of_grads);
  double known = 0;
  std::vector<Piece> pieces;
  for (int64_t run = 0; run < n_runs; ++run) {
    const double of_run = encoder == nullptr ? NAN : encoder->sum_of_squares(grads[run], sizes[run]);
    if (std::isnan(of_run)) {
      add_pieces(run, sizes[run], pieces);
    } else {
      known += of_run;
    }
  }
  std::vector<double> sums(pieces.size());
  parallel_for(int64_t(pieces.size()), [&](WorkQueue &queue) {
    for (int64_t i; queue.next(i);) {
      sums[i] = sum_of_squares(grads[pieces[i].run] + pieces[i].begin, pieces[i].end - pieces[i].begin);
    }
  });
  return std::accumulate(sums.begin(), sums.end(), known);
}
