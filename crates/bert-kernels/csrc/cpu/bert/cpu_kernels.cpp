#include "cpu/bert/abi.h"
#include "cpu/ops/small_product.h"

void multiply_small(const bert_kernels_product &it) noexcept {
  small_product({it.a, it.a_row, it.a_column}, {it.b, it.k, it.n}, {it.c, it.m, it.n});
}

extern const CpuKernels cpu_kernels;

#define VALUE(name) name,
const CpuKernels cpu_kernels = {FOR_LEVEL_FUNCTIONS(VALUE)};
#undef VALUE
