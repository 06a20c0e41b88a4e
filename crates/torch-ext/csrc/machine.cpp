// What the processor has, and the last error of a thread.

#include "internal.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace {
thread_local std::string last_error;
}

void set_last_error(const char *message) { last_error = message; }

const char *torch_ext_last_error(void) { return last_error.c_str(); }

uint32_t torch_ext_cpu_features(void) {
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
