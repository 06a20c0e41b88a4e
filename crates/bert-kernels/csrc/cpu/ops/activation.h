// Activation functions between the two linear layers of a feed-forward block, with their derivatives: GELU
// (Hendrycks and Gimpel 2016), its tanh approximation as in GPT-2, ReLU. Rust sends the numbers across the ABI.
#pragma once

#include "cpu/base/exponential.h"

#include <type_traits>

enum class Activation : int32_t { Gelu = 0, GeluNew = 1, Relu = 2 };

template <int64_t N> struct Activated {
  Vector<float, N> value, derivative;
};

template <Activation KIND, int64_t N> INLINE Activated<N> activate(const Vector<float, N> &x) {
  using Floats = Vector<float, N>;
  static_assert(KIND == Activation::Gelu || KIND == Activation::GeluNew || KIND == Activation::Relu, "one case each below");
  if (KIND == Activation::Relu) {
    const Vector<int32_t, N> positive = x > 0.0f;
    return {select(positive, x, Floats{}), select(positive, all<N>(1.0f), Floats{})};
  }
  if (KIND == Activation::Gelu) { // x Φ(x)
    const Normal<N> law = normal(x);
    return {x * law.cdf, law.cdf + x * law.density}; // (x Φ)' = Φ + x φ
  }
  // 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), and with s = (1 + tanh) / 2: its derivative is s + 2 x s (1 - s) z'
  const Floats square = x * x;
  const Floats z = 0.79788456f * (x + 0.044715f * square * x);
  const Floats sigmoid = 1.0f / (1.0f + exponential(-2.0f * z));
  const Floats dz = 0.79788456f * (1.0f + 3.0f * 0.044715f * square);
  return {x * sigmoid, sigmoid + 2.0f * x * sigmoid * (1.0f - sigmoid) * dz};
}

// Calls `task` with the activation as a constant.
template <typename Task> void with_activation(Activation f, const Task &task) {
  switch (f) {
  case Activation::Gelu:
    return task(std::integral_constant<Activation, Activation::Gelu>());
  case Activation::GeluNew:
    return task(std::integral_constant<Activation, Activation::GeluNew>());
  case Activation::Relu:
    return task(std::integral_constant<Activation, Activation::Relu>());
  }
  throw std::invalid_argument("the activation " + std::to_string(int32_t(f)) + " is not known to this kernel");
}
