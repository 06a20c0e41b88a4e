// Softmax with dropout, forward and backward, over the rows of a tile of attention's scores. Rows are worked on in turn: what
// one of them waits for is the others' work.
#pragma once

#include "cpu/base/exponential.h"
#include "cpu/base/matrix.h"

// Scores of n queries and `length` keys; rows are `width` numbers apart, whole vectors.
struct TileShape {
  int64_t n, length, width;
};

// Rows of a tile that are worked on in turn, from one of n on: where fewer are left, the last one several times.
struct RowsInTurn {
  int64_t begin, n;

  INLINE_MEMBER int64_t operator[](int64_t i) const { return std::min(begin + i, n - 1); }
};

// A vector of each row of a tile (n, width), from a column on.
INLINE VectorsInTurn<float> load_rows(const float *tile, int64_t width, RowsInTurn rows, int64_t column) {
  return in_turn([=](int64_t i) INLINE_LAMBDA { return load(tile + rows[i] * width + column); });
}

INLINE void store_rows(float *tile, int64_t width, RowsInTurn rows, int64_t column, const VectorsInTurn<float> &x) {
  FOR_EACH(i, IN_TURN) { store(tile + rows[i] * width + column, one_of(x, i)); }
}

// A number of each row in all lanes.
INLINE VectorsInTurn<float> spread(Matrix<const float> stats, int64_t column, RowsInTurn rows) {
  return in_turn([=](int64_t i) INLINE_LAMBDA { return all(stats.at(rows[i], column)[0]); });
}

// The first n lanes of each.
INLINE VectorsInTurn<int32_t> lanes_below_in_turn(int64_t n) {
  const Ints lanes = lanes_below(n);
  return in_turn([=](int64_t) INLINE_LAMBDA { return lanes; });
}

// What dropout multiplies probabilities with: rows of `length` bytes of a mask, and what is kept grows by `scale`.
struct TileMask {
  const uint8_t *keep;
  int64_t length;
  float scale;

  INLINE_MEMBER VectorsInTurn<float> drop(const VectorsInTurn<float> &x, RowsInTurn rows, int64_t column) const {
    if (keep == nullptr) {
      return x;
    }
    const TileMask mask = *this;
    return x * in_turn([=](int64_t i) INLINE_LAMBDA {
      return load_mask(mask.keep + rows[i] * mask.length + column) * mask.scale;
    });
  }
};

// e^(scores - maximum), zero behind the last key.
INLINE VectorsInTurn<float> powers(const VectorsInTurn<float> &scores, const VectorsInTurn<float> &maximum, int64_t n_keys) {
  return select(lanes_below_in_turn(n_keys), exponential(scores - maximum), VectorsInTurn<float>{});
}

// D = dropout(P), P = softmax(scores), in place; stats: of each row the maximum, and one divided by the sum.
INLINE void softmax_forward(TileShape shape, const TileMask &mask, float *tile, Matrix<float> stats) {
  const auto [n, length, width] = shape;
  for (RowsInTurn rows{0, n}; rows.begin < n; rows.begin += IN_TURN) {
    auto most = all<IN_TURN * PARTS>(-INFINITY);
    for (int64_t i = 0; i < length; i += LANES) {
      most = larger(most, select(lanes_below_in_turn(length - i), load_rows(tile, width, rows, i), most));
    }
    FOR_EACH(i, IN_TURN) { stats.at(rows[i], 0)[0] = maximum(one_of(most, i)); }
    const auto maximum = spread(stats, 0, rows);
    VectorsInTurn<float> total{};
    for (int64_t i = 0; i < length; i += LANES) {
      const auto power = powers(load_rows(tile, width, rows, i), maximum, length - i);
      store_rows(tile, width, rows, i, power);
      total += power;
    }
    FOR_EACH(i, IN_TURN) { stats.at(rows[i], 1)[0] = 1.0f / sum(one_of(total, i)); }
    const auto factor = spread(stats, 1, rows);
    for (int64_t i = 0; i < length; i += LANES) {
      store_rows(tile, width, rows, i, mask.drop(load_rows(tile, width, rows, i) * factor, rows, i));
    }
  }
}

// P and D, computed again from the scores, which P replaces.
INLINE void softmax_again(TileShape shape, const TileMask &mask, Matrix<const float> stats, float *tile, float *dropped) {
  const auto [n, length, width] = shape;
  for (RowsInTurn rows{0, n}; rows.begin < n; rows.begin += IN_TURN) {
    const auto maximum = spread(stats, 0, rows), factor = spread(stats, 1, rows);
    for (int64_t i = 0; i < length; i += LANES) {
      const auto probabilities = powers(load_rows(tile, width, rows, i), maximum, length - i) * factor;
      store_rows(tile, width, rows, i, probabilities);
      store_rows(dropped, width, rows, i, mask.drop(probabilities, rows, i));
    }
  }
}

// dS = P (dP - sum of P dP), dP = dropout(dD): dS replaces dD.
INLINE void softmax_backward(TileShape shape, const TileMask &mask, const float *probabilities, float *gradient) {
  const auto [n, length, width] = shape;
  for (RowsInTurn rows{0, n}; rows.begin < n; rows.begin += IN_TURN) {
    VectorsInTurn<float> total{};
    for (int64_t i = 0; i < length; i += LANES) {
      const auto dp = mask.drop(load_rows(gradient, width, rows, i), rows, i);
      store_rows(gradient, width, rows, i, dp);
      total += load_rows(probabilities, width, rows, i) * dp;
    }
    const auto mean = in_turn([&](int64_t i) INLINE_LAMBDA { return all(sum(one_of(total, i))); });
    for (int64_t i = 0; i < length; i += LANES) {
      const auto p = load_rows(probabilities, width, rows, i), dp = load_rows(gradient, width, rows, i);
      store_rows(gradient, width, rows, i, p * (dp - mean));
    }
  }
}
