// Layer normalization (Ba, Kiros and Hinton 2016) of rows, with the residual and the dropout that go with it in BERT.
//
//   LayerNorm(s) = w n + b,  n = (s - mean(s)) r,  r = 1 / sqrt(var(s) + eps)
//   ds = (g - mean(g) - n mean(g n)) r  with g = w dy,  dw = sum of dy n,  db = sum of dy over the rows
//
// Everything is float32; what the next product reads is rounded to its precision T beside.
#pragma once

#include "cpu/ops/dropout_mask.h"
#include "cpu/ops/row_sums.h"

struct LayerNorm {
  const float *weight, *bias; // (width)
  float eps;
};

// What the backward pass reads: n (rows, width), and r of each row.
struct LayerNormActivations {
  Matrix<float> normalized;
  float *factors;
};

// A result (n, width) and the same in the precision of the products; for float32 both may be one.
template <typename T> struct HiddenStates {
  Matrix<float> y;
  Matrix<T> y_bf16;
};

// y = LayerNorm(residual + dropout(x)). mask: of x; null where nothing is dropped.
template <typename T>
void residual_layer_norm_forward(Matrix<const float> x, Matrix<const float> residual, const DropoutMask *mask,
                                 const LayerNorm &norm, LayerNormActivations kept, HiddenStates<T> out);

// y = dropout(LayerNorm(x)). x is in `kept.normalized`, where n replaces it.
template <typename T>
void layer_norm_dropout_forward(const DropoutMask *mask, const LayerNorm &norm, LayerNormActivations kept,
                                HiddenStates<T> out);

// The sums of dw and db over the rows of each chunk: (chunks, width).
struct LayerNormSums {
  Matrix<float> dweight, dbias;
};

// The gradient of the x of `residual_layer_norm_forward`: as the left operand of a product (n, width), its transpose, and its
// sums over the rows of each chunk.
template <typename T> struct DroppedGradient {
  Matrix<T> dx, dx_transposed;
  Matrix<float> sums;
};

// y = LayerNorm(residual + dropout(x)): dresidual = ds, dx = dropout(ds). `dy` becomes dresidual in place.
template <typename T>
void residual_layer_norm_backward(Matrix<float> dy, const DropoutMask *mask, const float *weight, LayerNormActivations kept,
                                  LayerNormSums sums, DroppedGradient<T> out);

// y = dropout(LayerNorm(x)): dx = ds of dropout(dy). `dy` becomes dx in place.
void layer_norm_dropout_backward(Matrix<float> dy, const DropoutMask *mask, const float *weight, LayerNormActivations kept,
                                 LayerNormSums sums);
