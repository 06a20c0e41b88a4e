// What stands behind the functions of bert_kernels.h that are compiled for each level of the instruction set.
#pragma once

#include "cpu/bert/encoder.h"
#include "cpu/cpu_kernels.h"

inline AnyEncoder *opened(bert_kernels_encoder *encoder) { return reinterpret_cast<AnyEncoder *>(encoder); }
inline const AnyEncoder *opened(const bert_kernels_encoder *encoder) { return reinterpret_cast<const AnyEncoder *>(encoder); }

#define DECLARATION(name) decltype(bert_kernels_##name) name;
FOR_LEVEL_FUNCTIONS(DECLARATION)
#undef DECLARATION
