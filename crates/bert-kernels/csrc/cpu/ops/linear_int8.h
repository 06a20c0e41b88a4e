// Linear layers whose products are of bytes, for inference: activations quantized by rows, weights by outputs.
//
//   y[i][j] = x_scale[i] w_scale[j] (q[i] . r[j] - x_zero[i] w_sum[j]) + b[j]
//
// The sums are whole numbers and exact, so that no bit depends on the blocks of a product or on the processor's instructions.
#pragma once

#include "cpu/ops/activation.h"
#include "cpu/ops/quantize.h"

// y (n, n_out) = x W^T + b.
void linear_int8_forward(QuantizedRows x, QuantizedWeight weight, const float *bias, Matrix<float> y);

// y (n, n_out) = f(x W^T + b).
void linear_int8_activation_forward(QuantizedRows x, QuantizedWeight weight, const float *bias, Activation f, Matrix<float> y);
