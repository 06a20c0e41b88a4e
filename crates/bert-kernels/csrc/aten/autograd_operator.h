// What the autograd operators share: handles, and errors that stay on this side of the ABI.
#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bert_kernels.h"
#include "process/last_error.h"

inline at::Tensor &tensor(bert_kernels_tensor handle) { return *static_cast<at::Tensor *>(handle); }

inline std::vector<at::Tensor> tensors(const bert_kernels_tensor *handles, int64_t n) {
  std::vector<at::Tensor> list;
  list.reserve(n);
  for (int64_t i = 0; i < n; ++i) {
    list.push_back(tensor(handles[i]));
  }
  return list;
}

// Runs `make`, which returns a tensor, and hands out a new handle to it; null and a message after an exception.
template <typename Make> bert_kernels_tensor guarded(Make make) {
  try {
    return new at::Tensor(make());
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return nullptr;
  }
}
