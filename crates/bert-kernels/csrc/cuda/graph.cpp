// Graphs on CUDA. As all of this folder it is compiled and linked where libtorch has CUDA, and there are CUDA's headers.

#include <cuda.h> // first: the size of libtorch's class depends on its version

#include "aten/graph.h"

#include <optional>

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <torch/version.h>

namespace {

using Pool = std::shared_ptr<const at::cuda::MempoolId_t>;

// What libtorch takes for a while inside of a graph comes from one pool, since graphs never run side by side. It is gone with
// the last of them, and cannot be taken again.
Pool shared_pool() {
  static std::weak_ptr<const at::cuda::MempoolId_t> last;
  Pool pool = last.lock();
  if (pool == nullptr) {
    last = pool = std::make_shared<const at::cuda::MempoolId_t>(at::cuda::graph_pool_handle());
  }
  return pool;
}

// Whether libtorch keeps more memory ready than the device has free: none of it can be given back while a graph is recorded.
bool keeps_much_memory(const at::Device &device) {
  c10::cuda::CUDACachingAllocator::CUDAAllocator *allocator = c10::cuda::CUDACachingAllocator::get();
  const auto stats = allocator->getDeviceStats(device.index());
  return size_t(stats.reserved_bytes[0].current - stats.allocated_bytes[0].current) > allocator->getMemoryInfo(device.index()).first;
}

class CudaGraph : public Graph {
public:
  explicit CudaGraph(const at::Device &device) : device_(device) {}

  // What it reads is there until its last replay is done.
  ~CudaGraph() override {
    const c10::DeviceGuard current(device_);
    try {
      c10::cuda::device_synchronize();
    } catch (const std::exception &) {
      // The device has failed, and whoever waits for its numbers hears of it.
    }
  }

  // The default generator is one of those that a graph knows: a replay takes its seed and offset as they are then.
  void begin() override {
    current_.emplace(device_);
    c10::cuda::device_synchronize();
    if (keeps_much_memory(device_)) {
      c10::cuda::CUDACachingAllocator::emptyCache();
    }
    // What other threads do, NCCL's among them, is no part of it.
    graph_.capture_begin(*pool_, cudaStreamCaptureModeThreadLocal);
  }

  void end() override {
    try {
      graph_.capture_end();
    } catch (...) {
      end_in_libtorch();
      current_.reset();
      throw;
    }
    current_.reset();
  }

  void replay() override {
    const c10::DeviceGuard current(device_);
    graph_.replay();
  }

private:
  // Before 2.13 a capture that the device has given up goes on for libtorch's allocators and its generator.
  void end_in_libtorch() {
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 13
    const auto done = [](const auto &action) {
      try {
        action();
      } catch (const std::exception &) {
        // The failure of the capture is the one that is told.
      }
    };
    done([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(device_.index(), *pool_); });
    done([&] { at::getHostAllocator(at::kCUDA)->end_allocate_to_pool(*pool_); });
    // The generator hears of the end of a capture from the next one that ends well: one of nothing.
    done([&] {
      nothing_.capture_begin(at::cuda::graph_pool_handle(), cudaStreamCaptureModeThreadLocal);
      nothing_.capture_end();
    });
#endif
  }

  const at::Device device_;
  const Pool pool_ = shared_pool();
  std::optional<c10::DeviceGuard> current_; // while it records
  at::cuda::CUDAGraph graph_, nothing_;
};

const bool is_known = [] {
  cuda_graphs() = [](const at::Device &device) { return std::unique_ptr<Graph>(std::make_unique<CudaGraph>(device)); };
  return true;
}();

} // namespace
