// The C ABI of bert-kernels: what its Rust side (src/ffi.rs) calls.
//
// Tensors are `at::Tensor*`, as tch hands them out. A function that makes a tensor returns a new one, owned by the
// caller, or null after an error, whose message `bert_kernels_last_error` returns (for this thread).
#pragma once

#include "bert_kernels/common.h"
#include "bert_kernels/device_queue.h"
#include "bert_kernels/distributed.h"
#include "bert_kernels/encoder.h"
#include "bert_kernels/operators.h"
#include "bert_kernels/optimizer.h"
