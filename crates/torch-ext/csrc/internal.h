// What the kernels share: errors that stay on this side of the ABI, and functions compiled once per instruction set.
#pragma once

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "torch_ext.h"

// The loader picks the clone that the machine can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORISED
#endif

inline at::Tensor &tensor(torch_ext_tensor handle) { return *static_cast<at::Tensor *>(handle); }

void set_last_error(const char *message);

// Runs `make`, which returns a tensor, and hands out a new handle to it; null and a message after an exception.
template <typename Make> torch_ext_tensor guarded(Make make) {
  try {
    return new at::Tensor(make());
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return nullptr;
  }
}
