// Graphs on CUDA. As all of this folder it is compiled and linked where libtorch has CUDA, and there are CUDA's headers.

#include <cuda.h> // first: the size of libtorch's class depends on its version

#include "aten/graph.h"

#include <optional>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

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

class CudaGraph : public Graph {
public:
  explicit CudaGraph(const at::Device &device) : device_(device) {}

  // The default generator is one of those that a graph knows: a replay takes its seed and offset as they are then. Memory that
  // is only kept ready is given back first, since nothing can be while a graph is recorded.
  void begin() override {
    current_.emplace(device_);
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();
    // What other threads do, NCCL's among them, is no part of it.
    graph_.capture_begin(*pool_, cudaStreamCaptureModeThreadLocal);
  }

  void end() override {
    graph_.capture_end();
    current_.reset();
  }

  void replay() override {
    const c10::DeviceGuard current(device_);
    graph_.replay();
  }

private:
  const at::Device device_;
  const Pool pool_ = shared_pool();
  std::optional<c10::DeviceGuard> current_; // while it records
  at::cuda::CUDAGraph graph_;
};

const bool is_known = [] {
  cuda_graphs() = [](const at::Device &device) { return std::unique_ptr<Graph>(std::make_unique<CudaGraph>(device)); };
  return true;
}();

} // namespace
