#include "cpu/bert/abi.h"

extern const CpuKernels cpu_kernels;

#define VALUE(name) name,
const CpuKernels cpu_kernels = {FOR_LEVEL_FUNCTIONS(VALUE)};
#undef VALUE
