// Parallel loops: which items are done, by whom, and what a thread that is late or fails means for the others.

#include "cpu/base/parallel.h"
#include "test.h"

#include <ATen/Parallel.h>

#include <cfenv>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

// Sets the number of threads, and puts back what there was.
class Threads {
public:
  explicit Threads(int n) { at::set_num_threads(n); }
  ~Threads() { at::set_num_threads(before_); }

private:
  int before_ = at::get_num_threads();
};

// How often each item was done.
class Counts {
public:
  explicit Counts(int64_t n) : n_(n), counts_(new std::atomic<int>[n]()) {}

  void count(int64_t item) { counts_[item].fetch_add(1, std::memory_order_relaxed); }

  bool all_are(int expected) const {
    for (int64_t item = 0; item < n_; ++item) {
      if (counts_[item].load() != expected) {
        return false;
      }
    }
    return true;
  }

private:
  int64_t n_;
  std::unique_ptr<std::atomic<int>[]> counts_;
};

// Calls `task(item)` for each item of a loop.
template <typename Task> void for_each_item(int64_t n, const Task &task) {
  parallel_for(n, [&](WorkQueue &queue) {
    for (int64_t item; queue.next(item);) {
      task(item);
    }
  });
}

template <typename Condition> void wait_until(const Condition &condition) {
  while (!condition()) {
    std::this_thread::yield();
  }
}

// A few numbers that look random, of each item and round.
uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

TEST(thread_pool_does_every_item_once_under_random_delays) {
  const Threads threads(4);
  for (int64_t round = 0; round < 200; ++round) {
    const int64_t n = 1 + int64_t(mixed(round) % 40);
    Counts counts(n);
    for_each_item(n, [&](int64_t item) {
      const uint64_t delay = mixed(uint64_t(round) << 8 | uint64_t(item)) % 8;
      if (delay > 5) {
        std::this_thread::sleep_for(std::chrono::microseconds(50 * delay));
      } else if (delay > 3) {
        std::this_thread::yield();
      }
      counts.count(item);
    });
    EXPECT(counts.all_are(1));
  }
}

TEST(thread_pool_takes_another_number_of_threads_in_every_loop) {
  Counts counts(100);
  int n_loops = 0;
  for (const int n_threads : {1, 2, 3, 7, 2, 5, 1, 4, 16, 3}) {
    const Threads threads(n_threads);
    std::atomic<int> n_queues{0};
    parallel_for(100, [&](WorkQueue &queue) {
      n_queues.fetch_add(1);
      for (int64_t item; queue.next(item);) {
        counts.count(item);
      }
    });
    EXPECT(n_queues.load() <= n_threads);
    ++n_loops;
  }
  EXPECT(counts.all_are(n_loops));
}

TEST(thread_pool_does_many_tiny_loops) {
  const Threads threads(3);
  int64_t sum = 0; // of what the caller reads after each loop
  int64_t items[3] = {};
  for (int64_t loop = 0; loop < 20'000; ++loop) {
    for_each_item(3, [&](int64_t item) { items[item] = loop + item; });
    sum += items[0] + items[1] + items[2];
  }
  EXPECT(sum == 3 * (20'000LL * 19'999 / 2) + 3 * 20'000LL);
  for_each_item(0, [&](int64_t) { EXPECT(false); });
}

TEST(thread_pool_leaves_the_items_of_a_late_worker_to_the_others) {
  const Threads threads(3);
  const std::thread::id caller = std::this_thread::get_id();
  const int64_t n = 300;
  Counts counts(n);
  std::atomic<int64_t> n_done{0};
  std::atomic<bool> is_one_late{false};
  for_each_item(n, [&](int64_t item) {
    if (std::this_thread::get_id() == caller) {
      wait_until([&] { return is_one_late.load(); });
    } else if (!is_one_late.exchange(true)) { // its range has a hundred items
      wait_until([&] { return n_done.load() == n - 1; });
    }
    counts.count(item);
    n_done.fetch_add(1);
  });
  EXPECT(counts.all_are(1));
}

TEST(thread_pool_waits_for_an_item_that_was_begun) {
  const Threads threads(2);
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<bool> has_begun{false};
  bool is_done = false;
  for_each_item(2, [&](int64_t) {
    if (std::this_thread::get_id() == caller) {
      wait_until([&] { return has_begun.load(); });
    } else {
      has_begun.store(true);
      std::this_thread::sleep_for(std::chrono::milliseconds(30)); // the caller sleeps by then
      is_done = true;
    }
  });
  EXPECT(is_done);
}

TEST(thread_pool_runs_nested_loops_on_the_thread_that_begins_them) {
  const Threads threads(4);
  Counts counts(8 * 50);
  std::atomic<int> n_elsewhere{0}, n_of_several_threads{0};
  for_each_item(8, [&](int64_t outer) {
    const std::thread::id self = std::this_thread::get_id();
    for_each_item(50, [&](int64_t inner) {
      counts.count(outer * 50 + inner);
      n_elsewhere += std::this_thread::get_id() != self;
    });
    at::parallel_for(0, 1000, 1, [&](int64_t begin, int64_t end) {
      n_elsewhere += std::this_thread::get_id() != self || end - begin != 1000;
    });
    n_of_several_threads += at::get_num_threads() != 1;
  });
  EXPECT(counts.all_are(1));
  EXPECT(n_elsewhere.load() == 0);
  EXPECT(n_of_several_threads.load() == 0);
  EXPECT(at::get_num_threads() == 4);
}

TEST(thread_pool_serves_callers_at_the_same_time) {
  const Threads threads(3);
  Counts counts(64);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int loop = 0; loop < 500; ++loop) {
        int64_t items[64] = {};
        for_each_item(64, [&](int64_t item) { items[item] = item + 1; });
        for (int64_t item = 0; item < 64; ++item) {
          if (items[item] == item + 1) {
            counts.count(item);
          }
        }
      }
    });
  }
  for (std::thread &caller : callers) {
    caller.join();
  }
  EXPECT(counts.all_are(4 * 500));
}

// Whether a loop throws what `throws_there(is_caller)` throws.
template <typename Throws> bool rethrows(const Throws &throws_there) {
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<bool> has_begun[2] = {false, false};
  try {
    for_each_item(100, [&](int64_t) {
      const bool is_caller = std::this_thread::get_id() == caller;
      has_begun[is_caller].store(true);
      wait_until([&] { return has_begun[!is_caller].load(); }); // so that neither has done all before the other came
      if (throws_there(is_caller)) {
        throw std::runtime_error("of an item");
      }
    });
  } catch (const std::runtime_error &error) {
    return error.what() == std::string("of an item");
  }
  return false;
}

TEST(thread_pool_rethrows_what_an_item_throws) {
  const Threads threads(2);
  EXPECT(rethrows([](bool is_caller) { return !is_caller; }));
  EXPECT(rethrows([](bool is_caller) { return is_caller; }));
  EXPECT(rethrows([](bool) { return true; }));
  EXPECT(at::get_num_threads() == 2);
  Counts counts(100);
  for_each_item(100, [&](int64_t item) { counts.count(item); });
  EXPECT(counts.all_are(1));
  at::set_num_threads(1);
  bool is_thrown = false;
  try {
    for_each_item(2, [](int64_t) { throw std::runtime_error("of an item"); });
  } catch (const std::runtime_error &) {
    is_thrown = true;
  }
  EXPECT(is_thrown);
}

TEST(thread_pool_computes_in_the_callers_floating_point_mode) {
  const Threads threads(2);
  const std::thread::id caller = std::this_thread::get_id();
  for (const int rounding : {FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    std::fesetround(rounding);
    std::atomic<bool> has_begun{false};
    std::atomic<int> n_other{0};
    for_each_item(2, [&](int64_t) {
      if (std::this_thread::get_id() == caller) {
        wait_until([&] { return has_begun.load(); });
      } else {
        has_begun.store(true);
      }
      n_other += std::fegetround() != rounding;
    });
    EXPECT(n_other.load() == 0);
  }
}

} // namespace
