// Sums of squares in double precision.
#pragma once

#include "cpu/base/convert.h"

// Sixteen double numbers: of the machine's vectors twice as many.
struct Doubles {
  using Part = Native<double, PART_LANES / 2>::type;
  Part parts[2 * PARTS];

  INLINE_MEMBER void operator+=(const Doubles &x) {
    _Pragma("GCC unroll 8") for (int64_t p = 0; p < 2 * PARTS; ++p) { parts[p] += x.parts[p]; }
  }
};

INLINE Doubles::Part wide(const Native<float, PART_LANES / 2>::type &x) {
#if defined(LEVEL_V4)
  return (Doubles::Part)_mm512_maskz_cvtps_pd(0xFF, (__m256)x);
#else
  return __builtin_convertvector(x, Doubles::Part);
#endif
}

INLINE Doubles squares(const Floats &x) {
  Doubles y;
  FOR_PARTS(p) {
    const Halved<float, PART_LANES> halves(x.parts[p]);
    const Doubles::Part low = wide(halves.low), high = wide(halves.high);
    y.parts[2 * p] = low * low, y.parts[2 * p + 1] = high * high;
  }
  return y;
}

INLINE double sum(const Doubles &x) {
  double total = 0;
  for (int64_t lane = 0; lane < LANES; ++lane) {
    total += x.parts[lane / (PART_LANES / 2)][lane % (PART_LANES / 2)];
  }
  return total;
}
