// The functions of the C ABI that are compiled for each level of the instruction set.
#pragma once

#include "bert_kernels.h"

struct CpuKernels {
  decltype(&bert_kernels_encoder_runs) encoder_runs;
  decltype(&bert_kernels_encoder_new) encoder_new;
  decltype(&bert_kernels_encoder_free) encoder_free;
  decltype(&bert_kernels_encoder_memory) encoder_memory;
  decltype(&bert_kernels_encoder_read_weights) encoder_read_weights;
  decltype(&bert_kernels_encoder_forward) encoder_forward;
  decltype(&bert_kernels_encoder_backward) encoder_backward;
  decltype(&bert_kernels_update) update;
  decltype(&bert_kernels_apply_deferred) apply_deferred;
  decltype(&bert_kernels_sum_of_squares) sum_of_squares;
};
