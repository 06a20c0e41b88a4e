#include "cpu/ops/quantize.h"

#include "cpu/base/parallel.h"
#include "cpu/base/simd.h"
#include "cpu/ops/row_sums.h"

#include <cmath>

namespace {

constexpr float MOST_OF_WEIGHT = 127.0f, MOST_OF_ACTIVATION = 255.0f;

// Behind the last input there are zeros.
void quantize_output(Matrix<const float> weight, int64_t output, QuantizedWeight to) {
  const float *row = weight.row(output);
  float most = 0.0f;
  for (int64_t i = 0; i < weight.cols; ++i) {
    most = std::max(most, std::abs(row[i]));
  }
  const float inverse = most > 0.0f ? MOST_OF_WEIGHT / most : 0.0f;
  const int64_t col = output / PANEL * PANEL, width = to.panels.width(col);
  int8_t *panel = to.panels.panel(col) + (output - col) * INTERLEAVED_BYTES;
  int32_t sum = 0;
  for (int64_t i = 0; i < to.panels.rows; ++i) {
    const int32_t value = i < weight.cols ? int32_t(std::nearbyint(row[i] * inverse)) : 0;
    panel[i / INTERLEAVED_BYTES * width * INTERLEAVED_BYTES + i % INTERLEAVED_BYTES] = int8_t(value);
    sum += value;
  }
  to.scales[output] = most / MOST_OF_WEIGHT;
  to.sums[output] = sum;
}

struct Range {
  float lowest, highest;
};

// Of a row and zero, which padding and dropped numbers are. Not a number where one of the row is none, or is infinite.
INLINE Range range_of(const float *row, int64_t width) {
  Floats lowest{}, highest{}, not_finite{};
  for (int64_t i = 0; i < width; i += LANES) {
    const Floats x = load(row + i, width - i);
    lowest = smaller(x, lowest);
    highest = larger(x, highest);
    not_finite += x * 0.0f;
  }
  const float nothing = sum(not_finite);
  return {-maximum(-1.0f * lowest) + nothing, maximum(highest) + nothing};
}

INLINE void quantize_row(const float *row, int64_t width, uint8_t *to, float &scale, int32_t &zero_point) {
  const Range range = range_of(row, width);
  const float difference = range.highest - range.lowest;
  scale = difference / MOST_OF_ACTIVATION;
  const float inverse = difference > 0.0f ? MOST_OF_ACTIVATION / difference : 0.0f;
  const float zero = std::nearbyint(difference > 0.0f ? -range.lowest * inverse : 0.0f);
  zero_point = int32_t(zero);
  const float rounding = zero + 0.5f; // what is converted is positive, and cut
  for (int64_t i = 0; i < width; i += LANES) {
    const Floats shifted = load(row + i, width - i) * inverse + rounding;
    const Floats within = larger(smaller(shifted, all(MOST_OF_ACTIVATION)), Floats{});
    store_bytes(to + i, converted<int32_t>(within), width - i);
  }
}

} // namespace

void quantize_weight(Matrix<const float> weight, QuantizedWeight to) {
  parallel_for(weight.rows, [&](WorkQueue &queue) {
    for (int64_t output; queue.next(output);) {
      quantize_output(weight, output, to);
    }
  });
}

void quantize_rows(Matrix<const float> x, QuantizedRows to) {
  parallel_for(ceil_div(x.rows, CHUNK), [&](WorkQueue &queue) {
    for (int64_t chunk; queue.next(chunk);) {
      for (int64_t row = chunk * CHUNK; row < std::min((chunk + 1) * CHUNK, x.rows); ++row) {
        quantize_row(x.row(row), x.cols, to.values.row(row), to.scales[row], to.zero_points[row]);
      }
    }
  });
}
