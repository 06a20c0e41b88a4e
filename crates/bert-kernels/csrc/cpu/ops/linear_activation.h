// Linear layers around GELU, its tanh approximation or ReLU, fused with them block by block: the intermediate layer of BERT.
//
//   h = x W^T + b, y = f(h):  dh = dy f'(h)
//
// x (n, n_in), h and y (n, n_out). f works on a block of a product while it is in the first cache.
#pragma once

#include "cpu/ops/activation.h"
#include "cpu/ops/linear.h"

// h = x W^T + b, y = f(h). weight: the panels of W^T; h: in panels that interleave nothing, as the backward pass reads blocks.
template <typename T>
void linear_activation_forward(Matrix<const T> x, Panels<const T> weight, const float *bias, Activation f, Panels<T> h,
                               Matrix<T> y);

// What follows from the gradient of h.
template <typename T> struct ActivationGradient {
  Matrix<T> dh;            // (n, n_out)
  Matrix<T> dh_transposed; // (n_out, n)
  Matrix<float> dh_sums;   // over the rows of each block: (n / BLOCK_ROWS, n_out)
  Panels<T> y;             // y again, as the right operand of the gradient of the next layer's weight
};

// z = y V^T: dy = dz V, y = f(h): dh = dy f'(h). weight: the panels of V, the next linear layer.
template <typename T>
void linear_activation_backward(Matrix<const T> dz, Panels<const T> weight, Activation f, Panels<const T> h,
                                ActivationGradient<T> out);
