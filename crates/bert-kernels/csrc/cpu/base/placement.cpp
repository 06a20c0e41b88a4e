#include "cpu/base/placement.h"

#if defined(__linux__)

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// To a core of `cores` other than `core`, where there is one, and then to wherever of them the system likes.
void leave_for(const cpu_set_t &cores, int core) {
  cpu_set_t others = cores;
  CPU_CLR(core, &others);
  if (CPU_COUNT(&others) > 0) {
    sched_setaffinity(0, sizeof others, &others);
  }
  sched_setaffinity(0, sizeof cores, &cores);
}

} // namespace

int current_core() { return sched_getcpu(); }

bool leave_core(int core) {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) < 2) {
    return false;
  }
  leave_for(cores, core);
  return true;
}

void OtherThread::is_this_thread() {
  id_ = pid_t(syscall(SYS_gettid));
  if (pthread_getcpuclockid(pthread_self(), &clock_) != 0) {
    id_ = 0;
  }
}

int64_t OtherThread::cpu_time() const {
  timespec time;
  return id_ != 0 && clock_gettime(clock_, &time) == 0 ? time.tv_sec * 1'000'000'000 + time.tv_nsec : -1;
}

void OtherThread::bring_here() {
  const int core = sched_getcpu();
  if (id_ == 0 || core < 0 || sched_getaffinity(id_, sizeof cores_, &cores_) != 0) {
    return;
  }
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(core, &here);
  was_brought_ = sched_setaffinity(id_, sizeof here, &here) == 0;
}

void OtherThread::leave_again() {
  if (was_brought_) {
    was_brought_ = false;
    leave_for(cores_, sched_getcpu());
  }
}

#else

int current_core() { return -1; }
bool leave_core(int) { return false; }
void OtherThread::is_this_thread() {}
int64_t OtherThread::cpu_time() const { return -1; }
void OtherThread::bring_here() {}
void OtherThread::leave_again() {}

#endif
