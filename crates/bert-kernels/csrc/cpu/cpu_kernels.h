// The functions of the C ABI that are compiled for each level of the instruction set: `bert_kernels_NAME` is what the ABI calls,
// NAME what a level has for it.
#pragma once

#include "bert_kernels.h"

// C (m, n) = A (m, k) B (k, n), float32. Element (i, j) of A is at i * a_row + j * a_column; B and C lie row by row.
struct bert_kernels_product {
  const float *a;
  int64_t a_row, a_column;
  const float *b;
  float *c;
  int64_t m, n, k;
};

// y = dropout(x), float32 or bfloat16, of n elements from a block of the mask on, which is drawn from counters.
struct bert_kernels_dropped {
  const void *x;
  void *y;
  int32_t is_bf16;
  int64_t first_block, n;
  double p;
  uint64_t key, rng_stream;
};

// For autograd operators; on the calling thread, beside which a pool would be in the way of libtorch's own.
void bert_kernels_multiply_small(const bert_kernels_product &product) noexcept;
void bert_kernels_drop(const bert_kernels_dropped &dropped) noexcept;

#define FOR_LEVEL_FUNCTIONS(f)                                                                                            \
  f(encoder_runs) f(encoder_new) f(encoder_free) f(encoder_memory) f(encoder_read_weights) f(encoder_forward)             \
  f(encoder_backward) f(encoder_gradients_changed) f(int8_encoder_runs) f(int8_encoder_new) f(int8_encoder_free)          \
  f(int8_encoder_forward) f(update) f(apply_deferred) f(sum_of_squares) f(multiply_small) f(drop)

struct CpuKernels {
#define MEMBER(name) decltype(&bert_kernels_##name) name;
  FOR_LEVEL_FUNCTIONS(MEMBER)
#undef MEMBER
};
