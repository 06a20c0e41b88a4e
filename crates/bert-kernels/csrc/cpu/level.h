// A level of the instruction set, for which level.cpp and level_exact.cpp are compiled: what they include stands in the namespace
// LEVEL, and has the vectors that the level has (base/vector.h). The build defines LEVEL_V4 (AVX-512), LEVEL_V3 (AVX2) or LEVEL_BASE,
// what every processor of the architecture has; with ONE_LEVEL, for tests, there is no namespace.
//
// Headers of others come first, all that the kernels use: their inline functions stay of the common level, since the linker keeps
// one of them for all.
#pragma once

#include "bert_kernels.h"
#include "cpu/base/parallel.h"
#include "process/last_error.h"

#include <ATen/native/CPUBlas.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/BFloat16.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "cpu/cpu_kernels.h"

#if defined(LEVEL_V4)
#pragma GCC target("arch=x86-64-v4")
#define LEVEL v4
#elif defined(LEVEL_V3)
#pragma GCC target("arch=x86-64-v3")
#define LEVEL v3
#elif defined(LEVEL_BASE)
#define LEVEL base
#else
#error "a level is missing"
#endif

#if defined(ONE_LEVEL)
#define LEVEL_BEGIN
#define LEVEL_END
#else
#define LEVEL_BEGIN namespace LEVEL {
#define LEVEL_END }
#endif
