// Graphs on CUDA. The only source that needs CUDA's headers; it is compiled and linked where libtorch has CUDA.

#include "aten/graph.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <optional>

namespace {

class CudaGraph : public Graph {
public:
  explicit CudaGraph(const at::Device &device) : device_(device) {}

  // What libtorch takes for a while inside of a graph comes from one pool, since graphs never run side by side. The default
  // generator is one of those that a graph knows: a replay takes its seed and offset as they are then.
  void begin() override {
    static const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
    current_.emplace(device_);
    c10::cuda::device_synchronize();
    graph_.capture_begin(pool);
  }

  void end() override {
    const c10::cuda::CUDAGuard current(device_);
    current_.reset();
    graph_.capture_end();
  }

  void replay() override {
    const c10::cuda::CUDAGuard current(device_);
    graph_.replay();
  }

private:
  const at::Device device_;
  std::optional<c10::cuda::CUDAGuard> current_; // while it records
  at::cuda::CUDAGraph graph_;
};

const bool is_known = [] {
  cuda_graphs() = [](const at::Device &device) { return std::unique_ptr<Graph>(std::make_unique<CudaGraph>(device)); };
  return true;
}();

} // namespace
