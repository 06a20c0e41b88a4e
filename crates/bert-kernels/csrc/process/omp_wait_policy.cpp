// OMP_WAIT_POLICY: re-executes the program before main, once, with OpenMP's threads told to spin briefly and then to sleep.
//
// Threads of OpenMP spin while they wait for each other. On a machine that does anything else besides, a spinning thread
// takes the core from the one it waits for, and a step takes several times as long; a thread that sleeps at once wakes late
// in each of the hundred parallel loops of a step. So they spin for a moment, then sleep. The runtime reads its environment
// when it is loaded, before main and before every constructor but those of .preinit_array, and the C library restores the
// environment that the kernel gave in between: so the program executes itself once more, under the same process id, with
// the variables set. That costs some milliseconds. Where it cannot be done, or one of them is set, nothing is done.

#include "process/omp_wait_policy.h"

#if defined(__linux__)
#include <alloca.h>
#include <cstring>
#include <unistd.h>

namespace {

constexpr char WAIT_POLICY[] = "OMP_WAIT_POLICY=", SPIN_COUNT[] = "GOMP_SPINCOUNT=";
char let_threads_sleep[] = "OMP_WAIT_POLICY=passive", after_a_moment[] = "GOMP_SPINCOUNT=100000";

template <size_t N> bool is_set(const char *entry, const char (&name)[N]) { return std::strncmp(entry, name, N - 1) == 0; }

void execute_again_with_wait_policy(int, char **argv, char **envp) {
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
                                                                              char **) = execute_again_with_wait_policy;
} // namespace
#endif

const int omp_wait_policy_is_linked = 1;
