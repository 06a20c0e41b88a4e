// OMP_WAIT_POLICY: before main, OpenMP's threads are told to spin briefly and then to sleep.
//
// The kernels' loops have threads of their own (cpu/base/thread_pool.h); libtorch's operators, which compute beside LoRA and on
// processors that the kernels do not run on, have OpenMP's. These spin while they wait for each other. On a machine that does
// anything else besides, a spinning thread takes the core from the one it waits for, and a step takes several times as long; a
// thread that sleeps at once wakes late in each of the hundred parallel loops of a step. So they spin for a moment, then sleep.
// The runtime reads its environment when it is loaded, which is with libtorch, while the program runs: setting the variables
// before main, where there is one thread, is early enough. Where one of them is set, nothing is done.

#include <cstdlib>

__attribute__((constructor)) static void set_omp_wait_policy() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    setenv("GOMP_SPINCOUNT", "100000", 1);
  }
}
