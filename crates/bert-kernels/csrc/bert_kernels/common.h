// What all parts of the C ABI have in common.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
#define BERT_KERNELS_BEGIN extern "C" {
#define BERT_KERNELS_END }
#define BERT_KERNELS_NOEXCEPT noexcept // without memory for a list of tasks the process ends
// A struct that src/ffi.rs declares once more, with the same assertion there.
#define BERT_KERNELS_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), "src/ffi.rs has another " #type)
#else
#define BERT_KERNELS_BEGIN
#define BERT_KERNELS_END
#define BERT_KERNELS_NOEXCEPT
#define BERT_KERNELS_SIZE(type, bytes)
#endif

BERT_KERNELS_BEGIN

typedef void *bert_kernels_tensor;

const char *bert_kernels_last_error(void);

// The version of libtorch and the instruction set of its kernels: "2.13.0, AVX512".
const char *bert_kernels_libtorch(void);

BERT_KERNELS_END
