// Loops that all threads share.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

// What a thread takes of a loop, item by item: its own share in order, then what is left of the others': a thread that is
// held up leaves its other items to them.
class Items {
public:
  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
  };

  Items(std::vector<Share> &shares, size_t own) : shares_(shares), at_(own) {}

  // Whether there is one more item.
  bool take(int64_t &item) {
    for (; n_done_ < shares_.size(); ++n_done_, at_ = (at_ + 1) % shares_.size()) {
      Share &share = shares_[at_];
      item = share.next.fetch_add(1, std::memory_order_relaxed);
      if (item < share.end) {
        return true;
      }
    }
    return false;
  }

private:
  std::vector<Share> &shares_;
  size_t at_, n_done_ = 0;
};

// Calls `work(items)` on as many threads as there are, at most n: each takes items until none is left of 0..n. Which thread
// does an item must not matter.
template <typename Work> void share_out(int64_t n, const Work &work) {
  const int64_t n_threads = std::max<int64_t>(1, std::min<int64_t>(n, at::get_num_threads()));
  std::vector<Items::Share> shares(n_threads);
  for (int64_t thread = 0; thread < n_threads; ++thread) {
    shares[thread].next = n * thread / n_threads, shares[thread].end = n * (thread + 1) / n_threads;
  }
  at::parallel_for(0, n_threads, 1, [&](int64_t own, int64_t) {
    Items items(shares, own);
    work(items);
#if defined(__x86_64__)
    _mm_sfence(); // what went past the caches is there for every thread
#endif
  });
}
