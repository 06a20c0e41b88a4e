// What the processor has, how threads wait, and the last error of a thread.

#include "internal.h"

#include <ATen/Version.h>
#include <torch/version.h>

#include <cstring>

#if defined(__linux__)
#include <alloca.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace {
thread_local std::string last_error;
}

void set_last_error(const char *message) { last_error = message; }

const char *bert_kernels_libtorch(void) {
  static const std::string text = TORCH_VERSION ", " + at::get_cpu_capability();
  return text.c_str();
}

const char *bert_kernels_last_error(void) { return last_error.c_str(); }

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

// OpenMP's threads spin while they wait for each other. On a machine that does anything else besides, a spinning thread
// takes the core from the one it waits for, and a step takes several times as long; a thread that sleeps at once wakes late
// in each of the hundred parallel loops of a step. So they spin for a moment, then sleep. The runtime reads its environment
// when it is loaded, before main and before every constructor but those of this array, and the C library restores the
// environment that the kernel gave in between: so the program starts itself once more, under the same process id, with
// the variables set. That costs some milliseconds. Where it cannot be done, or one of them is there, nothing is done.
#if defined(__linux__)
namespace {

constexpr char WAIT_POLICY[] = "OMP_WAIT_POLICY=", SPIN_COUNT[] = "GOMP_SPINCOUNT=";
char let_threads_sleep[] = "OMP_WAIT_POLICY=passive", after_a_moment[] = "GOMP_SPINCOUNT=100000";

template <size_t N> bool is_set(const char *entry, const char (&name)[N]) { return std::strncmp(entry, name, N - 1) == 0; }

void start_with_sleeping_threads(int, char **argv, char **envp) {
  size_t n = 0;
  for (; envp[n] != nullptr; ++n) {
    if (is_set(envp[n], WAIT_POLICY) || is_set(envp[n], SPIN_COUNT)) {
      return;
    }
  }
  // No constructor has run: memory comes from the stack.
  auto **extended = static_cast<char **>(alloca((n + 3) * sizeof(char *)));
  std::memcpy(extended, envp, n * sizeof(char *));
  extended[n] = let_threads_sleep;
  extended[n + 1] = after_a_moment;
  extended[n + 2] = nullptr;
  char path[4096]; // by its own path, since the kernel names the process after what it is given
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (length > 0) {
    path[length] = '\0';
    execve(path, argv, extended);
  }
}

__attribute__((section(".preinit_array"), used)) void (*const before_libraries)(int, char **,
                                                                              char **) = start_with_sleeping_threads;
} // namespace
#endif
