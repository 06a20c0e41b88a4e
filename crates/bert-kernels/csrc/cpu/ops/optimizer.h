// Optimizer updates: AdamW, Adam, SGD and SGD with momentum, each in one pass over memory.
//
// With the scaled gradient g, learning rate a, weight decay d, and bias corrections c1 = 1 - beta1^t, c2 = sqrt(1 - beta2^t):
//
//   AdamW:         m += (1 - beta1) (g - m),  v = beta2 v + (1 - beta2) g^2,  p = (1 - a d) p - a / c1 m / (sqrt(v) / c2 + eps)
//   Adam:          the same with g + d p for g, and p for (1 - a d) p
//   SGD:           p -= a (g + d p)
//   SGD, momentum: m = beta1 m + g + d p,  p -= a m
//
// Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), as PyTorch's AdamW, Adam and SGD write them. This
// file is compiled without contraction of products and sums, so that a deferred step has the bits of one taken in its time.
#pragma once

#include "bert_kernels.h"

#include <cstdint>
#include <vector>

// The rules, as `UpdateRule::kind` in Rust numbers them.
enum UpdateKind : int32_t { BERT_KERNELS_ADAMW = 0, BERT_KERNELS_ADAM = 1, BERT_KERNELS_SGD = 2, BERT_KERNELS_SGD_MOMENTUM = 3 };

// One step of the numbers of a run.
void optimizer_step(const bert_kernels_rule &rule, const bert_kernels_run &run);

// A rule with what a step and a run bring to it.
struct StepConstants {
  float beta1, beta2, one_minus_beta1, one_minus_beta2, eps, grad_scale;
  float learning_rate, weight_decay, decay, rate, inverse_root;
};

std::vector<StepConstants> step_constants(const bert_kernels_rule &rule, const bert_kernels_past_step *steps, int64_t n_steps,
                                          float weight_decay);

// Steps of the numbers of a row that had no gradient in any of them, one after the other in registers.
void optimizer_deferred_steps(int32_t kind, const bert_kernels_run &row, const StepConstants *steps, int64_t n_steps);

// The sum of the squares of x, in double precision.
double sum_of_squares(const float *x, int64_t n);
