// What stands behind the functions of bert_kernels.h that are compiled for each level of the instruction set.
#pragma once

#include "cpu/bert/encoder.h"
#include "cpu/bert/int8_encoder.h"
#include "cpu/cpu_kernels.h"

inline AnyEncoder *opened(bert_kernels_encoder *encoder) { return reinterpret_cast<AnyEncoder *>(encoder); }
inline const AnyEncoder *opened(const bert_kernels_encoder *encoder) { return reinterpret_cast<const AnyEncoder *>(encoder); }
inline Int8Encoder *opened(bert_kernels_int8_encoder *encoder) { return reinterpret_cast<Int8Encoder *>(encoder); }

#define DECLARATION(name) decltype(bert_kernels_##name) name;
FOR_LEVEL_FUNCTIONS(DECLARATION)
#undef DECLARATION
