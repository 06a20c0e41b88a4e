#include "cpu/cpu_kernels.h"

#include "cpu/bert/abi.h"

extern const CpuKernels cpu_kernels;

const CpuKernels cpu_kernels = {encoder_runs,    encoder_new,      encoder_free, encoder_memory, encoder_read_weights,
                                encoder_forward, encoder_backward, update,       apply_deferred, sum_of_squares};
