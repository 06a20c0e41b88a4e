// Quantization to 8 bits, of weights once and of activations as they come: x ≈ scale (q - zero_point).
//
// Weights are symmetric (zero_point 0, -127 to 127) with a scale for each output. Activations are asymmetric (0 to 255) with a scale
// and a zero point for each row, which is a token: no row depends on others of its batch.
#pragma once

#include "cpu/base/matrix.h"

// The right operand of a product of bytes interleaves so many rows, as the dot-product instructions want them.
constexpr int64_t INTERLEAVED_BYTES = 4;

// Rows (n, width) in 8 bits; the columns behind `width`, up to a multiple of INTERLEAVED_BYTES, are any.
struct QuantizedRows {
  Matrix<uint8_t> values;
  float *scales;
  int32_t *zero_points;

  QuantizedRows rows_from(int64_t begin, int64_t n) const {
    return {values.rows_from(begin, n), scales + begin, zero_points + begin};
  }
};

// A weight (n_out, n_in): the panels of W^T (n_in rounded up, n_out) with zeros behind n_in, the scale of each output, and the sum of
// its numbers, which is what a zero point of the activations adds to a product.
struct QuantizedWeight {
  Panels<int8_t> panels;
  float *scales;
  int32_t *sums;
};

void quantize_weight(Matrix<const float> weight, QuantizedWeight to);

// Finite numbers in, numbers within half a scale out; a row with another number gets a scale that is not a number.
void quantize_rows(Matrix<const float> x, QuantizedRows to);
