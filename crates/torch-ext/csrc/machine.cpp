// What the processor has, how threads wait, and the last error of a thread.

#include "internal.h"

#include <cstdlib>

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

// OpenMP's threads spin while they wait for each other. On a machine that does anything else besides, a spinning thread
// takes the core from the one it waits for, and a step takes several times as long. The runtime reads its environment
// when it is loaded, which is before main and before every constructor: only this array of the program comes earlier.
#if defined(__linux__)
namespace {
void let_threads_sleep(int, char **, char **) { setenv("OMP_WAIT_POLICY", "passive", 0); }
__attribute__((section(".preinit_array"), used)) void (*const before_libraries)(int, char **, char **) = let_threads_sleep;
} // namespace
#endif
