// Affinity: on which core a thread runs, as far as the system tells and lets. Nothing of it is needed; elsewhere than on Linux
// nothing is done.
#pragma once

#include <cstdint>

#if defined(__linux__)
#include <sched.h>
#include <time.h>
#endif

// The core that this thread is on; -1 where that is unknown.
int current_core();

// Moves this thread to another of its cores than `core`, from where it may go anywhere again. Returns whether it has another.
bool leave_core(int core);

// A thread as another one sees it and moves it.
class OtherThread {
public:
  // Called by the thread itself.
  void is_this_thread();

  // The time that it has had a core, in nanoseconds; -1 where that is unknown.
  int64_t cpu_time() const;

  // Moves it to the core that this thread is on, and keeps it there, where the system lets.
  void bring_here();

  // Called by the thread itself: where it was brought, it may go wherever it could before, at first elsewhere.
  void leave_again();

#if defined(__linux__)
private:
  pid_t id_ = 0;
  clockid_t clock_ = 0;
  bool was_brought_ = false;
  cpu_set_t cores_{}; // before it was brought
#endif
};
