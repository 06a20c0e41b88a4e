// What happens to a block of a product while it is in the cache: bias, activation, and on the way back the activation's
// slope, with the operands of the products that follow.
#pragma once

#include "activation.h"
#include "matrix.h"

// to (n_rows of `stride`) = block + bias.
template <typename T>
void add_bias(const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *to, int64_t stride);

// to (n_rows of `stride`) = block.
template <typename T> void narrow(const float *block, int64_t n_rows, int64_t n_columns, T *to, int64_t stride);

// inner (n_rows, n_columns) = block + bias; activated (n_rows of `stride`) = f(inner).
template <typename T>
void add_bias_and_activate(Activation kind, const float *block, int64_t n_rows, int64_t n_columns, const float *bias, T *inner,
                           T *activated, int64_t stride);

// Where the gradient of an inner block goes.
template <typename T> struct InnerGradient {
  T *rows;       // (n_rows of `stride`)
  int64_t stride;
  T *transposed; // (n_columns of `transposed_stride`)
  int64_t transposed_stride;
  T *activated; // the panel of the activations: the right operand of the outer layer's gradient
  float *sums;  // (n_columns), over the rows
};

// From the gradient of the activations to that of `inner` (n_rows, n_columns).
template <typename T>
void activate_backward(Activation kind, const float *block, int64_t n_rows, int64_t n_columns, const T *inner,
                       const InnerGradient<T> &to);
