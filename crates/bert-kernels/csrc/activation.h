// The activations between the two layers of a feed-forward part, with their derivatives.
#pragma once

#include "simd.h"

enum class Activation : int32_t { Gelu = 0, GeluNew = 1, Relu = 2 };

struct Activated {
  Floats value, slope;
};

template <Activation KIND> INLINE Activated activate(Floats x) {
  if (KIND == Activation::Relu) {
    const Ints positive = x > 0.0f;
    return {select(positive, x, Floats{}), select(positive, all(1.0f), Floats{})};
  }
  if (KIND == Activation::Gelu) { // x Φ(x)
    const Normal law = normal(x);
    return {x * law.cdf, law.cdf + x * law.density};
  }
  // 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), and with s = (1 + tanh) / 2: its slope is s + 2 x s (1 - s) z'
  const Floats square = x * x;
  const Floats z = 0.79788456f * (x + 0.044715f * square * x);
  const Floats share = 1.0f / (1.0f + exponential(-2.0f * z));
  const Floats slope_of_z = 0.79788456f * (1.0f + 3.0f * 0.044715f * square);
  return {x * share, share + 2.0f * x * share * (1.0f - share) * slope_of_z};
}
