// Graphs on CUDA. The only source that needs CUDA's headers; it is compiled and linked where libtorch has CUDA.

#include "aten/graph.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>

namespace {

class CudaGraph : public Graph {
public:
  // What libtorch takes for a while inside of a graph comes from one pool, since graphs never run side by side. The default
  // generator is one of those that a graph knows: a replay takes its seed and offset as they are then.
  void begin() override {
    static const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
    c10::cuda::device_synchronize();
    graph_.capture_begin(pool);
  }

  void end() override { graph_.capture_end(); }
  void replay() override { graph_.replay(); }

private:
  at::cuda::CUDAGraph graph_;
};

const bool is_known = [] {
  cuda_graphs() = [] { return std::unique_ptr<Graph>(std::make_unique<CudaGraph>()); };
  return true;
}();

} // namespace
