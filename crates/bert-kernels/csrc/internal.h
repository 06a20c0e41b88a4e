// What the kernels share: errors that stay on this side of the ABI, and functions compiled once per instruction set.
#pragma once

#include <ATen/Parallel.h>

#include "bert_kernels.h"

// The loader picks the clone that the machine can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORISED
#endif

void set_last_error(const char *message);

// Does `act`; 0, or 1 and a message after an exception.
template <typename Act> int32_t told(const Act &act) {
  try {
    act();
    return 0;
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return 1;
  }
}
