// What is called of libtorch's CUDA half whose headers want those of cuBLAS, cuSPARSE and cuSOLVER, which nothing here needs.
// Declared as `torch/csrc/cuda/nccl.h` and `ATen/cuda/CUDAContextLight.h` of libtorch 2.11 to 2.13 have it; that they are
// there is checked by linking (tests/reference/test_cuda_links.py).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

namespace at::cuda {

cudaDeviceProp *getDeviceProperties(c10::DeviceIndex device);

} // namespace at::cuda

namespace torch::cuda::nccl {

using ncclComm_t = void *;

typedef struct {
  char internal[128];
} ncclUniqueId;

// Between its begin and its end calls are collected, and then carried out together.
struct AutoNcclGroup {
  AutoNcclGroup();
  ~AutoNcclGroup() noexcept(false);
  ncclComm_t comm_;
  bool comm_nonblocking_;
};

void get_unique_id(ncclUniqueId &id);
ncclComm_t comm_init_rank(int nranks, const ncclUniqueId &comm_id, int rank);
void send(const at::Tensor &input, ncclComm_t comm, c10::cuda::CUDAStream stream, int dst);
void recv(at::Tensor &output, ncclComm_t comm, c10::cuda::CUDAStream stream, int src);

} // namespace torch::cuda::nccl
