#include "cpu/base/thread_pool.h"

#include <ATen/Parallel.h>

#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds, std::chrono::nanoseconds;

// How long a worker looks for the next loop before it sleeps. Linux moves a thread that lost its core to an idle one, but not
// one that ran there within the last half millisecond: where the caller lost its core, it comes when a worker sleeps.
constexpr microseconds WORKER_SPIN(600);
// How long the caller looks for workers that are in the midst of an item before it sleeps: longer than most items take.
constexpr microseconds CALLER_SPIN(1000);
// How often the caller looks whether these workers have a core, and a worker that waits, whether it is in the caller's way.
constexpr microseconds CALLER_LOOK(50), WORKER_LOOK(20);

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Looks for as long as `time` whether `is_over()`; says whether it is.
template <typename Condition> bool spin(microseconds time, const Condition &is_over) {
  const Clock::time_point end = Clock::now() + time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (is_over()) {
        return true;
      }
      pause();
    }
  } while (Clock::now() < end);
  return false;
}

// Has libtorch set a thread's number of threads now, which it does once when it is first asked: in its library, and in what its
// headers bring here, which has a flag of its own for it.
void init_num_threads() {
  at::get_num_threads();
  at::internal::lazy_init_num_threads();
}

// While it lives, libtorch's loops and this pool's run on the thread that begins them: both ask OpenMP how many there are.
class OneThread {
public:
  OneThread() {
    init_num_threads();
    n_threads_ = omp_get_max_threads();
    omp_set_num_threads(1);
  }
  ~OneThread() { omp_set_num_threads(n_threads_); }

private:
  int n_threads_;
};

// Non-temporal stores are there for every thread.
void publish_stores() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

} // namespace

ThreadPool &ThreadPool::of_process() {
  static ThreadPool &pool = *new ThreadPool;
  return pool;
}

void ThreadPool::run(int64_t n, Work work) {
  const int64_t n_threads = std::min<int64_t>(n, at::get_num_threads());
  const bool is_mine = n_threads > 1 && !is_in_use_.exchange(true, std::memory_order_acquire);
  const size_t n_workers = is_mine ? start_workers(size_t(n_threads) - 1) : 0;
  const OneThread one_thread;
  if (n_workers == 0) {
    WorkQueue::Range all;
    all.end = n;
    WorkQueue queue(&all, 1, 0);
    if (is_mine) {
      is_in_use_.store(false, std::memory_order_release);
    }
    work(queue);
    publish_stores();
    return;
  }
  open(n, n_workers, work);
  WorkQueue queue(ranges_.data(), n_workers + 1, 0);
  try {
    work(queue);
  } catch (...) {
    keep_error();
  }
  publish_stores();
  close();
  const std::exception_ptr error = std::exchange(error_, nullptr);
  is_in_use_.store(false, std::memory_order_release);
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

size_t ThreadPool::start_workers(size_t n) {
  n = std::min(n, MAX_WORKERS);
  if (workers_.size() >= n) {
    return n;
  }
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (workers_.size() < n) {
    Worker &worker = workers_.emplace_back(workers_.size());
    try {
      std::thread([this, &worker] { work_forever(worker); }).detach();
    } catch (const std::system_error &) { // the system has no more threads
      workers_.pop_back();
      break;
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return workers_.size();
}

void ThreadPool::open(int64_t n, size_t n_workers, Work work) {
  const int64_t n_ranges = int64_t(n_workers) + 1;
  if (ranges_.size() < size_t(n_ranges)) {
    ranges_ = std::vector<WorkQueue::Range>(n_ranges);
  }
  for (int64_t i = 0; i < n_ranges; ++i) {
    ranges_[i].next.store(n * i / n_ranges, std::memory_order_relaxed), ranges_[i].end = n * (i + 1) / n_ranges;
  }
  work_ = work;
  std::fegetenv(&floating_point_);
  core_of_caller_.store(current_core(), std::memory_order_relaxed);
  const uint64_t number = LoopState(state_.load(std::memory_order_relaxed)).number() + 1;
  state_.store(LoopState(number, n_workers).bits()); // before it is read who sleeps
  for (size_t i = 0; i < n_workers; ++i) {
    Worker &worker = workers_[i];
    if (worker.sleeps.load()) {
      const std::lock_guard<std::mutex> lock(worker.mutex);
      worker.sleeps.store(false);
      worker.wake_up.notify_one();
    }
  }
}

void ThreadPool::close() {
  const auto have_left = [this] { return LoopState(state_.load()).n_inside() == 0; };
  const size_t n_workers = LoopState(state_.fetch_and(~LoopState::OPEN)).n_workers();
  if (have_left() || spin(CALLER_LOOK, have_left)) {
    return;
  }
  std::vector<int64_t> cpu_times(n_workers, -1);
  const Clock::time_point end = Clock::now() + CALLER_SPIN;
  do {
    if (bring_late_workers(cpu_times)) {
      break;
    }
    if (spin(CALLER_LOOK, have_left)) {
      return;
    }
  } while (Clock::now() < end);
  std::unique_lock<std::mutex> lock(caller_mutex_);
  caller_sleeps_.store(true); // before it is read who is inside
  caller_wake_up_.wait(lock, have_left);
  caller_sleeps_.store(false);
}

// A worker in the midst of an item that had no core since the last call gets this one, for which the caller has no other use.
// cpu_times: of each worker, at the last call. Returns whether there was one.
bool ThreadPool::bring_late_workers(std::vector<int64_t> &cpu_times) {
  bool is_one_brought = false;
  for (size_t i = 0; i < cpu_times.size(); ++i) {
    Worker &worker = workers_[i];
    const bool is_inside = worker.presence.load() == Presence::Inside; // and so it has said which thread it is
    const int64_t before = std::exchange(cpu_times[i], is_inside ? worker.thread.cpu_time() : -1);
    if (before < 0 || cpu_times[i] < 0 || cpu_times[i] - before > nanoseconds(CALLER_LOOK).count() / 4) {
      continue;
    }
    const std::lock_guard<std::mutex> lock(worker.mutex); // it does not leave meanwhile
    Presence inside = Presence::Inside;
    if (worker.presence.compare_exchange_strong(inside, Presence::Brought)) {
      worker.thread.bring_here();
      is_one_brought = true;
    }
  }
  return is_one_brought;
}

void ThreadPool::keep_error() {
  const std::lock_guard<std::mutex> lock(error_mutex_);
  if (error_ == nullptr) {
    error_ = std::current_exception();
  }
}

void ThreadPool::work_forever(Worker &self) {
  init_num_threads();
  omp_set_num_threads(1);
  self.thread.is_this_thread();
  for (;;) {
    if (!join(self, wait_for_loop(self))) {
      continue;
    }
    std::fesetenv(&floating_point_);
    WorkQueue queue(ranges_.data(), LoopState(state_.load()).n_workers() + 1, self.index + 1);
    try {
      work_(queue);
    } catch (...) {
      keep_error();
    }
    publish_stores();
    leave(self);
  }
}

bool ThreadPool::is_open_for(const Worker &self, LoopState state) const {
  return state.is_open() && self.index < state.n_workers() && state.number() != self.last_loop;
}

ThreadPool::LoopState ThreadPool::wait_for_loop(Worker &self) {
  LoopState state;
  const auto has_come = [&] {
    state = LoopState(state_.load());
    return is_open_for(self, state);
  };
  const Clock::time_point end = Clock::now() + WORKER_SPIN;
  do {
    const bool come = spin(WORKER_LOOK, has_come);
    // The caller alone goes on with what no worker does, so that a core of its own is worth most to it.
    const int core = core_of_caller_.load(std::memory_order_relaxed);
    const bool is_in_the_way = core >= 0 && core == current_core() && !leave_core(core);
    if (come) {
      return state;
    }
    if (is_in_the_way) {
      break;
    }
  } while (Clock::now() < end);
  std::unique_lock<std::mutex> lock(self.mutex);
  for (;;) {
    self.sleeps.store(true); // before it is read whether there is a loop
    if (has_come()) {
      break;
    }
    self.wake_up.wait(lock);
  }
  self.sleeps.store(false);
  return state;
}

bool ThreadPool::join(Worker &self, LoopState state) {
  uint64_t bits = state.bits();
  while (is_open_for(self, LoopState(bits))) {
    if (state_.compare_exchange_weak(bits, bits + 1)) {
      self.last_loop = LoopState(bits).number();
      self.presence.store(Presence::Inside);
      return true;
    }
  }
  return false;
}

void ThreadPool::leave(Worker &self) {
  const bool was_brought = self.presence.exchange(Presence::Outside) == Presence::Brought;
  const LoopState before(state_.fetch_sub(1));
  if (before.n_inside() == 1 && !before.is_open() && caller_sleeps_.load()) {
    const std::lock_guard<std::mutex> lock(caller_mutex_);
    caller_wake_up_.notify_one();
  }
  if (was_brought) {
    const std::lock_guard<std::mutex> lock(self.mutex); // the caller has done with it
    self.thread.leave_again();
  }
}
