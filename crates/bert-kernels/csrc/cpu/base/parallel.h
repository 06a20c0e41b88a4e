// Parallel loops over at::parallel_for with work stealing: a thread that is held up leaves its items to the others.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

// The items of a loop as one thread sees them: first those of its own range, in order, then what is left of the others'.
class WorkQueue {
public:
  struct alignas(64) Range { // a cache line of its own
    std::atomic<int64_t> next;
    int64_t end;
  };

  WorkQueue(std::vector<Range> &ranges, size_t own) : ranges_(ranges), current_(own) {}

  // Whether there is one more item.
  bool next(int64_t &item) {
    for (; n_done_ < ranges_.size(); ++n_done_, current_ = (current_ + 1) % ranges_.size()) {
      Range &range = ranges_[current_];
      item = range.next.fetch_add(1, std::memory_order_relaxed);
      if (item < range.end) {
        return true;
      }
    }
    return false;
  }

private:
  std::vector<Range> &ranges_;
  size_t current_, n_done_ = 0;
};

// Calls `work(queue)` on as many threads as there are, at most n: each takes items until none is left of 0..n. Which thread
// does an item must not matter.
template <typename Work> void parallel_for(int64_t n, const Work &work) {
  const int64_t n_threads = std::max<int64_t>(1, std::min<int64_t>(n, at::get_num_threads()));
  std::vector<WorkQueue::Range> ranges(n_threads);
  for (int64_t thread = 0; thread < n_threads; ++thread) {
    ranges[thread].next = n * thread / n_threads, ranges[thread].end = n * (thread + 1) / n_threads;
  }
  at::parallel_for(0, n_threads, 1, [&](int64_t own, int64_t) {
    WorkQueue queue(ranges, own);
    work(queue);
#if defined(__x86_64__)
    _mm_sfence(); // non-temporal stores are there for every thread
#endif
  });
}
