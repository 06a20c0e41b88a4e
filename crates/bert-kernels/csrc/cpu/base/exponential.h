// The exponential function, and the standard normal law that GELU is made of.
#pragma once

#include "cpu/base/simd.h"

// e^x to two units in the last place; below -87 the smallest normal number. A NaN stays one.
template <int64_t N> INLINE Vector<float, N> exponential(const Vector<float, N> &x) {
  using Floats = Vector<float, N>;
  using Ints = Vector<int32_t, N>;
  const Ints is_nan = x != x;
  const Floats within = larger(smaller(x, all<N>(88.0f)), all<N>(-87.0f));
  const Floats magic = all<N>(12582912.0f); // 1.5 * 2^23: adding it rounds to a whole number, in the low bits
  const Floats shifted = within * 1.44269504f + magic;
  const Floats n = shifted - magic;
  const Floats r = (within - n * 0.693359375f) + n * 2.12194440e-4f; // ln 2 in two parts (Cephes)
  Floats p = all<N>(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Floats scaled = (Floats)((Ints)p + ((Ints)shifted << 23));
  return select(is_nan, x, scaled);
}

// The distribution function and the density of the standard normal law, both to about 3e-7.
template <int64_t N> struct Normal {
  Vector<float, N> cdf, density;
};

// erfc(z) = t e^(-z²) P(t) with t = 1 / (1 + 0.3 z), the form of Abramowitz and Stegun 7.1.26; P fitted anew to a relative
// error of 2e-8.
template <int64_t N> INLINE Normal<N> normal(const Vector<float, N> &x) {
  using Floats = Vector<float, N>;
  using Ints = Vector<int32_t, N>;
  const Floats absolute = (Floats)((Ints)x & 0x7FFFFFFF);
  const Floats t = 1.0f / (1.0f + absolute * (0.3f * 0.70710678f));
  Floats p = all<N>(-0.12952385748f);
  p = p * t + 0.48556796987f;
  p = p * t - 0.51228820654f;
  p = p * t + 0.54773194852f;
  p = p * t - 0.09465921242f;
  p = p * t + 0.21492978567f;
  p = p * t + 0.14833818731f;
  p = p * t + 0.17071536882f;
  p = p * t + 0.16918799666f;
  const Floats bell = exponential(x * x * -0.5f);
  const Floats tail = bell * t * p * 0.5f;
  return {select(x < 0.0f, tail, 1.0f - tail), bell * 0.39894228f};
}
