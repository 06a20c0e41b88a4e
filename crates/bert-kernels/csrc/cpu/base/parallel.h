// Parallel loops with work stealing: a thread that is held up leaves its items to the others.
#pragma once

#include "cpu/base/thread_pool.h"

// Calls `work(queue)` on this thread and on those of the pool that come while there are items, at most as many as there are
// threads (at::get_num_threads) and items: each takes items until none is left of 0..n. Which thread does an item must not
// matter. Rethrows the first exception of `work`, after what the others have begun. Inside of `work` there is one thread, for a
// loop that it begins and for libtorch's operators; a loop that another thread begins meanwhile runs there alone.
template <typename Work> void parallel_for(int64_t n, const Work &work) { ThreadPool::of_process().run(n, work); }
