// What the operators of autograd share: handles, and errors that stay on this side of the ABI.
#pragma once

#include <torch/torch.h>

#include "internal.h"

inline at::Tensor &tensor(torch_ext_tensor handle) { return *static_cast<at::Tensor *>(handle); }

// Runs `make`, which returns a tensor, and hands out a new handle to it; null and a message after an exception.
template <typename Make> torch_ext_tensor guarded(Make make) {
  try {
    return new at::Tensor(make());
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return nullptr;
  }
}
