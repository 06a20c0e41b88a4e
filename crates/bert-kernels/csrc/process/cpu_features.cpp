// CPU features that decide on kernels (AVX512_BF16, AMX_BF16), and what libtorch says of itself.

#include "bert_kernels.h"

#include <ATen/Version.h>
#include <torch/version.h>

#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

const char *bert_kernels_libtorch(void) {
  static const std::string text = TORCH_VERSION ", " + at::get_cpu_capability();
  return text.c_str();
}

uint32_t bert_kernels_cpu_features(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && __builtin_cpu_supports("avx512f")) {
    features |= (eax >> 5) & 1;
  }
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
    features |= ((edx >> 22) & 1) << 1;
  }
#endif
  return features;
}
