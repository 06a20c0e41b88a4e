// Thread pool of the kernels' loops: what a busy neighbor takes from it is its share of a core, not the pace of all.
//
// OpenMP's loops end when every thread has come, and a thread whose core was taken by another program comes some milliseconds
// late. Here a loop belongs to the thread that calls it. Workers join it while it is open; the caller closes it when no item is
// left, and waits for those only that are in the midst of an item. Who was not there is not missed, since no bit depends on
// who does what. Threads that wait spin for a moment and then sleep, so that another program, or a thread of the pool that was
// taken from its core, has the core.
#pragma once

#include "cpu/base/placement.h"

#include <c10/util/FunctionRef.h>

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <vector>

// The items of a loop as one thread sees them: first those of its own range, in order, then what is left of the others'.
class WorkQueue {
public:
  struct alignas(64) Range { // a cache line of its own
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  WorkQueue(Range *ranges, size_t n_ranges, size_t own) : ranges_(ranges), n_ranges_(n_ranges), current_(own) {}

  // Whether there is one more item.
  bool next(int64_t &item) {
    for (; n_done_ < n_ranges_; ++n_done_, current_ = (current_ + 1) % n_ranges_) {
      Range &range = ranges_[current_];
      item = range.next.fetch_add(1, std::memory_order_relaxed);
      if (item < range.end) {
        return true;
      }
    }
    return false;
  }

private:
  Range *ranges_;
  size_t n_ranges_, current_, n_done_ = 0;
};

class ThreadPool {
public:
  using Work = c10::function_ref<void(WorkQueue &)>;

  // The one of the process. Its threads are never joined, so that a process may end whatever they do.
  static ThreadPool &of_process();

  // See `parallel_for`.
  void run(int64_t n, Work work);

private:
  // One word that all agree on: the number of the last loop, how many workers it is for, whether one may still join it, and
  // how many are in it.
  class LoopState {
  public:
    explicit LoopState(uint64_t bits = 0) : bits_(bits) {}
    LoopState(uint64_t number, size_t n_workers) : bits_(number << 32 | uint64_t(n_workers) << 17 | OPEN) {}

    uint64_t number() const { return bits_ >> 32; }
    size_t n_workers() const { return bits_ >> 17 & 0x7fff; }
    bool is_open() const { return (bits_ & OPEN) != 0; }
    uint64_t n_inside() const { return bits_ & (OPEN - 1); }
    uint64_t bits() const { return bits_; }

    static constexpr uint64_t OPEN = 1 << 16;

  private:
    uint64_t bits_;
  };

  enum class Presence { Outside, Inside, Brought };

  struct Worker {
    explicit Worker(size_t worker_index) : index(worker_index) {}

    const size_t index;
    std::mutex mutex;
    std::condition_variable wake_up;
    std::atomic<bool> sleeps{false};
    // Whether it is in a loop, and whether the caller has brought it to its own core there; `thread` is what is brought.
    std::atomic<Presence> presence{Presence::Outside};
    OtherThread thread;
    uint64_t last_loop = 0;
  };

  static constexpr size_t MAX_WORKERS = 0x7fff;

  // Starts workers until there are `n`, and says how many there are of these.
  size_t start_workers(size_t n);
  void open(int64_t n, size_t n_workers, Work work);
  void close();
  bool bring_late_workers(std::vector<int64_t> &cpu_times);
  void keep_error();

  void work_forever(Worker &self);
  LoopState wait_for_loop(Worker &self);
  bool join(Worker &self, LoopState state);
  void leave(Worker &self);
  bool is_open_for(const Worker &self, LoopState state) const;

  std::atomic<uint64_t> state_{0};
  std::atomic<bool> is_in_use_{false};
  std::deque<Worker> workers_;

  // Of the loop, written before it is opened.
  std::vector<WorkQueue::Range> ranges_;
  Work work_;
  std::fenv_t floating_point_;
  std::atomic<int> core_of_caller_{-1};

  std::mutex error_mutex_;
  std::exception_ptr error_;

  std::mutex caller_mutex_;
  std::condition_variable caller_wake_up_;
  std::atomic<bool> caller_sleeps_{false};
};
